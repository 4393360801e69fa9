using Xenolith.Xenstore;

namespace Xenolith.Lifecycle;

/// <summary>
/// The domain's nodes below <c>control</c> as all listeners share them: which requests are advertised, and which word was reported as ignored.
/// </summary>
internal sealed class ShutdownControl(XenPlatform platform, XenstoreClient store, Action<string> onIgnored)
{
    internal const string RequestPath = "control/shutdown";

    private const int ReportedLength = 64;

    // In the order of their counts.
    private static readonly (ShutdownRequest Request, string Path)[] s_features =
    [
        (ShutdownRequest.PowerOff, "control/feature-poweroff"),
        (ShutdownRequest.Reboot, "control/feature-reboot"),
        (ShutdownRequest.Suspend, "control/feature-suspend"),
    ];

    private readonly FairSemaphore _gate = new(1); // one writer at a time, so that the last word is that of the counts
    private readonly int[] _listeners = new int[s_features.Length];
    private readonly Lock _lock = new();
    private int _advertisedOn;
    private string? _ignored;

    internal XenstoreClient Store => store;

    internal Generation Generation => platform.Generation;

    /// <summary>What somebody waits for.</summary>
    internal ShutdownRequest Awaited
    {
        get
        {
            ShutdownRequest awaited = ShutdownRequest.None;
            lock (_lock)
            {
                for (int i = 0; i < s_features.Length; i++)
                {
                    if (_listeners[i] > 0)
                        awaited |= s_features[i].Request;
                }
            }

            return awaited;
        }
    }

    /// <summary>Begins to listen: watches first, so that a request that the advertisement brings about is seen.</summary>
    internal async Task<RequestListener> ListenAsync(ShutdownRequest accepted, CancellationToken cancellationToken)
    {
        XenstoreWatch watch = await store.WatchAsync(RequestPath, cancellationToken);
        try
        {
            await AddAsync(accepted, cancellationToken);
            return new RequestListener(this, watch, accepted);
        }
        catch
        {
            await watch.DisposeAsync();
            throw;
        }
    }

    /// <summary>Somebody has ended to wait for some requests; those that nobody waits for any more are withdrawn.</summary>
    internal async Task RemoveAsync(ShutdownRequest requests)
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            ShutdownRequest before = Awaited;
            Count(requests, -1);
            await WriteAsync(before & ~Awaited, "0");
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Writes the advertisement again if the connection to xenstored is another: the nodes may be those of another host.</summary>
    internal async Task RenewAsync()
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            int connection = store.ConnectionGeneration;
            if (connection == _advertisedOn)
                return;
            await WriteAsync(Awaited, "1");
            _advertisedOn = connection;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Tells of a word that nobody waits for, unless it was told already; <see langword="null"/>: there is none now.</summary>
    internal void ReportIgnored(string? word)
    {
        lock (_lock)
        {
            if (word == _ignored)
                return;
            _ignored = word;
        }

        if (word is not null)
            onIgnored(Printable(word));
    }

    private static string Printable(string word) => string.Create(
        Math.Min(word.Length, ReportedLength),
        word,
        static (characters, word) =>
        {
            for (int i = 0; i < characters.Length; i++)
                characters[i] = word[i] is >= ' ' and <= '~' ? word[i] : '?';
        });

    private async Task AddAsync(ShutdownRequest requests, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            ShutdownRequest before = Awaited;
            Count(requests, +1);
            _advertisedOn = store.ConnectionGeneration;
            await WriteAsync(requests & ~before, "1");
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task WriteAsync(ShutdownRequest requests, string value)
    {
        foreach ((ShutdownRequest request, string path) in s_features)
        {
            if ((requests & request) == 0)
                continue;
            try
            {
                await store.WriteAsync(path, value);
            }
            catch (Exception exception) when (exception is XenstoreException or ObjectDisposedException)
            {
                // A toolstack that has not made the node does not let the domain make it, and asks all the same. A new connection renews it.
            }
        }
    }

    private void Count(ShutdownRequest requests, int change)
    {
        lock (_lock)
        {
            for (int i = 0; i < s_features.Length; i++)
            {
                if ((requests & s_features[i].Request) != 0)
                    _listeners[i] += change;
            }
        }
    }
}
