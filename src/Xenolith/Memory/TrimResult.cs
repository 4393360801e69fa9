namespace Xenolith.Memory;

/// <summary>What a trim gave back.</summary>
/// <param name="Before">The memory before it.</param>
/// <param name="After">The memory after it.</param>
public readonly record struct TrimResult(MemoryStatistics Before, MemoryStatistics After)
{
    /// <summary>Bytes by which the free memory grew; 0 if others took as much meanwhile.</summary>
    public long Returned => Math.Max(0, After.Free - Before.Free);
}
