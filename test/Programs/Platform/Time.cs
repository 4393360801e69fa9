using System.Diagnostics;
using System.Globalization;
using Xenolith;

namespace PlatformScenarios;

/// <summary>The clocks and timers of the base class library.</summary>
internal static class Time
{
    /// <summary>Reads the monotonic clock a million times, then on several threads in turn; and how fine the clocks are.</summary>
    internal static Task<int> MonotonicAsync(string[] args)
    {
        long backwards = 0, smallest = long.MaxValue, last = Stopwatch.GetTimestamp();
        for (int i = 0; i < 1_000_000; i++)
        {
            long now = Stopwatch.GetTimestamp();
            if (now < last)
                backwards++;
            else if (now > last)
                smallest = Math.Min(smallest, now - last);
            last = now;
        }

        long shared = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                long seen = Volatile.Read(ref shared);
                long now = Stopwatch.GetTimestamp();
                if (now < seen)
                    Interlocked.Increment(ref backwards);
                Interlocked.CompareExchange(ref shared, now, seen);
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        // The wall clock and the monotonic one advance together.
        long monotonic = Stopwatch.GetTimestamp();
        DateTimeOffset wall = DateTimeOffset.UtcNow;
        Thread.Sleep(500);
        double apart = (DateTimeOffset.UtcNow - wall - Stopwatch.GetElapsedTime(monotonic)).TotalMilliseconds;
        Console.WriteLine($"frequency {Stopwatch.Frequency}\nbackwards {backwards}\nsmallest {smallest}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"apart {Math.Abs(apart):0.000}\nlocal {DateTimeOffset.Now.Offset}"));
        return Task.FromResult(0);
    }

    /// <summary>Says the time, in nanoseconds since 1970, for each line that it reads.</summary>
    internal static Task<int> WallClockAsync(string[] args)
    {
        Console.WriteLine("ready");
        for (int i = 0; Console.ReadLine() is "tick"; i++)
            Console.WriteLine($"{i}: {(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick}");
        return Task.FromResult(0);
    }

    /// <summary>Sleeps, waits and delays of all lengths: none may end before its time, by the clock that measures it.</summary>
    internal static async Task<int> DelaysAsync(string[] args)
    {
        Random random = new(1);
        int sleeps = 0, waits = 0, delays = 0;
        for (int i = 0; i < 60; i++)
        {
            int milliseconds = random.Next(1, 15);
            long start = Stopwatch.GetTimestamp();
            Thread.Sleep(milliseconds);
            if (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(milliseconds))
                sleeps++;

            // Timeouts, timers and delays count whole milliseconds.
            long ticks = Environment.TickCount64;
            using ManualResetEventSlim never = new();
            never.Wait(milliseconds);
            if (Environment.TickCount64 - ticks < milliseconds)
                waits++;

            ticks = Environment.TickCount64;
            await Task.Delay(milliseconds);
            if (Environment.TickCount64 - ticks < milliseconds)
                delays++;
        }
        Console.WriteLine($"early-sleeps {sleeps}\nearly-waits {waits}\nearly-delays {delays}");
        return 0;
    }

    /// <summary>Waits of 300 us: none may be shorter, and the best shows how fine they are.</summary>
    internal static async Task<int> PreciseAsync(string[] args)
    {
        TimeSpan duration = TimeSpan.FromMicroseconds(300), best = TimeSpan.MaxValue, bestAsync = TimeSpan.MaxValue;
        int early = 0;
        for (int i = 0; i < 100; i++)
        {
            long start = Stopwatch.GetTimestamp();
            PreciseDelay.Wait(duration);
            best = Note(start, best);
            start = Stopwatch.GetTimestamp();
            await PreciseDelay.WaitAsync(duration);
            bestAsync = Note(start, bestAsync);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"early {early}\nbest {best.TotalMicroseconds:0}\nbest-async {bestAsync.TotalMicroseconds:0}"));
        return 0;

        TimeSpan Note(long start, TimeSpan shortest)
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            if (elapsed < duration)
                early++;
            return elapsed < shortest ? elapsed : shortest;
        }
    }

    /// <summary>Random bytes and identifiers.</summary>
    internal static Task<int> RandomAsync(string[] args)
    {
        byte[] bytes = new byte[32];
        using FileStream source = File.OpenRead("/dev/urandom");
        for (int i = 0; i < 2; i++)
        {
            source.ReadExactly(bytes);
            Console.WriteLine(Convert.ToHexString(bytes));
            Console.WriteLine(Guid.NewGuid());
        }
        return Task.FromResult(0);
    }

    /// <summary>A thousand timers, set in any order, fire in the order of their times, and each once.</summary>
    internal static async Task<int> TimersAsync(string[] args)
    {
        const int count = 1000;
        int[] due = [.. Enumerable.Range(0, count).Select(i => 200 + i)];
        new Random(7).Shuffle(due);
        long[] fired = new long[count];
        int again = 0, left = count;
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long start = Stopwatch.GetTimestamp();
        List<ITimer> timers = [];
        for (int i = 0; i < count; i++)
        {
            int number = i;
            timers.Add(TimeProvider.System.CreateTimer(
                _ =>
                {
                    if (Interlocked.Exchange(ref fired[number], Stopwatch.GetTimestamp()) != 0)
                        Interlocked.Increment(ref again);
                    else if (Interlocked.Decrement(ref left) == 0)
                        all.SetResult();
                },
                null, TimeSpan.FromMilliseconds(due[i]), Timeout.InfiniteTimeSpan));
        }
        double setting = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        await all.Task;
        timers.ForEach(timer => timer.Dispose());

        // Those that are due at least so far apart as setting them took, and two turns of a thread, cannot overtake each other.
        int[] order = [.. Enumerable.Range(0, count).OrderBy(i => due[i])];
        double margin = setting + 40;
        int overtaken = 0;
        for (int i = 0; i < count; i++)
        {
            for (int j = i + 1; j < count; j++)
            {
                if (due[order[j]] - due[order[i]] > margin && fired[order[j]] < fired[order[i]])
                    overtaken++;
            }
        }
        int early = Enumerable.Range(0, count).Count(i => Stopwatch.GetElapsedTime(start, fired[i]).TotalMilliseconds < due[i] - 1);
        Console.WriteLine($"fired {fired.Count(time => time != 0)}\nagain {again}\nearly {early}\novertaken {overtaken}");
        return 0;
    }
}
