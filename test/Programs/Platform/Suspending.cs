using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Xenolith;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Hooks;
using Xenolith.Lifecycle;
using Xenolith.Xenstore;

namespace PlatformScenarios;

/// <summary>What becomes of everything that a program has open when its domain is suspended.</summary>
internal static class Suspending
{
    /// <summary>Says "ready" with all kinds of handles open, is suspended once, and tells what came of each.</summary>
    internal static async Task<int> HandlesAsync(string[] args)
    {
        XenPlatform platform = XenPlatform.Current;
        XenstoreClient store = platform.Xenstore;
        ushort self = platform.DomainId!.Value;
        Generation generation = platform.Generation;

        await using XenstoreWatch watch = await store.WatchAsync("data/watched");
        await watch.ReadAsync(); // a watch begins with an event
        XenstoreTransaction transaction = await store.StartTransactionAsync();
        await transaction.WriteAsync("data/in-transaction", "1");
        using EventChannel channel = platform.EventChannels.AllocateUnbound(self);
        using EventChannel peer = platform.EventChannels.BindInterdomain(self, channel.Port);
        await using SharedPages shared = await platform.Grants.ShareAsync(self, 1, GrantAccess.ReadWrite);
        using ForeignMapping mapping = platform.Grants.Map(new ForeignGrant(self, shared.References[0]), GrantAccess.ReadWrite);
        shared.Pages.GetSpan()[0] = 42;
        nint mapped = mapping.Address;
        Task waiting = channel.WaitAsync(channel.Count).AsTask();
        TimeSpan worked = Environment.CpuUsage.TotalTime;
        long began = Stopwatch.GetTimestamp();

        await SuspendOnceAsync(platform);

        TimeSpan passed = Stopwatch.GetElapsedTime(began);
        Console.WriteLine($"the program has worked for less than half of the time: {Environment.CpuUsage.TotalTime - worked < passed / 2}");

        Console.WriteLine($"{platform.Generation}, {generation} is over: {generation.IsOver}");
        Console.WriteLine($"a wait for an event: {await OutcomeAsync(() => waiting)}");
        Console.WriteLine($"a notification: {Outcome(() => peer.Notify())}");
        Console.WriteLine($"a status: {Outcome(() => peer.GetStatus())}");
        Console.WriteLine($"the mapping: {Outcome(() => mapping.GetSpan().Clear())}");
        // Who has a span of it, or had it pinned, can go on reading.
        Console.WriteLine($"the shared page has {shared.Pages.GetSpan()[0]}, the mapping {Marshal.ReadByte(mapped)}");
        Console.WriteLine($"ending the grant: {Outcome(() => shared.TryUnshare())}");
        Console.WriteLine($"unmapping: {Outcome(mapping.Unmap)}");
        Console.WriteLine($"the open transaction: {await OutcomeAsync(() => transaction.CommitAsync())}");
        Console.WriteLine($"a new one: {await OutcomeAsync(() => store.RunTransactionAsync(again => new ValueTask(again.WriteAsync("data/in-transaction", "2"))))}");
        Console.WriteLine($"committed: {await store.ReadAsync("data/in-transaction")}");
        Console.WriteLine($"the watch: {await OutcomeAsync(() => watch.ReadAsync().AsTask())}");
        await store.WriteAsync("data/watched", "1");
        Console.WriteLine($"and once more: {await OutcomeAsync(() => watch.ReadAsync().AsTask())}");

        self = platform.DomainId!.Value;
        await using (SharedPages fresh = await platform.Grants.ShareAsync(self, 1, GrantAccess.ReadWrite))
        using (ForeignMapping seen = platform.Grants.Map(new ForeignGrant(self, fresh.References[0]), GrantAccess.ReadWrite))
        using (EventChannel offered = platform.EventChannels.AllocateUnbound(self))
        using (EventChannel bound = platform.EventChannels.BindInterdomain(self, offered.Port))
        {
            seen.GetSpan()[0] = 7;
            EventCount before = offered.Count;
            bound.Notify();
            await offered.WaitAsync(before);
            Console.WriteLine($"new handles work: {fresh.Pages.GetSpan()[0] == 7}");
        }
        await shared.DisposeAsync();
        channel.Dispose();
        peer.Dispose();
        GrantStatistics grants = platform.Grants.GetStatistics();
        Console.WriteLine($"left: {platform.EventChannels.OpenCount} ports, {grants.Reserved + grants.Granted + grants.Reclaiming} references, {grants.MappedPages} mapped pages, {grants.Pages} pages");
        return 0;
    }

