// Clocks that only go forward, and at the same rate.
using System.Diagnostics;

namespace Conformance;

internal static class Clocks
{
    internal static void Advance()
    {
        int backwards = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            long last = Stopwatch.GetTimestamp(), lastTick = Environment.TickCount64;
            for (int i = 0; i < 20_000; i++)
            {
                long now = Stopwatch.GetTimestamp(), tick = Environment.TickCount64;
                if (now < last || tick < lastTick)
                    Interlocked.Increment(ref backwards);
                (last, lastTick) = (now, tick);
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Console.WriteLine($"frequency {Stopwatch.Frequency}, high resolution {Stopwatch.IsHighResolution}, {backwards} times backwards");
        long start = Stopwatch.GetTimestamp();
        long next;
        while ((next = Stopwatch.GetTimestamp()) == start)
        {
        }
        Console.WriteLine($"a step is below a millisecond: {Stopwatch.GetElapsedTime(start, next) < TimeSpan.FromMilliseconds(1)}");
        Console.WriteLine($"the year can be: {DateTime.UtcNow.Year is >= 2024 and < 2100}, kind {DateTime.UtcNow.Kind}, local {DateTime.Now.Kind}, Unix epoch {DateTime.UnixEpoch:O}");
    }

    /// <summary>Over the same time all clocks count the same.</summary>
    internal static void Scale()
    {
        const int milliseconds = 200, attempts = 5;
        double slept = 0, difference = double.MaxValue;
        // Another thread's or program's turn may come between two readings.
        for (int i = 0; i < attempts && difference >= 50; i++)
        {
            Stopwatch stopwatch = Stopwatch.StartNew();
            DateTime utc = DateTime.UtcNow;
            long ticks = Environment.TickCount64;
            DateTimeOffset offset = TimeProvider.System.GetUtcNow();
            Thread.Sleep(milliseconds);
            double byOffset = (TimeProvider.System.GetUtcNow() - offset).TotalMilliseconds;
            double byTicks = Environment.TickCount64 - ticks;
            double byUtc = (DateTime.UtcNow - utc).TotalMilliseconds;
            slept = stopwatch.Elapsed.TotalMilliseconds;
            difference = new[] { byOffset, byTicks, byUtc }.Max(t => Math.Abs(t - slept));
        }
        Console.WriteLine($"slept at least as long: {slept >= milliseconds}");
        Console.WriteLine($"UtcNow, TickCount64 and TimeProvider count as Stopwatch, within 50 ms: {difference < 50}");
    }

    internal static void Sleep()
    {
        int early = 0;
        foreach (double time in (double[])[0, 1, 2, 5, 10, 20, 50])
        {
            Stopwatch clock = Stopwatch.StartNew();
            Thread.Sleep(TimeSpan.FromMilliseconds(time));
            if (clock.Elapsed.TotalMilliseconds < time)
                early++;
        }
        Console.WriteLine($"{early} sleeps ended early");
        List<int> order = [];
        Thread[] threads = [.. ((int[])[250, 50, 350, 150]).Select(time => new Thread(() =>
        {
            Thread.Sleep(time);
            lock (order)
                order.Add(time);
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Console.WriteLine($"order of sleeping threads: {string.Join(' ', order)}");
    }
}
