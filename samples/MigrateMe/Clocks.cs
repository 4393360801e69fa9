using System.Diagnostics;

namespace MigrateMe;

/// <summary>Looks at the monotonic clock again and again: it may jump, but not back; and the wall clock goes with it.</summary>
internal sealed class Clocks(Observations seen)
{
    // The two readings are not of one moment, and dom0's clock may be set.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    internal async Task RunAsync(CancellationToken stop)
    {
        long last = Stopwatch.GetTimestamp(), start = last;
        DateTime wallAtStart = DateTime.UtcNow;
        while (!stop.IsCancellationRequested)
        {
            for (int i = 0; i < 1000; i++)
            {
                long now = Stopwatch.GetTimestamp();
                if (now < last)
                    seen.Add($"the monotonic clock went back by {last - now} ns");
                last = now;
            }
            TimeSpan apart = DateTime.UtcNow - wallAtStart - Stopwatch.GetElapsedTime(start);
            if (apart.Duration() > Tolerance)
                seen.Add($"the wall clock is {apart.TotalSeconds:0.000} s ahead of the monotonic clock");
            await Task.Delay(5, CancellationToken.None);
        }
    }
}
