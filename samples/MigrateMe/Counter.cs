using System.Diagnostics;

namespace MigrateMe;

/// <summary>Counts by a timer. The ticks that fell into a suspension come as one.</summary>
internal sealed class Counter(Observations seen)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

    internal int Value { get; private set; }

    internal async Task RunAsync(CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        using PeriodicTimer timer = new(Period);
        while (!stop.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None);
            Value++;
            if (Value > (Stopwatch.GetElapsedTime(start) / Period) + 2)
                seen.Add($"{Value} ticks of {Period.TotalMilliseconds} ms in {Stopwatch.GetElapsedTime(start).TotalMilliseconds} ms");
        }
    }
}
