using Xenolith;
using Xenolith.Xenstore;

namespace PlatformScenarios;

/// <summary>xenstore over the domain's ring, where dom0 has to do with it.</summary>
internal static class Xenstore
{
    private static XenstoreClient Store => XenPlatform.Current.Xenstore;

    /// <summary>Tells how many children a node has.</summary>
    internal static async Task<int> ListAsync(string[] args)
    {
        Console.WriteLine((await Store.ListAsync(args[0]))?.Count.ToString() ?? "none");
        return 0;
    }

    /// <summary>Says that it is ready, waits for a value and tells it.</summary>
    internal static async Task<int> WaitAsync(string[] args)
    {
        Task<string?> value = Store.WaitForValueAsync("data/question", value => value is not null);
        await Store.WriteAsync("data/ready", "1");
        Console.WriteLine(await value);
        return 0;
    }

    /// <summary>
    /// Ends with an exit code while writers, readers and watches keep both rings full of messages of all sizes: after so many of them, at any point
    /// within one.
    /// </summary>
    internal static async Task<int> ExitAsync(string[] args)
    {
        int code = int.Parse(args[0]), messages = int.Parse(args[1]), done = 0;
        await using XenstoreWatch watch = await Store.WatchAsync("data/traffic");
        Task[] workers = [.. Enumerable.Range(0, 12).Select(number => Task.Run(() => WorkAsync(number)))];
        await await Task.WhenAny(workers); // none ends but by an exception
        return 0;

        async Task WorkAsync(int number)
        {
            Random random = new(number);
            while (true)
            {
                await Store.WriteAsync($"data/traffic/{number}", new string('x', random.Next(1800)));
                await Store.ReadAsync($"data/traffic/{random.Next(12)}");
                if (Interlocked.Increment(ref done) == messages)
                    Environment.Exit(code);
            }
        }
    }
}
