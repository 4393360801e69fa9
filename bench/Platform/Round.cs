using Xenolith.Bed;

namespace Xenolith.Bench.Platform;

/// <summary>Both pairs measured one after the other on one bed.</summary>
/// <param name="Unikernel">Nanoseconds of each batch, by the operation's key.</param>
/// <param name="Linux">The same for Linux.</param>
/// <param name="Calibration">The slowest run of a fixed loop in dom0 before, between and after.</param>
internal sealed record Round(IReadOnlyDictionary<string, double[]> Unikernel, IReadOnlyDictionary<string, double[]> Linux, TimeSpan Calibration)
{
    public static async Task<Round> MeasureAsync(
        TestBed bed, DomainOptions unikernel, DomainOptions linux, IReadOnlyList<Operation> operations, int batches, CancellationToken cancellationToken)
    {
        TimeSpan before = await Bench.Calibration.MeasureAsync(bed, cancellationToken);
        var ours = await DomainPair.MeasureAsync(bed, unikernel, operations, batches, cancellationToken);
        TimeSpan between = await Bench.Calibration.MeasureAsync(bed, cancellationToken);
        var theirs = await DomainPair.MeasureAsync(bed, linux, operations, batches, cancellationToken);
        TimeSpan after = await Bench.Calibration.MeasureAsync(bed, cancellationToken);
        return new(ours, theirs, new[] { before, between, after }.Max());
    }
}
