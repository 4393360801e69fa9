// Values over time: channels, asynchronous streams, and how both are called off.
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Conformance;

internal static class Streams
{
    internal static async Task ChannelsAsync()
    {
        Channel<int> channel = Channel.CreateBounded<int>(8);
        Task[] producers = [.. Enumerable.Range(0, 4).Select(p => Task.Run(async () =>
        {
            for (int i = 0; i < 250; i++)
                await channel.Writer.WriteAsync(p * 1000 + i);
        }))];
        Task<(int Count, long Sum, bool InOrder)>[] consumers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            int count = 0;
            long sum = 0;
            int[] last = [-1, -1, -1, -1];
            bool inOrder = true;
            await foreach (int value in channel.Reader.ReadAllAsync())
            {
                count++;
                sum += value;
                inOrder &= last[value / 1000] < value;
                last[value / 1000] = value;
            }
            return (count, sum, inOrder);
        }))];
        await Task.WhenAll(producers);
        channel.Writer.Complete();
        var results = await Task.WhenAll(consumers);
        Console.WriteLine($"bounded: {results.Sum(r => r.Count)} values, sum {results.Sum(r => r.Sum)}, each producer in order: {results.All(r => r.InOrder)}");

        Channel<int> dropping = Channel.CreateBounded<int>(new BoundedChannelOptions(3) { FullMode = BoundedChannelFullMode.DropOldest });
        for (int i = 0; i < 10; i++)
            dropping.Writer.TryWrite(i);
        dropping.Writer.Complete();
        Console.WriteLine($"oldest dropped: {string.Join(' ', dropping.Reader.ReadAllAsync().ToBlockingEnumerable())}");

        Channel<string> faulted = Channel.CreateUnbounded<string>();
        faulted.Writer.Complete(new InvalidDataException("no more"));
        try
        {
            await faulted.Reader.ReadAsync();
        }
        catch (ChannelClosedException e)
        {
            Console.WriteLine($"closed: {e.InnerException?.GetType().Name} {e.InnerException?.Message}");
        }

        Channel<int> priority = Channel.CreateUnboundedPrioritized<int>();
        foreach (int value in (int[])[5, 1, 4, 2, 3])
            priority.Writer.TryWrite(value);
        priority.Writer.Complete();
        Console.WriteLine($"prioritized: {string.Join(' ', priority.Reader.ReadAllAsync().ToBlockingEnumerable())}");
    }

    internal static async Task AsyncStreamsAsync()
    {
        List<int> seen = [];
        await foreach (int value in CountAsync(10))
            seen.Add(value);
        Console.WriteLine(string.Join(' ', seen));

        using CancellationTokenSource source = new();
        try
        {
            await foreach (int value in CountAsync(1000).WithCancellation(source.Token))
            {
                if (value == 5)
                    source.Cancel();
            }
        }
        catch (OperationCanceledException e)
        {
            Console.WriteLine($"called off by its token: {e.CancellationToken == source.Token}");
        }
        await foreach (int value in CountAsync(1000))
        {
            if (value == 3)
                break;
        }
        List<int> ends = [];
        await foreach (Task<int> task in Task.WhenEach([DelayedAsync(60), DelayedAsync(1), DelayedAsync(30)]))
            ends.Add(await task);
        Console.WriteLine($"Task.WhenEach: {string.Join(' ', ends)}");
    }

    internal static async Task CancellationAsync()
    {
        using CancellationTokenSource timed = new(30);
        try
        {
            await Task.Delay(Timeout.Infinite, timed.Token);
        }
        catch (TaskCanceledException)
        {
            Console.WriteLine($"cancelled after a time: {timed.IsCancellationRequested}");
        }
        using CancellationTokenSource outer = new();
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(outer.Token, CancellationToken.None);
        List<string> calls = [];
        linked.Token.Register(() => calls.Add("first registered"));
        using (linked.Token.Register(() => calls.Add("taken back")))
        {
        }
        linked.Token.Register(() => calls.Add("last registered"));
        outer.Cancel();
        Console.WriteLine($"linked: {linked.IsCancellationRequested}: {string.Join(", ", calls)}");
        using SemaphoreSlim none = new(0);
        try
        {
            none.Wait(outer.Token);
        }
        catch (OperationCanceledException e)
        {
            Console.WriteLine($"wait: {e.GetType().Name}");
        }
        using BlockingWait wait = new();
        Console.WriteLine($"a blocked thread: {wait.Run()}");
        Task task = Task.Run(() => outer.Token.ThrowIfCancellationRequested(), outer.Token);
        Console.WriteLine($"task: {await Task.WhenAny(task) == task} {task.Status}");
        try
        {
            await Task.Delay(Timeout.Infinite).WaitAsync(TimeSpan.FromMilliseconds(10));
        }
        catch (TimeoutException)
        {
            Console.WriteLine("WaitAsync: TimeoutException");
        }
        using CancellationTokenSource throwing = new();
        throwing.Token.Register(() => throw new InvalidOperationException("in a callback"));
        try
        {
            throwing.Cancel();
        }
        catch (AggregateException e)
        {
            Console.WriteLine($"a callback that throws: {e.InnerException?.Message}");
        }
    }

    private static async IAsyncEnumerable<int> CountAsync(int count, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        try
        {
            for (int i = 0; i < count; i++)
            {
                if (i % 2 == 0)
                    await Task.Yield();
                else
                    await Task.Delay(1, cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
                yield return i;
            }
        }
        finally
        {
            Console.WriteLine("enumerator disposed");
        }
    }

    private static async Task<int> DelayedAsync(int milliseconds)
    {
        await Task.Delay(milliseconds);
        return milliseconds;
    }

    /// <summary>A thread that waits for an event that never comes, until its token is cancelled.</summary>
    private sealed class BlockingWait : IDisposable
    {
        private readonly CancellationTokenSource _source = new();
        private readonly ManualResetEventSlim _never = new();

        internal string Run()
        {
            string result = "";
            Thread thread = new(() =>
            {
                try
                {
                    _never.Wait(_source.Token);
                }
                catch (OperationCanceledException)
                {
                    result = "woken by its token";
                }
            });
            thread.Start();
            _source.CancelAfter(10);
            thread.Join();
            return result;
        }

        public void Dispose()
        {
            _source.Dispose();
            _never.Dispose();
        }
    }
}
