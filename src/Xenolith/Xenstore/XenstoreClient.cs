using System.Runtime.CompilerServices;
using Xenolith.Abi;
using Xenolith.Tracing;

namespace Xenolith.Xenstore;

/// <summary>
/// A client of xenstored. All members may be used from any thread, and many requests may be under way at the same time.
/// </summary>
/// <remarks>
/// When the connection ends, requests that are under way end with <see cref="XenstoreDisconnectedException"/> and open transactions are lost; the
/// client connects anew through its transport, renews its watches and goes on. Requests made meanwhile wait. If the transport cannot connect again,
/// everything ends with <see cref="XenstoreDisconnectedException"/>, and if the peer breaks the protocol, with
/// <see cref="XenstoreProtocolException"/>.
/// </remarks>
/// <example>
/// <code>
/// await using XenstoreClient store = await XenstoreClient.ConnectAsync(new XenstoreUnixSocketTransport());
/// string? name = await store.ReadAsync("/local/domain/0/name");
/// </code>
/// </example>
public sealed partial class XenstoreClient : XenstoreOperations, IAsyncDisposable
{
    private readonly XenstoreClientOptions _options;

    /// <summary>A client that connects when it is first used.</summary>
    internal XenstoreClient(XenstoreTransport transport, XenstoreClientOptions options, DomainTracing? tracing = null)
    {
        _options = options;
        Connection = new XenstoreConnection(transport, options, tracing);
    }

    /// <summary>How many connections there have been, this one included: grows by one each time the connection is renewed.</summary>
    public int ConnectionGeneration => Connection.Generation;

    /// <summary>Figures for a metric or a test.</summary>
    public XenstoreStatistics GetStatistics() => Connection.GetStatistics();

    private protected override uint TransactionId => 0;

    private protected override int Generation => 0;

    private protected override XenstoreConnection Connection { get; }

