using System.Diagnostics;
using Xenolith.Bed;

namespace Xenolith.Bench;

/// <summary>How busy the host is: the time of a loop of fixed length in dom0. What is measured beside a slow one was disturbed.</summary>
internal static class Calibration
{
    private const string Loop = "i=0; while [ $i -lt 8000 ]; do i=$((i+1)); done";

    /// <summary>A round counts unless its loop took so many times the fastest one.</summary>
    private const double Tolerance = 1.25;

    public static async Task<TimeSpan> MeasureAsync(TestBed bed, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        await bed.RunShellAsync(Loop, cancellationToken);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>The rounds during which the host did little else.</summary>
    /// <param name="rounds">All rounds.</param>
    /// <param name="calibration">The slowest loop of a round.</param>
    public static IReadOnlyList<T> Undisturbed<T>(IReadOnlyCollection<T> rounds, Func<T, TimeSpan> calibration)
    {
        TimeSpan limit = rounds.Min(calibration) * Tolerance;
        return [.. rounds.Where(round => calibration(round) <= limit)];
    }
}
