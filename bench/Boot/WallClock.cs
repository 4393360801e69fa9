using System.Diagnostics;
using Xenolith.Bed;

namespace Xenolith.Bench.Boot;

/// <summary>One round: the same program as a unikernel and on Linux, one after the other on one bed.</summary>
/// <param name="Unikernel">From unpausing the domain to its first line in dom0.</param>
/// <param name="Linux">The same for Linux.</param>
/// <param name="Calibration">The slowest run of a fixed loop in dom0 before, between and after: how busy the host was.</param>
internal sealed record WallClock(TimeSpan Unikernel, TimeSpan Linux, TimeSpan Calibration)
{
    private const string Greeting = "Hello from .NET!";
    private const string Loop = "i=0; while [ $i -lt 8000 ]; do i=$((i+1)); done";

    /// <summary>A round counts unless its loop took so many times the fastest one.</summary>
    private const double Tolerance = 1.25;

    public static async Task<WallClock> MeasureAsync(TestBed bed, DomainOptions unikernel, DomainOptions linux, CancellationToken cancellationToken)
    {
        TimeSpan before = await CalibrateAsync(bed, cancellationToken);
        TimeSpan ours = await StartAsync(bed, unikernel, cancellationToken);
        TimeSpan between = await CalibrateAsync(bed, cancellationToken);
        TimeSpan theirs = await StartAsync(bed, linux, cancellationToken);
        TimeSpan after = await CalibrateAsync(bed, cancellationToken);
        return new(ours, theirs, new[] { before, between, after }.Max());
    }

    /// <summary>The rounds during which the host did little else.</summary>
    public static IReadOnlyList<WallClock> Undisturbed(IReadOnlyCollection<WallClock> rounds)
    {
        TimeSpan limit = rounds.Min(round => round.Calibration) * Tolerance;
        return [.. rounds.Where(round => round.Calibration <= limit)];
    }

    private static async Task<TimeSpan> CalibrateAsync(TestBed bed, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        await bed.RunShellAsync(Loop, cancellationToken);
        return Stopwatch.GetElapsedTime(start);
    }

    private static async Task<TimeSpan> StartAsync(TestBed bed, DomainOptions options, CancellationToken cancellationToken)
    {
        await using Domain domain = await bed.CreateDomainAsync(options with { Paused = true }, cancellationToken);
        TimeSpan start = await domain.UnpauseAsync(cancellationToken);
        await domain.WaitForShutdownAsync(cancellationToken: cancellationToken);
        int position = domain.Console.RawBytes.Span.IndexOf(System.Text.Encoding.UTF8.GetBytes(Greeting));
        return position >= 0 && domain.ArrivalOf(position) is TimeSpan arrival
            ? arrival - start
            : throw new InvalidDataException($"The program did not greet:\n{domain.Console.Text}");
    }
}
