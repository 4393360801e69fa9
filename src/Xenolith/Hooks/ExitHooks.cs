namespace Xenolith.Hooks;

/// <summary>The hooks that run once, at the end of the program: last in, first out, each within its time.</summary>
internal sealed class ExitHooks(TimeProvider time, Action<HookFailure> report)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Hook> _hooks = new(); // the next to run first
    private Task? _run;
    private bool _haveRun;

    internal ExitHookOptions Options { get; set; } = new();

    internal IDisposable Add(Func<CancellationToken, ValueTask> hook, string name)
    {
        lock (_lock)
        {
            if (_haveRun)
                throw new InvalidOperationException("The program has ended: its hooks have run.");
            Hook added = new(this, hook, name);
            added.Node = _hooks.AddFirst(added);
            return added;
        }
    }

    internal Task RunAsync()
    {
        TaskCompletionSource ended;
        lock (_lock)
        {
            if (_run is not null)
                return _run;
            ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _run = ended.Task;
        }
        _ = RunAllAsync(ended); // outside the lock: hooks register others
        return _run;
    }

    private async Task RunAllAsync(TaskCompletionSource ended)
    {
        ExitHookOptions options = Options;
        long start = time.GetTimestamp();
        while (Take() is { } hook)
        {
            TimeSpan left = options.TotalLimit - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                report(TimeUp(hook, $"it did not run: those before it took {options.TotalLimit.TotalSeconds:0.###} s."));
            else
                await RunAsync(hook, left < options.HookLimit ? left : options.HookLimit, options.Grace);
        }
        ended.SetResult();
    }

    private Hook? Take()
    {
        lock (_lock)
        {
            Hook? hook = _hooks.First?.Value;
            if (hook is null)
                _haveRun = true;
            else
                hook.Remove();
            return hook;
        }
    }

    private async Task RunAsync(Hook hook, TimeSpan limit, TimeSpan grace)
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

    private async Task CallAsync(Hook hook, CancellationToken timeUp)
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

    private static HookFailure TimeUp(Hook hook, string what) => new(hook.Name, new TimeoutException(what));

    private sealed class Hook(ExitHooks owner, Func<CancellationToken, ValueTask> call, string name) : IDisposable
    {
        internal Func<CancellationToken, ValueTask> Call => call;

        internal string Name => name;

        internal LinkedListNode<Hook>? Node { get; set; }

        public void Dispose()
        {
            lock (owner._lock)
                Remove();
        }

        /// <summary>Under the lock.</summary>
        internal void Remove()
        {
            if (Node is not null)
                owner._hooks.Remove(Node);
            Node = null;
        }
    }
}
