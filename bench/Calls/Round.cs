using Xenolith.Bed;

namespace Xenolith.Bench.Calls;

/// <summary>The unikernel and Linux measured one after the other on one bed.</summary>
/// <param name="Unikernel">Ours, over musl.</param>
/// <param name="Linux">Linux in a PVH domU, over glibc.</param>
/// <param name="Calibration">The slowest run of a fixed loop in dom0 before, between and after.</param>
internal sealed record Round(Measurement Unikernel, Measurement Linux, TimeSpan Calibration)
{
    public static async Task<Round> MeasureAsync(
        TestBed bed, DomainOptions unikernel, DomainOptions linux, IReadOnlyList<Call> calls, int batches, CancellationToken cancellationToken)
    {
        TimeSpan before = await Bench.Calibration.MeasureAsync(bed, cancellationToken);
        Measurement ours = await Measurement.OfDomainAsync(bed, unikernel, calls, batches, cancellationToken);
        TimeSpan between = await Bench.Calibration.MeasureAsync(bed, cancellationToken);
        Measurement theirs = await Measurement.OfDomainAsync(bed, linux, calls, batches, cancellationToken);
        TimeSpan after = await Bench.Calibration.MeasureAsync(bed, cancellationToken);
        return new(ours, theirs, new[] { before, between, after }.Max());
    }
}