    /// <summary>Hooks that build on each other, one that fails and two that take too long, around one suspension.</summary>
    internal static async Task<int> HooksAsync(string[] args)
    {
        XenPlatform platform = XenPlatform.Current;
        PlatformHooks hooks = platform.Hooks;
        hooks.SuspendOptions = new SuspendHookOptions { HookLimit = TimeSpan.FromSeconds(1), Grace = TimeSpan.FromMilliseconds(500) };
        hooks.Failed += failure => Console.WriteLine($"failed: {failure.ToString().Split('\n')[0].TrimEnd()}");
        hooks.OnSuspend(_ => Say("store stops"), (outcome, _) => Say($"store starts, {outcome}"), "store");
        hooks.OnSuspend(_ => Say("cache stops"), (outcome, _) => Say($"cache starts, {outcome}"), "cache");
        hooks.OnSuspend(timeUp => new ValueTask(Task.Delay(Timeout.Infinite, timeUp)), (_, timeUp) => new ValueTask(Task.Delay(Timeout.Infinite, timeUp)), "heeds");
        hooks.OnSuspend(_ => new ValueTask(new TaskCompletionSource().Task), null, "hangs");
        hooks.OnSuspend(_ => throw new InvalidOperationException("no"), null, "throws");
        hooks.OnSuspend(async _ => await Say($"the store answers {await platform.Xenstore.ReadAsync("domid") == $"{platform.DomainId}"}"), null, "last");
        await SuspendOnceAsync(platform);
        Console.WriteLine($"failures {hooks.Failures}");
        return 0;
    }

    /// <summary>Reads a line of its input, is suspended, and reads on.</summary>
    internal static async Task<int> InputAsync(string[] args)
    {
        using Stream input = Console.OpenStandardInput();
        Console.WriteLine("listening");
        Console.WriteLine($"before: {ReadLine(input)}");
        await SuspendOnceAsync(XenPlatform.Current);
        Console.WriteLine($"after: {ReadLine(input)}");
        Console.WriteLine($"then: {ReadLine(input)}");
        return 0;
    }

    private static async Task SuspendOnceAsync(XenPlatform platform)
    {
        TaskCompletionSource resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable hook = platform.Hooks.OnSuspend(null, (_, _) =>
        {
            resumed.SetResult();
            return default;
        });
        await using IAsyncDisposable allowed = await platform.Lifecycle.AllowSuspendAsync();
        Console.WriteLine("working");
        await resumed.Task;
    }

    /// <summary>Takes no more than the line, so that the rest stays where it is.</summary>
    private static string ReadLine(Stream input)
    {
        StringBuilder line = new();
        while (input.ReadByte() is var read && read is not (-1 or '\n'))
            line.Append((char)read);
        return line.ToString().TrimEnd('\r');
    }

    private static ValueTask Say(string what)
    {
        Console.WriteLine(what);
        return default;
    }

    private static string Outcome(Action action)
    {
        try
        {
            action();
            return "done";
        }
        catch (Exception error)
        {
            return error.GetType().Name;
        }
    }

    private static async Task<string> OutcomeAsync(Func<Task> action)
    {
        try
        {
            await action();
            return "done";
        }
        catch (Exception error)
        {
            return error.GetType().Name;
        }
    }
}
