using Xenolith.Bed;

namespace Xenolith.Bench;

/// <summary>The unikernel and Linux measured one after the other on one bed.</summary>
/// <typeparam name="T">What a measurement of one of them gives.</typeparam>
/// <param name="Unikernel">Ours.</param>
/// <param name="Linux">Linux in a PVH domU.</param>
/// <param name="Calibration">The slowest run of a fixed loop in dom0 before, between and after.</param>
internal sealed record Round<T>(T Unikernel, T Linux, TimeSpan Calibration)
{
    /// <param name="bed">Where.</param>
    /// <param name="unikernel">Our domain.</param>
    /// <param name="linux">The other.</param>
    /// <param name="measureAsync">Measures one of them.</param>
    /// <param name="cancellationToken">Ends the round.</param>
    public static async Task<Round<T>> MeasureAsync(
        TestBed bed, DomainOptions unikernel, DomainOptions linux, Func<DomainOptions, Task<T>> measureAsync, CancellationToken cancellationToken)
    {
        TimeSpan before = await Bench.Calibration.MeasureAsync(bed, cancellationToken);
        T ours = await measureAsync(unikernel);
        TimeSpan between = await Bench.Calibration.MeasureAsync(bed, cancellationToken);
        T theirs = await measureAsync(linux);
        TimeSpan after = await Bench.Calibration.MeasureAsync(bed, cancellationToken);
        return new(ours, theirs, new[] { before, between, after }.Max());
    }

    /// <summary>The rounds during which the host did little else.</summary>
    public static IReadOnlyList<Round<T>> Undisturbed(IReadOnlyCollection<Round<T>> rounds) => Bench.Calibration.Undisturbed(rounds, round => round.Calibration);
}
