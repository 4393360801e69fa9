using Xenolith.Bed;

namespace Xenolith.Bench.Boot;

/// <summary>One round: the same program as a unikernel and on Linux, one after the other on one bed.</summary>
/// <param name="Unikernel">From unpausing the domain to its first line in dom0.</param>
/// <param name="Linux">The same for Linux.</param>
/// <param name="Calibration">The slowest run of a fixed loop in dom0 before, between and after: how busy the host was.</param>
internal sealed record WallClock(TimeSpan Unikernel, TimeSpan Linux, TimeSpan Calibration)
{
    private const string Greeting = "Hello from .NET!";

    public static async Task<WallClock> MeasureAsync(TestBed bed, DomainOptions unikernel, DomainOptions linux, CancellationToken cancellationToken)
    {
        TimeSpan before = await Bench.Calibration.MeasureAsync(bed, cancellationToken);
        TimeSpan ours = await StartAsync(bed, unikernel, cancellationToken);
        TimeSpan between = await Bench.Calibration.MeasureAsync(bed, cancellationToken);
        TimeSpan theirs = await StartAsync(bed, linux, cancellationToken);
        TimeSpan after = await Bench.Calibration.MeasureAsync(bed, cancellationToken);
        return new(ours, theirs, new[] { before, between, after }.Max());
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
