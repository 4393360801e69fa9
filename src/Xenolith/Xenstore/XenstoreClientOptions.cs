namespace Xenolith.Xenstore;

/// <summary>How a client behaves.</summary>
public sealed record XenstoreClientOptions
{
    /// <summary>The defaults.</summary>
    public static XenstoreClientOptions Default { get; } = new();

    /// <summary>
    /// How many requests may wait for their replies at the same time; a further one waits its turn. 16: below the 20 at which xenstored stops reading
    /// from a domain (its quota "outstanding"), and enough to hide the latency of a reply. From 1.
    /// </summary>
    public int MaxOutstandingRequests { get; init; } = 16;

    /// <summary>
    /// How many distinct changed paths a watch remembers for a reader that is slow; beyond it they are replaced by one event that stands for all
    /// (<see cref="XenstoreWatchEvent.IsOverflow"/>). 256: at most some 100 KiB with usual paths. From 1.
    /// </summary>
    public int WatchEventCapacity { get; init; } = 256;
}

/// <summary>How often a transaction is tried.</summary>
public sealed record XenstoreTransactionOptions
{
    /// <summary>The defaults.</summary>
    public static XenstoreTransactionOptions Default { get; } = new();

    /// <summary>
    /// How many attempts are made before <see cref="XenstoreConflictException"/>. 32: each conflict means that another client succeeded, so that even
    /// a toolstack that starts several domains at once lets one of so many attempts through, while a peer that writes without end cannot hold the
    /// caller for ever. From 1.
    /// </summary>
    public int MaxAttempts { get; init; } = 32;
}
