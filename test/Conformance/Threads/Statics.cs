// State of a thread and of an asynchronous flow.
namespace Conformance;

internal static class Statics
{
    [ThreadStatic]
    private static int number;

    [ThreadStatic]
    private static string? text;

    private static readonly AsyncLocal<string?> Flow = new();

    internal static void OfThreads()
    {
        number = 1;
        text = "main";
        using ThreadLocal<int> local = new(() => Environment.CurrentManagedThreadId, trackAllValues: true);
        int wrong = 0, fresh = 0;
        Thread[] threads = new Thread[50];
        for (int i = 0; i < threads.Length; i++)
        {
            int own = i + 100;
            threads[i] = new Thread(() =>
            {
                if (number == 0 && text is null)
                    Interlocked.Increment(ref fresh);
                number = own;
                text = $"thread {own}";
                for (int turn = 0; turn < 20; turn++)
                {
                    Thread.Yield();
                    if (number != own || text != $"thread {own}" || local.Value != Environment.CurrentManagedThreadId)
                        Interlocked.Increment(ref wrong);
                    number = own;
                }
            });
            threads[i].Start();
        }
        foreach (Thread thread in threads)
            thread.Join();
        Console.WriteLine($"{fresh} threads found theirs empty, {wrong} found another's");
        Console.WriteLine($"main thread: {number} {text}; {local.Values.Distinct().Count()} values of ThreadLocal");
    }

    internal static async Task OfAsyncFlowsAsync()
    {
        Flow.Value = "outer";
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            Flow.Value = $"inner {i}";
            await Task.Delay(i % 3);
            await Task.Yield();
            if (Flow.Value != $"inner {i}")
                Console.WriteLine($"flow {i} has {Flow.Value}");
        }));
        Console.WriteLine($"after 20 flows: {Flow.Value}");
        Task<string> apart;
        using (ExecutionContext.SuppressFlow())
            apart = Task.Run(() => Flow.Value ?? "nothing");
        Console.WriteLine($"without flow: {await apart}");
    }
}
