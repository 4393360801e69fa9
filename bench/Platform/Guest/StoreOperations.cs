using System.Globalization;

namespace Xenolith.Bench.Platform.Guest;

/// <summary>An operation on a key of this domain's own.</summary>
internal abstract class StoreOperation(XenPlatform platform) : Operation
{
    protected const string Key = "data/number";

    protected XenPlatform Platform => platform;

    public override async ValueTask BeginAsync() => await platform.Xenstore.WriteAsync(Key, "0");
}

/// <summary>Reads: one, or several requests before the first reply.</summary>
internal sealed class ReadOperation(XenPlatform platform, int atOnce) : StoreOperation(platform)
{
    private readonly Task<string?>[] _reads = new Task<string?>[atOnce];

    public override async ValueTask RepeatAsync(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int read = 0; read < atOnce; read++)
                _reads[read] = Platform.Xenstore.ReadAsync(Key);
            foreach (Task<string?> read in _reads)
                await read;
        }
    }
}

/// <summary>Writes, each waited for.</summary>
internal sealed class WriteOperation(XenPlatform platform) : StoreOperation(platform)
{
    public override async ValueTask RepeatAsync(int rounds)
    {
        for (int round = 0; round < rounds; round++)
            await Platform.Xenstore.WriteAsync(Key, "1");
    }
}

/// <summary>Transactions that read and write one key: four requests.</summary>
internal sealed class TransactionOperation(XenPlatform platform) : StoreOperation(platform)
{
    public override async ValueTask RepeatAsync(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            await Platform.Xenstore.RunTransactionAsync(async transaction =>
            {
                int number = int.Parse(await transaction.ReadAsync(Key) ?? "0", CultureInfo.InvariantCulture);
                await transaction.WriteAsync(Key, (number + 1).ToString(CultureInfo.InvariantCulture));
            });
        }
    }
}
