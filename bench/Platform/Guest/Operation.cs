namespace Xenolith.Bench.Platform.Guest;

/// <summary>Something to measure. Disposing it leaves nothing behind that another would notice.</summary>
internal abstract class Operation : IAsyncDisposable
{
    public static Operation Create(string name, XenPlatform platform, Offer offer) => name switch
    {
        "event-peer" => new PeerEvents(platform, offer),
        "event-within-4" => new LocalEvents(platform, ports: 4),
        "event-within-4000" => new LocalEvents(platform, ports: 4000),
        "map-1" => new MapOperation(platform, offer, pages: 1),
        "map-16" => new MapOperation(platform, offer, pages: 16),
        "copy-1" => new CopyOperation(platform, offer, pages: 1),
        "copy-16" => new CopyOperation(platform, offer, pages: 16),
        "share-1" => new ShareOperation(platform, offer, pages: 1),
        "share-16" => new ShareOperation(platform, offer, pages: 16),
        "store-read" => new ReadOperation(platform, atOnce: 1),
        "store-read-16" => new ReadOperation(platform, atOnce: 16),
        "store-write" => new WriteOperation(platform),
        "store-transaction" => new TransactionOperation(platform),
        _ => throw new ArgumentException($"There is no operation {name}."),
    };

    /// <summary>Prepares what is not measured.</summary>
    public virtual ValueTask BeginAsync() => default;

    public abstract ValueTask RepeatAsync(int rounds);

    public virtual ValueTask DisposeAsync() => default;
}
