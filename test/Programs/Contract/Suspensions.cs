using Xenolith;
using Xenolith.Contract;
using Xenolith.Lifecycle;

namespace Contract;

/// <summary>The contract of a domain that the toolstack suspends meanwhile.</summary>
internal static class Suspensions
{
    // A suspension of a domain in emulation takes some seconds; one that never comes would be waited for.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Checks time over a number of suspensions, each of them over all cases at once. A node, data/ready, asks for each suspension.
    /// </summary>
    /// <returns>How many cases failed.</returns>
    internal static async Task<int> CheckTimeAsync(XenPlatform platform, int suspensions)
    {
        int failed = 0;
        for (int i = 0; i < suspensions; i++)
        {
            int number = i;
            using CountdownEvent arrivals = new(TimeContract.All.Count);
            Task suspension = Task.Run(async () =>
            {
                arrivals.Wait();
                await platform.Xenstore.WriteAsync("data/ready", $"{number}");
                ShutdownRequest request = await platform.Lifecycle.WaitForRequestAsync(ShutdownRequest.Suspend);
                SuspendOutcome outcome = await platform.Lifecycle.SuspendAsync();
                Console.WriteLine($"{request}: {outcome}");
            });
            TimeWorld world = new(platform, async () =>
            {
                arrivals.Signal();
                await suspension;
            });
            await Task.WhenAll(TimeContract.All.Select(async time =>
            {
                try
                {
                    await Task.Run(() => time.Run(world)).WaitAsync(s_patience);
                    Console.WriteLine($"kept    {time.Name}");
                }
                catch (Exception error)
                {
                    Interlocked.Increment(ref failed);
                    Console.WriteLine($"BROKEN  {time.Name}: {error}");
                }
            }));
        }
        return failed;
    }

    /// <summary>Runs the suite, again and again if need be, until the domain was checkpointed so often.</summary>
    internal static async Task RepeatAsync(XenPlatform platform, int checkpoints, Func<Task> suite)
    {
        int done = 0;
        using IDisposable hook = platform.Hooks.OnSuspend(
            null,
            (outcome, _) =>
            {
                Console.WriteLine($"{outcome}: {Interlocked.Increment(ref done)}");
                return default;
            });
        await using IAsyncDisposable allowed = await platform.Lifecycle.AllowSuspendAsync();
        await platform.Xenstore.WriteAsync("data/ready", "0");
        do
            await suite();
        while (Volatile.Read(ref done) < checkpoints);
    }
}