    /// <summary>Connects.</summary>
    /// <param name="transport">The way to xenstored. The client owns it, also if connecting fails.</param>
    /// <param name="options">Limits; null: <see cref="XenstoreClientOptions.Default"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="XenstoreDisconnectedException">xenstored cannot be reached.</exception>
    public static async Task<XenstoreClient> ConnectAsync(
        XenstoreTransport transport, XenstoreClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transport);
        XenstoreClient client = new(transport, options ?? XenstoreClientOptions.Default);
        try
        {
            await client.Connection.WaitConnectedAsync(cancellationToken);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Carries out a transaction: calls <paramref name="body"/> and commits, again from the beginning if others changed what it was based on. Nothing
    /// takes effect if the body throws.
    /// </summary>
    /// <param name="body">Reads and writes through the transaction. May be called several times, so it changes nothing else.</param>
    /// <param name="options">How many attempts; null: <see cref="XenstoreTransactionOptions.Default"/>.</param>
    /// <param name="cancellationToken">Ends the wait. If the commit was under way, it may have taken effect or not.</param>
    /// <returns>What the body returned in the attempt that was committed.</returns>
    /// <exception cref="XenstoreConflictException">Others came first in every attempt; nothing took effect.</exception>
    public async Task<T> RunTransactionAsync<T>(
        Func<XenstoreTransaction, ValueTask<T>> body, XenstoreTransactionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        int attempts = (options ?? XenstoreTransactionOptions.Default).MaxAttempts;
        ArgumentOutOfRangeException.ThrowIfLessThan(attempts, 1, nameof(options));
        for (int attempt = 0; attempt < attempts; attempt++)
        {
            await using XenstoreTransaction transaction = await StartTransactionAsync(cancellationToken);
            T result = await body(transaction);
            if (await transaction.CommitAsync(cancellationToken))
                return result;
        }

        throw new XenstoreConflictException($"Other clients changed what the transaction was based on in each of {attempts} attempts.");
    }

    /// <inheritdoc cref="RunTransactionAsync{T}"/>
    public Task RunTransactionAsync(
        Func<XenstoreTransaction, ValueTask> body, XenstoreTransactionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        return RunTransactionAsync(
            async transaction =>
            {
                await body(transaction);
                return true;
            },
            options,
            cancellationToken);
    }

    /// <summary>Begins a transaction that the caller commits; <see cref="RunTransactionAsync{T}"/> repeats one that conflicts.</summary>
    /// <exception cref="XenstoreQuotaException">The domain has too many open transactions.</exception>
    public async Task<XenstoreTransaction> StartTransactionAsync(CancellationToken cancellationToken = default)
    {
        await Connection.WaitConnectedAsync(cancellationToken);
        int generation = Connection.Generation;
        while (true)
        {
            XenstoreRequest request = XenstoreRequest.ForArguments(XenstoreMessageType.TransactionStart, 0, generation, undo: DiscardTransaction);
            try
            {
                XenstoreMessage reply = await RequestAsync(request, cancellationToken);
                return TryReadTransactionId(reply, out uint id) ? new XenstoreTransaction(Connection, id, generation) : throw Malformed(request);
            }
            catch (XenstoreDisconnectedException)
            {
                // A transaction that nothing was done in yet can be begun on the next connection as well.
                await Connection.WaitConnectedAsync(cancellationToken);
                if (Connection.Generation == generation)
                    throw;
                generation = Connection.Generation;
            }
        }

        void DiscardTransaction(XenstoreMessage reply)
        {
            if (TryReadTransactionId(reply, out uint id))
                _ = new XenstoreTransaction(Connection, id, generation).DisposeAsync().AsTask();
        }
    }

    /// <summary>
    /// Watches a node and everything below it. Returns when xenstored has confirmed the watch; what changes from now on is told, and one event comes
    /// at once.
    /// </summary>
    /// <param name="path">
    /// A node, which need not exist; also <see cref="XenstorePath.IntroduceDomain"/> and <see cref="XenstorePath.ReleaseDomain"/>.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; there is no watch then.</param>
    /// <returns>The watch, to be disposed of.</returns>
    /// <exception cref="XenstoreQuotaException">The domain has too many watches.</exception>
    public async Task<XenstoreWatch> WatchAsync(string path, CancellationToken cancellationToken = default)
    {
        WatchEventQueue queue = new(path, _options.WatchEventCapacity);
        WatchRegistration registration = await Connection.StartWatchAsync(path, queue.Add, queue.End, cancellationToken);
        return new XenstoreWatch(Connection, registration, queue);
    }

    /// <summary>
    /// As <see cref="WatchAsync"/>, as a sequence that cannot be forgotten: the watch begins with the enumeration and ends with it, also by an
    /// exception, a break or a cancellation.
    /// </summary>
    public async IAsyncEnumerable<XenstoreWatchEvent> WatchEventsAsync(
        string path, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using XenstoreWatch watch = await WatchAsync(path, cancellationToken);
        while (true)
            yield return await watch.ReadAsync(cancellationToken);
    }

    /// <summary>
    /// Ends all watches and transactions that xenstored has for this domain, whoever made them (an earlier kernel, for example), and sets the
    /// watches of this client up again. Its open transactions are lost.
    /// </summary>
    public async Task ResetWatchesAsync(CancellationToken cancellationToken = default)
    {
        await RequestAsync(XenstoreRequest.ForArguments(XenstoreMessageType.ResetWatches, 0, 0, undo: _ => Connection.RenewWatches()), cancellationToken)
            ;
        Connection.RenewWatches();
    }

    /// <summary>
    /// Closes the connection; xenstored ends the client's watches and transactions. Whatever still waits ends with
    /// <see cref="ObjectDisposedException"/>.
    /// </summary>
    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    /// <summary>
    /// Watches a node until the client ends, and tells of each single event, where the events arrive: the callbacks do next to nothing.
    /// </summary>
    internal Task FollowAsync(string path, Action onEvent, Action onEnd) =>
        Connection.StartWatchAsync(path, _ => onEvent(), _ => onEnd(), CancellationToken.None);

    /// <summary>
    /// The transport has kept its channel, but what is behind it has another connection now, and set the watches up there. Open transactions are
    /// lost, as they are with a connection that ends.
    /// </summary>
    internal void LoseTransactions() => Connection.LoseTransactions();

    private static bool TryReadTransactionId(in XenstoreMessage reply, out uint id)
    {
        id = 0;
        XenstorePayloadReader reader = new(reply.Payload.Span);
        if (!reader.TryReadLastString(out ReadOnlySpan<byte> text)
            || !XenstorePayloadReader.TryParseNumber(text, out ulong number)
            || number is 0 or > uint.MaxValue)
        {
            return false;
        }

        id = (uint)number;
        return true;
    }
}
