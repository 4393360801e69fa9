// A thread's life: start, name, priority, interruption, end, and its share of the CPU.
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Conformance;

internal static class Lives
{
    internal static void Many()
    {
        const int count = 400;
        using ManualResetEventSlim gate = new();
        using CountdownEvent started = new(count);
        long sum = 0;
        HashSet<int> ids = [];
        Thread[] threads = new Thread[count];
        for (int i = 0; i < count; i++)
        {
            int number = i;
            threads[i] = new Thread(() =>
            {
                lock (ids)
                    ids.Add(Environment.CurrentManagedThreadId);
                started.Signal();
                gate.Wait();
                Interlocked.Add(ref sum, number);
            }, 64 * 1024);
            threads[i].Start();
        }
        started.Wait();
        Console.WriteLine($"{count} threads at once, {ids.Count} different numbers, alive: {threads.Count(t => t.IsAlive)}");
        gate.Set();
        foreach (Thread thread in threads)
            thread.Join();
        Console.WriteLine($"all ended: {threads.All(t => t.ThreadState == System.Threading.ThreadState.Stopped)}, sum {sum}");

        int generations = 0;
        for (int i = 0; i < 1000; i++)
        {
            Thread thread = new(() => generations++);
            thread.Start();
            thread.Join();
        }
        Console.WriteLine($"{generations} threads, one after the other");
    }

    internal static void NamesAndPriorities()
    {
        // What the system is told of it: the first 15 bytes.
        string[]? told = null;
        Thread named = new(() => told = [.. Directory.GetDirectories("/proc/self/task").Select(task => File.ReadAllText(Path.Combine(task, "comm")).TrimEnd('\n'))])
        {
            Name = "a-name-for-the-system",
        };
        named.Start();
        named.Join();
        Console.WriteLine($"threads that the system knows by a part of that name: {told!.Count(name => name == "a-name-for-the-")}");

        foreach (ThreadPriority priority in Enum.GetValues<ThreadPriority>())
        {
            string? seen = null;
            Thread thread = new(() => seen = $"{Thread.CurrentThread.Name} {Thread.CurrentThread.Priority} background {Thread.CurrentThread.IsBackground}")
            {
                Name = $"the thread with priority {priority}",
                Priority = priority,
                IsBackground = priority < ThreadPriority.Normal,
            };
            thread.Start();
            thread.Join();
            Console.WriteLine(seen);
        }
        Thread.CurrentThread.Priority = ThreadPriority.Highest;
        Console.WriteLine($"main thread: {Thread.CurrentThread.Priority}, pool thread {Thread.CurrentThread.IsThreadPoolThread}");
        Thread.CurrentThread.Priority = ThreadPriority.Normal;
    }

    internal static void Join()
    {
        using ManualResetEventSlim gate = new();
        Thread thread = new(gate.Wait);
        try
        {
            thread.Join(1);
        }
        catch (ThreadStateException)
        {
            Console.WriteLine("not started: ThreadStateException");
        }
        thread.Start();
        Stopwatch clock = Stopwatch.StartNew();
        Console.WriteLine($"join for 50 ms: {thread.Join(50)}, about as long: {clock.ElapsedMilliseconds >= 45}");
        Console.WriteLine($"join for no time: {thread.Join(0)}");
        gate.Set();
        Console.WriteLine($"join for a minute: {thread.Join(TimeSpan.FromMinutes(1))}");
        Console.WriteLine($"join of an ended thread: {thread.Join(0)}");
    }

    internal static void Interrupt()
    {
        using ManualResetEventSlim ready = new();
        string? ended = null;
        Thread thread = new(() =>
        {
            ready.Set();
            try
            {
                Thread.Sleep(Timeout.Infinite);
            }
            catch (ThreadInterruptedException)
            {
                ended = "sleep interrupted";
            }
        });
        thread.Start();
        ready.Wait();
        thread.Interrupt();
        thread.Join();
        Console.WriteLine(ended);
    }

    /// <summary>
    /// More spinning threads than processors, without a single allocation, call or lock: the others get their turns and collections happen.
    /// </summary>
    internal static void Spinning()
    {
        int count = Environment.ProcessorCount + 2;
        using CountdownEvent started = new(count);
        long[] turns = new long[count * 16];
        for (int i = 0; i < count; i++)
        {
            int at = i * 16;
            new Thread(() =>
            {
                started.Signal();
                Spin(ref turns[at]);
            })
            { IsBackground = true }.Start();
        }
        started.Wait();
        for (int i = 0; i < 5; i++)
        {
            Thread.Sleep(2);
            GC.Collect();
            Task.Run(() => Thread.Yield()).Wait();
            Console.WriteLine($"turn {i}");
        }
        // Each has moved on, seen over as long as it takes.
        Stopwatch clock = Stopwatch.StartNew();
        int moved = 0;
        for (int i = 0; i < count; i++)
        {
            long before = Volatile.Read(ref turns[i * 16]);
            while (Volatile.Read(ref turns[i * 16]) == before && clock.Elapsed < TimeSpan.FromSeconds(20))
                Thread.Sleep(1);
            moved += Volatile.Read(ref turns[i * 16]) != before ? 1 : 0;
        }
        Console.WriteLine($"all spinning threads move on: {moved == count}");
        for (int i = 0; i < count; i++)
            Volatile.Write(ref turns[i * 16], long.MinValue);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Spin(ref long turns)
    {
        // An increment that another thread's end mark never gets lost in.
        while (Interlocked.Increment(ref turns) > 0)
        {
        }
    }
}
