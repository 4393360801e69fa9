using Xenolith.Abi;

namespace Xenolith.Tracing;

/// <summary>How <see cref="DomainTracing.Start"/> traces.</summary>
public sealed record TraceSessionOptions
{
    /// <summary>The defaults.</summary>
    public static TraceSessionOptions Default { get; } = new();

    /// <summary>
    /// Records that the ring holds, 128 to 524,288; rounded up to a power of two. A record takes 32 bytes. Default: 32,768, which is 1 MiB, a burst
    /// of that many events between two reads, and small enough for a domain of 32 MiB.
    /// </summary>
    public int RecordCount { get; init; } = 32_768;

    /// <summary>What is recorded. Default: <see cref="TraceCategories.Default"/>, all but page faults.</summary>
    public TraceCategories Categories { get; init; } = TraceCategories.Default;

    internal uint RoundedCount
    {
        get
        {
            if (RecordCount is < (int)PlatformTraceStart.MinimumRecords or > (int)PlatformTraceStart.MaximumRecords)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(RecordCount), RecordCount, $"A trace's ring holds {PlatformTraceStart.MinimumRecords} to {PlatformTraceStart.MaximumRecords} records.");
            }
            return System.Numerics.BitOperations.RoundUpToPowerOf2((uint)RecordCount);
        }
    }
}
