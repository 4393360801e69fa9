// The thread pool and what runs on it.
using System.Collections.Concurrent;

namespace Conformance;

internal static class Pool
{
    /// <summary>Work that blocks the pool's threads does not keep other work from being done for ever: the pool grows.</summary>
    internal static void Grows()
    {
        ThreadPool.GetMinThreads(out int workers, out _);
        ThreadPool.GetMaxThreads(out int most, out _);
        Console.WriteLine($"least threads as many as processors: {workers == Environment.ProcessorCount}, most far above: {most >= 100}");
        int blocked = workers + 3;
        using CountdownEvent inside = new(blocked);
        using ManualResetEventSlim gate = new();
        for (int i = 0; i < blocked; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ =>
            {
                inside.Signal();
                gate.Wait();
            }, null);
        }
        Console.WriteLine($"three more than the least at once: {inside.Wait(TimeSpan.FromMinutes(1))}, threads at least {ThreadPool.ThreadCount >= blocked}");
        gate.Set();

        Console.WriteLine($"set least: {ThreadPool.SetMinThreads(20, 4)}");
        using Barrier together = new(20);
        Task[] tasks = [.. Enumerable.Range(0, 20).Select(_ => Task.Run(() => together.SignalAndWait(TimeSpan.FromMinutes(1))))];
        Task.WaitAll(tasks);
        Console.WriteLine($"20 tasks that wait for each other: phase {together.CurrentPhaseNumber}");
        ThreadPool.SetMinThreads(workers, 1);

        using ManualResetEvent signal = new(false);
        using ManualResetEventSlim called = new();
        string? how = null;
        RegisteredWaitHandle registered = ThreadPool.RegisterWaitForSingleObject(signal, (_, timedOut) =>
        {
            how = timedOut ? "timed out" : "signalled";
            called.Set();
        }, null, 60_000, executeOnlyOnce: true);
        signal.Set();
        called.Wait();
        registered.Unregister(null);
        Console.WriteLine($"registered wait: {how}");
    }

    internal static async Task ParallelAsync()
    {
        long sum = 0;
        ParallelLoopResult result = Parallel.For(0, 10_000, i => Interlocked.Add(ref sum, i));
        Console.WriteLine($"Parallel.For: {result.IsCompleted}, {sum}");
        result = Parallel.For(0, 1_000_000, (i, state) =>
        {
            if (i == 10)
                state.Break();
        });
        Console.WriteLine($"broken at {result.LowestBreakIteration}, complete {result.IsCompleted}");
        long local = 0;
        Parallel.For(1, 1001, () => 0L, (i, _, part) => part + i, part => Interlocked.Add(ref local, part));
        Console.WriteLine($"with local sums: {local}");
        ConcurrentBag<string> words = [];
        Parallel.Invoke(() => words.Add("a"), () => words.Add("b"), () => words.Add("c"));
        Console.WriteLine($"Parallel.Invoke: {string.Concat(words.Order())}");
        try
        {
            Parallel.ForEach(Enumerable.Range(0, 4), i => throw new InvalidOperationException($"{i}"));
        }
        catch (AggregateException e)
        {
            Console.WriteLine($"exceptions of Parallel.ForEach: {e.InnerExceptions.All(x => x is InvalidOperationException)}");
        }
        int visited = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 100), new ParallelOptions { MaxDegreeOfParallelism = 7 }, async (_, cancellation) =>
        {
            await Task.Delay(1, cancellation);
            Interlocked.Increment(ref visited);
        });
        Console.WriteLine($"Parallel.ForEachAsync: {visited}");
        Console.WriteLine($"PLINQ: {Enumerable.Range(1, 5000).AsParallel().Where(i => i % 7 == 0).Select(i => (long)i * i).Sum()}");
        Console.WriteLine($"PLINQ in order: {string.Join(' ', Enumerable.Range(0, 10).AsParallel().AsOrdered().Select(i => i * i))}");
        ConcurrentDictionary<int, int> counts = new();
        Parallel.For(0, 5000, i => counts.AddOrUpdate(i % 10, 1, (_, n) => n + 1));
        Console.WriteLine($"ConcurrentDictionary: {string.Join(' ', counts.OrderBy(c => c.Key).Select(c => c.Value))}");
    }
}
