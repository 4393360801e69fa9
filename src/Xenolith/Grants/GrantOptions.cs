namespace Xenolith.Grants;

/// <summary>How grants are pooled and reclaimed.</summary>
public sealed record GrantOptions
{
    /// <summary>
    /// Time until the first new try to end a grant that the other domain still had mapped. 10 ms: a back end that is about to unmap needs a
    /// scheduling round or two.
    /// </summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// Longest time between two tries; each waits twice as long as the one before. 10 s: a peer that never unmaps costs next to nothing.
    /// </summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Single pages kept for the next user instead of being given back, 1 MiB by default: what one device queue uses.</summary>
    public int CachedPages { get; init; } = 256;
}
