namespace Xenolith.Memory;

/// <summary>How the domain's memory follows the toolstack's target (<see cref="DomainMemory.FollowTargetAsync"/>).</summary>
public sealed record BalloonOptions
{
    /// <summary>
    /// Bytes that the program can still be promised (<see cref="MemoryStatistics.Available"/>) when memory has been given back. 4 MiB: with less, a
    /// program that allocates meets <see cref="OutOfMemoryException"/> as soon as the target is below what it uses.
    /// </summary>
    public long KeepAvailable { get; init; } = 4 << 20;

    /// <summary>
    /// Whether to trim (<see cref="DomainMemory.Trim"/>) when what is free is not enough for a new target. True: a heap keeps what it once had, and
    /// the target says that somebody else needs it more than the program needs the milliseconds of a collection.
    /// </summary>
    public bool Trim { get; init; } = true;

    /// <summary>
    /// The pause between two trims for the same target, at least. A minute: a collection stops all threads, but without one nobody knows what a quiet
    /// program does not need any more.
    /// </summary>
    public TimeSpan TrimInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The pause before the first new try for a target that was not reached; it doubles from try to try. 1 second.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between two tries. 30 seconds: a try that achieves nothing costs a few microseconds.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether the garbage collector is told each new size, as its hard limit (<c>GCHeapHardLimit</c>):
    /// <see cref="GCMemoryInfo.TotalAvailableMemoryBytes"/> and when it collects follow. True. A program that has set a limit of its own keeps it.
    /// </summary>
    public bool LimitHeap { get; init; } = true;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(KeepAvailable);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(TrimInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(FirstRetry, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(LongestRetry, FirstRetry);
    }
}
