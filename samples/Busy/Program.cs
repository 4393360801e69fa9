// Keeps every part of the runtime busy at once - threads, tasks, timers, collections, exceptions raised by the CPU - and prints a
// checksum of the work, which is the same wherever it runs.
using System.Runtime.CompilerServices;

internal static class Program
{
    private const int Workers = 4;
    private const int Rounds = 60;

    private static async Task<int> Main()
    {
        long checksum = Collections();
        checksum = checksum * 31 + await TasksAsync();
        checksum = checksum * 31 + await TimersAsync();
        checksum = checksum * 31 + Exceptions();
        checksum = checksum * 31 + ParallelLoops();
        Console.WriteLine($"checksum {checksum & long.MaxValue:x16}");
        return 0;
    }

    /// <summary>Workers that allocate and one that only computes, while the main thread forces collections.</summary>
    private static long Collections()
    {
        long[] results = new long[Workers];
        bool stop = false;
        Thread[] threads = new Thread[Workers];
        for (int i = 0; i < Workers; i++)
        {
            int worker = i;
            threads[i] = new Thread(() => results[worker] = Allocate(worker));
            threads[i].Start();
        }

        // Never allocates and never calls: a collection must interrupt it.
        Thread spinner = new(() =>
        {
            while (!Volatile.Read(ref stop))
                Spin(1000);
        });
        spinner.Start();

        for (int i = 0; i < 10; i++)
        {
            GC.Collect();
            Thread.Sleep(1);
        }

        foreach (Thread thread in threads)
            thread.Join();
        Volatile.Write(ref stop, true);
        spinner.Join();
        long sum = results.Sum();
        Console.WriteLine($"collections: {Workers} workers, sum {sum}");
        return sum;
    }

    private static long Allocate(int seed)
    {
        // A list of arrays that are kept, replaced and checked: a lost or moved object shows in the sum.
        List<int[]> kept = [];
        long sum = 0;
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < 50; i++)
            {
                int[] array = new int[100 + i];
                Array.Fill(array, seed + round + i);
                if (kept.Count < 200)
                    kept.Add(array);
                else
                    kept[(round * 50 + i) % 200] = array;
            }

            foreach (int[] array in kept)
                sum += array[0] + array[^1];
        }

        return sum;
    }

    private static async Task<long> TasksAsync()
    {
        using SemaphoreSlim gate = new(3);
        long total = 0;
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            await gate.WaitAsync();
            try
            {
                await Task.Yield();
                Interlocked.Add(ref total, await Task.Run(() => Fibonacci(i % 20)));
            }
            finally
            {
                gate.Release();
            }
        }));
        Console.WriteLine($"tasks: 40 finished, total {total}");
        return total;
    }

    private static async Task<long> TimersAsync()
    {
        int[] delays = [30, 10, 20];
        long[] early = await Task.WhenAll(delays.Select(async delay =>
        {
            // A delay may end late, on a busy machine much later; never early, by the clock that delays go by which may be a coarse one.
            long start = Environment.TickCount64;
            await Task.Delay(delay);
            return Environment.TickCount64 - start < delay ? 1L : 0;
        }));
        int ticks = 0;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(2));
        while (ticks < 5 && await timer.WaitForNextTickAsync())
            ticks++;
        Console.WriteLine($"timers: {delays.Length} delays, {early.Sum()} early, {ticks} ticks");
        return ticks * 100 + early.Sum();
    }

    /// <summary>Exceptions that begin as faults of the CPU, thrown through frames and caught.</summary>
    private static long Exceptions()
    {
        int caught = 0;
        for (int i = 0; i < 20; i++)
        {
            try
            {
                if (i % 2 == 0)
                    Dereference(null);
                else
                    Divide(i, 0);
            }
            catch (NullReferenceException)
            {
                caught += 1;
            }
            catch (DivideByZeroException)
            {
                caught += 100;
            }
        }

        Console.WriteLine($"exceptions: {caught}");
        return caught;
    }

    private static long ParallelLoops()
    {
        long sum = 0;
        Parallel.For(0, 200, i => Interlocked.Add(ref sum, Fibonacci(i % 16)));
        Console.WriteLine($"parallel: {sum}");
        return sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Dereference(int[]? array) => array!.Length;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Divide(int a, int b) => a / b;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Spin(int n)
    {
        int x = n;
        for (int i = 0; i < n; i++)
            x = x * 31 + i;
        return x;
    }

    private static long Fibonacci(int n) => n < 2 ? n : Fibonacci(n - 1) + Fibonacci(n - 2);
}
