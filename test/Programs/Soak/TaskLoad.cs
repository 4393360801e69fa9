using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Soak;

/// <summary>The thread pool: tasks, channels, streams, parallel loops and cancellation.</summary>
internal sealed class TaskLoad() : Load("tasks")
{
    protected override void Work(Random random) => WorkAsync(random.Next(500, 2_000)).GetAwaiter().GetResult();

    private async Task WorkAsync(int count)
    {
        long expected = (long)count * (count - 1) / 2;
        Check(await ThroughChannelAsync(count) == 3 * expected, "a channel lost or doubled an item");
        int[] squares = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(() => i * i)));
        Check(squares.Index().All(s => s.Item == s.Index * s.Index), "tasks' results");

        long sum = 0;
        Parallel.For(0, count, i => Interlocked.Add(ref sum, i));
        Check(sum == expected, "a parallel loop");

        sum = 0;
        await foreach (int item in CountAsync(count, CancellationToken.None))
            sum += item;
        Check(sum == expected, "an asynchronous stream");

        using SemaphoreSlim semaphore = new(3);
        int inside = 0, most = 0, done = 0;
        await Task.WhenAll(Enumerable.Range(0, 60).Select(async _ =>
        {
            await semaphore.WaitAsync();
            int now = Interlocked.Increment(ref inside);
            InterlockedMax(ref most, now);
            await Task.Yield();
            Interlocked.Decrement(ref inside);
            semaphore.Release();
            Interlocked.Increment(ref done);
        }));
        Check(most <= 3 && done == 60, $"a semaphore of 3 let {most} in, {done} of 60 came through");
        await CancelAsync();
    }

    private static async Task<long> ThroughChannelAsync(int count)
    {
        Channel<int> channel = Channel.CreateBounded<int>(32);
        Task[] producers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < count; i++)
                await channel.Writer.WriteAsync(i);
        }))];
        Task<long>[] consumers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            long sum = 0;
            await foreach (int item in channel.Reader.ReadAllAsync())
                sum += item;
            return sum;
        }))];
        await Task.WhenAll(producers);
        channel.Writer.Complete();
        return (await Task.WhenAll(consumers)).Sum();
    }

    private static async IAsyncEnumerable<int> CountAsync(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < count; i++)
        {
            if (i % 64 == 0)
                await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return i;
        }
    }

    private async Task CancelAsync()
    {
        using CancellationTokenSource source = new();
        Task[] waiting = [.. Enumerable.Range(0, 50).Select(i => Task.Delay(TimeSpan.FromHours(1 + i), source.Token))];
        int heard = 0;
        using CancellationTokenRegistration registration = source.Token.Register(() => heard++);
        await source.CancelAsync();
        foreach (Task task in waiting)
        {
            try
            {
                await task;
                Check(false, "a wait of an hour is over");
            }
            catch (OperationCanceledException)
            {
                heard++;
            }
        }
        Check(heard == 51, $"a cancellation was heard {heard} times");
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (int seen = most; value > seen; seen = most)
        {
            if (Interlocked.CompareExchange(ref most, value, seen) == seen)
                return;
        }
    }
}
