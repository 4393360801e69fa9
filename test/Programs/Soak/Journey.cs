using MigrateMe;
using Xenolith;
using Xenolith.Lifecycle;
using Xenolith.Xenstore;

namespace Soak;

/// <summary>
/// All the work goes on while the domain is saved, restored and migrated. Whoever writes a word to data/question gets it back in data/answer, with
/// what it asks for: "count..." makes the work stop, checks that everything balances, and tells what the domain holds; "end..." does so for the last
/// time; any other tells the time, in nanoseconds since 1970.
/// </summary>
internal sealed class Journey(XenPlatform platform) : IDisposable
{
    // Saving and migrating takes a processor, too, and the emulated machine has one.
    private const int Breath = 20;

    private readonly Load[] _loads =
    [
        new GarbageLoad(0) { Breath = Breath }, new GarbageLoad(1) { Breath = Breath }, new ThreadLoad { Breath = Breath }, new TaskLoad { Breath = Breath },
        new TimerLoad(), new FileLoad(0) { Breath = Breath }, new ExceptionLoad { Breath = Breath }, new LuggageLoad(),
    ];

    internal async Task<int> RunAsync()
    {
        using IDisposable hook = platform.Hooks.OnSuspend(null, (outcome, _) =>
        {
            Console.WriteLine($"{outcome}, {platform.Generation}");
            return default;
        });
        await using IAsyncDisposable allowed = await platform.Lifecycle.AllowSuspendAsync();
        await using XenstoreWatch watch = await platform.Xenstore.WatchAsync("data/question");
        Start();
        Console.WriteLine("working");
        string answered = "";
        while (!answered.StartsWith("end", StringComparison.Ordinal))
        {
            try
            {
                if (await platform.Xenstore.ReadAsync("data/question") is { Length: > 0 } question && question != answered)
                {
                    await platform.Xenstore.WriteAsync("data/answer", $"{question} {Answer(question)}");
                    answered = question;
                }
                else
                {
                    await watch.ReadAsync();
                }
            }
            catch (XenstoreDisconnectedException)
            {
                // Suspended in the middle of it. The watch tells when there is a connection again.
                await watch.ReadAsync();
            }
        }
        Console.WriteLine(string.Join("; ", _loads.Select(load => load.Remark).Where(remark => remark.Length > 0)));
        Console.WriteLine($"failures {_loads.Sum(load => load.Failures)} after {_loads.Sum(load => load.Operations)} operations");
        return _loads.All(load => load is { Failures: 0, Operations: > 0 }) ? 0 : 1;
    }

    public void Dispose()
    {
        foreach (Load load in _loads)
            load.Dispose();
    }

    private string Answer(string question)
    {
        bool isEnd = question.StartsWith("end", StringComparison.Ordinal);
        if (!isEnd && !question.StartsWith("count", StringComparison.Ordinal))
            return $"{(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick}";
        foreach (Load load in _loads)
            load.Stop();
        foreach (Load load in _loads)
            load.Rest();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        string holdings = $"{Holdings.Describe(platform)} failures={_loads.Sum(load => load.Failures)}";
        if (!isEnd)
            Start();
        return holdings;
    }

    private void Start()
    {
        foreach (Load load in _loads)
            load.Start();
    }
}
