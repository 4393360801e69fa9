using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xenolith;

namespace PlatformScenarios;

/// <summary>What threads get of the CPU, by the kernel's own account.</summary>
internal static unsafe partial class Scheduling
{
    private const int ThreadCpuClock = 3;
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(2);

    private static volatile bool s_ended;

    /// <summary>Nothing is due for two seconds: what interrupts the domain meanwhile. Then one thread computes alone for as long.</summary>
    internal static Task<int> IdleAsync(string[] args)
    {
        Thread.Sleep(500); // what the start has left behind
        Show("idle", () => Thread.Sleep(s_wait));
        Show("alone", () =>
        {
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < s_wait)
            {
            }
        });
        return Task.FromResult(0);

        static void Show(string name, Action wait)
        {
            SchedulerStatistics before = XenPlatform.Current.GetSchedulerStatistics();
            wait();
            SchedulerStatistics after = XenPlatform.Current.GetSchedulerStatistics();
            Console.WriteLine($"{name}-timer {after.TimerInterrupts - before.TimerInterrupts}\n{name}-upcalls {after.Upcalls - before.Upcalls}");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}-running {(after.Running - before.Running).TotalMilliseconds}"));
        }
    }

    /// <summary>Pairs of threads wake each other all the time while one thread computes.</summary>
    internal static Task<int> StormAsync(string[] args)
    {
        int pairs = int.Parse(args[0], CultureInfo.InvariantCulture);
        long[] rounds = new long[pairs];
        for (int i = 0; i < pairs; i++)
        {
            int pair = i;
            AutoResetEvent first = new(false), second = new(false); // which do not spin before they wait
            Start(() => rounds[pair]++, first, second);
            Start(() => { }, second, first);
            first.Set();
        }
        ShowShare();
        Console.WriteLine($"least-rounds {rounds.Min()}");
        return Task.FromResult(0);

        static void Start(Action round, AutoResetEvent mine, AutoResetEvent others)
        {
            Thread thread = new(() =>
            {
                while (!s_ended)
                {
                    mine.WaitOne();
                    round();
                    others.Set();
                }
            });
            thread.IsBackground = true;
            thread.Start();
        }
    }

    /// <summary>A thread works for almost a slice and sleeps for a moment, again and again, while another one computes.</summary>
    internal static Task<int> DodgeAsync(string[] args)
    {
        Thread thread = new(() =>
        {
            Timespec moment = new(0, 10_000);
            while (!s_ended)
            {
                // By the thread's own clock: what it has had, whoever ran in between.
                for (long end = ThreadTime() + 9_500_000; ThreadTime() < end;)
                {
                }
                Sleep(&moment, null);
            }
        });
        thread.IsBackground = true;
        thread.Start();
        ShowShare();
        return Task.FromResult(0);
    }

    /// <summary>Computes for two seconds, and says how much of them this thread has had.</summary>
    private static void ShowShare()
    {
        long start = Stopwatch.GetTimestamp(), begin = ThreadTime();
        while (Stopwatch.GetElapsedTime(start) < s_wait)
            Compute();
        double had = TimeSpan.FromTicks((ThreadTime() - begin) / TimeSpan.NanosecondsPerTick) / Stopwatch.GetElapsedTime(start);
        s_ended = true;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"percent {100 * had:0.0}"));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Compute()
    {
        for (int i = 0; i < 10_000; i++)
        {
        }
    }

    private static long ThreadTime()
    {
        Timespec time;
        GetTime(ThreadCpuClock, &time);
        return time.Seconds * 1_000_000_000 + time.Nanoseconds;
    }

    private readonly record struct Timespec(long Seconds, long Nanoseconds);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, Timespec* time);

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int Sleep(Timespec* time, Timespec* left);
}
