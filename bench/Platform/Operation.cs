namespace Xenolith.Bench.Platform;

/// <summary>Something to measure, which the unikernel's program and Linux's both know by its key.</summary>
/// <param name="Key">The name on the programs' command line.</param>
/// <param name="Title">The name for a reader.</param>
/// <param name="Rounds">How often a batch does it.</param>
/// <param name="PerRound">How many of what the title says one round does.</param>
/// <param name="IsRate">Whether it is shown as so many a second instead of as a time.</param>
internal sealed record Operation(string Key, string Title, int Rounds, int PerRound = 1, bool IsRate = false)
{
    public static IReadOnlyList<Operation> All { get; } =
    [
        new("event-peer", "event round trip, two domUs", 200),
        new("event-within-4", "event round trip, one domU, 4 ports open", 200),
        new("event-within-4000", "the same, 4,000 ports open", 200),
        new("map-1", "map and unmap 1 page", 100),
        new("map-16", "map and unmap 16 pages", 50),
        new("copy-1", "copy 4 KiB", 200),
        new("copy-16", "copy 16 times 4 KiB in a batch", 100),
        new("share-1", "share and unshare 1 page", 200),
        new("share-16", "share and unshare 16 pages", 100),
        new("store-read", "xenstore reads, one after the other", 50, IsRate: true),
        new("store-read-16", "xenstore reads, 16 under way", 5, PerRound: 16, IsRate: true),
        new("store-write", "xenstore writes, one after the other", 50, IsRate: true),
        new("store-transaction", "xenstore transactions: read, write, commit", 20, IsRate: true),
    ];
}
