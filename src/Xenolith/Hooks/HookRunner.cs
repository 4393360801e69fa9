namespace Xenolith.Hooks;

/// <summary>A hook, to be called once.</summary>
internal readonly record struct HookCall(string Name, Func<CancellationToken, ValueTask> Call);

/// <summary>How long hooks may take: each, all together, and to end after they were cancelled.</summary>
internal readonly record struct HookLimits(TimeSpan Each, TimeSpan Total, TimeSpan Grace);

/// <summary>Calls hooks one after the other, each within its time, whatever they do.</summary>
internal sealed class HookRunner(TimeProvider time, Action<HookFailure> report)
{
    /// <summary>Calls them in order; each is taken when the one before has ended. Never throws.</summary>
    internal async Task RunAsync(IEnumerable<HookCall> hooks, HookLimits limits)
    {
        long start = time.GetTimestamp();
        foreach (HookCall hook in hooks)
        {
            TimeSpan left = limits.Total - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                report(TimeUp(hook, $"it did not run: those before it took {limits.Total.TotalSeconds:0.###} s."));
            else
                await RunAsync(hook, left < limits.Each ? left : limits.Each, limits.Grace);
        }
    }

    private async Task RunAsync(HookCall hook, TimeSpan limit, TimeSpan grace)
    {
        CancellationTokenSource timeUp = new(limit, time); // not disposed of: a hook that was left behind has its token
        using CancellationTokenSource ended = new();
        // On the thread pool, so that a hook that blocks holds up nobody; but where code has a context of its own, as in a simulation, in its order.
        Task task = SynchronizationContext.Current is null ? Task.Run(() => CallAsync(hook, timeUp.Token)) : CallAsync(hook, timeUp.Token);
        Task longest = Task.Delay(limit + grace, time, ended.Token);
        if (await Task.WhenAny(task, longest) == task)
            ended.Cancel();
        else
            report(TimeUp(hook, $"it did not end within {limit.TotalSeconds:0.###} s, nor when it was cancelled then."));
    }

    private async Task CallAsync(HookCall hook, CancellationToken timeUp)
    {
        try
        {
            await hook.Call(timeUp);
        }
        catch (OperationCanceledException) when (timeUp.IsCancellationRequested)
        {
            report(TimeUp(hook, "it was cancelled when its time was up."));
        }
        catch (Exception error)
        {
            report(new HookFailure(hook.Name, error));
        }
    }

    private static HookFailure TimeUp(HookCall hook, string what) => new(hook.Name, new TimeoutException(what));
}
