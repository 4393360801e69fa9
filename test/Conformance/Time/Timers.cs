// Delays and timers: none early, in the order of their times.
using System.Collections.Concurrent;
using System.Diagnostics;

namespace Conformance;

internal static class Timers
{
    /// <summary>A timer's clock may move in steps of a system tick, and a timer be early by one.</summary>
    private const int Step = 10;

    internal static async Task DelaysAsync()
    {
        ConcurrentQueue<int> order = [];
        await Task.WhenAll(((int[])[300, 0, 200, 100, 400]).Select(async time =>
        {
            Stopwatch clock = Stopwatch.StartNew();
            await Task.Delay(time);
            order.Enqueue(time);
            if (clock.ElapsedMilliseconds < time - Step)
                Console.WriteLine($"a delay of {time} ms ended after {clock.Elapsed.TotalMilliseconds} ms");
        }));
        Console.WriteLine($"order of delays: {string.Join(' ', order)}");
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Delay(100)));
        TimeSpan all = Stopwatch.GetElapsedTime(start);
        Console.WriteLine($"100 delays of 100 ms side by side: not before their time {all.TotalMilliseconds >= 100 - Step}, below 5 s {all.TotalSeconds < 5}");
    }

    internal static async Task PeriodicAsync()
    {
        using PeriodicTimer periodic = new(TimeSpan.FromMilliseconds(20));
        Stopwatch clock = Stopwatch.StartNew();
        int ticks = 0;
        while (ticks < 10 && await periodic.WaitForNextTickAsync())
            ticks++;
        // Ticks that nobody waits for are one; so ten may take less than ten periods, but not than nine.
        Console.WriteLine($"{ticks} ticks of PeriodicTimer, not before their time: {clock.ElapsedMilliseconds >= 180 - Step}");
        periodic.Period = TimeSpan.FromMilliseconds(1);
        Console.WriteLine($"faster: {await periodic.WaitForNextTickAsync()}");
        using PeriodicTimer slow = new(TimeSpan.FromHours(1));
        ValueTask<bool> last = slow.WaitForNextTickAsync();
        _ = Task.Delay(20).ContinueWith(_ => slow.Dispose());
        Console.WriteLine($"disposed while waited for: {await last}");

        int calls = 0;
        TaskCompletionSource enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (Timer timer = new(_ =>
        {
            if (Interlocked.Increment(ref calls) == 10)
                enough.TrySetResult();
        }, null, 5, 10))
            await enough.Task;
        int after = Volatile.Read(ref calls);
        await Task.Delay(60);
        Console.WriteLine($"Timer called at least 10 times: {after >= 10}; after its disposal: {Volatile.Read(ref calls) - after}");

        using System.Timers.Timer component = new(5) { AutoReset = false };
        TaskCompletionSource elapsed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        component.Elapsed += (_, _) => elapsed.TrySetResult();
        component.Start();
        await elapsed.Task;
        Console.WriteLine($"System.Timers.Timer: once, enabled afterwards {component.Enabled}");
    }

    internal static void Changes()
    {
        using AutoResetEvent called = new(false);
        using Timer timer = new(_ => called.Set());
        Console.WriteLine($"not started: {called.WaitOne(30)}");
        timer.Change(10, Timeout.Infinite);
        Console.WriteLine($"started: {called.WaitOne(10_000)}, once: {!called.WaitOne(30)}");
        timer.Change(100_000, Timeout.Infinite);
        timer.Change(10, Timeout.Infinite);
        Console.WriteLine($"brought forward: {called.WaitOne(10_000)}");
        timer.Change(200, Timeout.Infinite);
        timer.Change(Timeout.Infinite, Timeout.Infinite);
        Console.WriteLine($"stopped: {called.WaitOne(300)}");
    }

    internal static async Task TenThousandAsync()
    {
        const int count = 10_000;
        Random random = new(7);
        int early = 0, done = 0;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            int time = random.Next(1, 1000);
            long begin = Stopwatch.GetTimestamp();
            await Task.Delay(time);
            if (Stopwatch.GetElapsedTime(begin).TotalMilliseconds < time - Step)
                Interlocked.Increment(ref early);
            Interlocked.Increment(ref done);
        }));
        Console.WriteLine($"{done} timers, {early} early, all within 20 s: {Stopwatch.GetElapsedTime(start).TotalSeconds < 20}");

        // As many that are never due, and are taken back.
        using CancellationTokenSource source = new();
        Task[] never = [.. Enumerable.Range(0, count).Select(i => Task.Delay(TimeSpan.FromHours(1 + i % 5), source.Token))];
        source.Cancel();
        Console.WriteLine($"cancelled: {never.Count(t => t.IsCanceled)}");
    }
}
