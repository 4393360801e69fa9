using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;
using Xenolith.Xenstore;

namespace Xenolith.Tracing;

/// <summary>What a tool asks of the domain that it traces.</summary>
public sealed record TraceConnectionOptions
{
    /// <summary>The defaults.</summary>
    public static TraceConnectionOptions Default { get; } = new();

    /// <summary>What is recorded. Default: <see cref="TraceCategories.Default"/>.</summary>
    public TraceCategories Categories { get; init; } = TraceCategories.Default;

    /// <summary>
    /// Records that the domain keeps until they are fetched, in memory of its own (<see cref="TraceSessionOptions.RecordCount"/>). Default: 32,768,
    /// which is 1 MiB.
    /// </summary>
    public int RecordCount { get; init; } = TraceSessionOptions.Default.RecordCount;

    /// <summary>
    /// Pages through which they are fetched, a power of two up to 256. Default: 64, a quarter of a MiB: a trip of the tool through its loop takes
    /// that many.
    /// </summary>
    public int Pages { get; init; } = 64;

    /// <summary>Whether to wait for a domain that does not offer to be traced yet, because its program has only begun. Default: no.</summary>
    public bool WaitForOffer { get; init; }

    /// <summary>For the domain to answer. Default: 10 seconds: its program may be busy, and so may the host.</summary>
    public TimeSpan AnswerLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For the domain to send the rest after <see cref="TraceConnection.Finish"/>. Default: 5 seconds.</summary>
    public TimeSpan FinishLimit { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>
/// A trace of another domain, as it is being taken: for tools in dom0, or in the domain that <see cref="TraceServiceOptions.ReaderDomain"/> names.
/// Dispose of it to end the trace.
/// </summary>
/// <remarks>
/// The domain is not trusted: what it writes is copied once and checked, a ring that it breaks ends the connection with
/// <see cref="RingProtocolException"/>, and it cannot make a reader wait longer than the limits say once <see cref="Finish"/> was called. The records
/// are what it claims, though: a reader checks their fields before it acts on them. One reads at a time.
/// </remarks>
public sealed class TraceConnection : IAsyncDisposable
{
    private readonly XenstoreClient _store;
    private readonly string _node;
    private readonly ForeignMapping _pages;
    private readonly EventChannel _channel;
    private readonly ByteRingReader _ring;
    private readonly CancellationTokenSource _over; // nothing more comes: the domain or its program has ended, or took too long to finish
    private readonly CancellationTokenSource _closed = new();
    private readonly TraceConnectionOptions _options;
    private readonly Task _watching;
    private readonly byte[] _part = new byte[TraceRecord.Bytes]; // of a record that has not come as a whole
    private int _partLength;
    private int _rest; // bytes that are taken when it is over: what the ring can hold, and not what a domain may go on to write
    private bool _disposed;

    private TraceConnection(XenPlatform platform, ushort domain, string node, ForeignMapping pages, EventChannel channel, TraceConnectionOptions options)
    {
        Domain = domain;
        _store = platform.Xenstore;
        _node = node;
        _pages = pages;
        _channel = channel;
        _options = options;
        _ring = new ByteRingReader(pages, TraceProtocol.Ring(pages.PageCount - 1));
        _rest = pages.Length;
        _over = new CancellationTokenSource(Timeout.InfiniteTimeSpan, platform.TimeProvider);
        pages.SetUnmapNotification(TraceProtocol.ReaderThere, channel); // also if this process is killed
        SayWhatIsWanted(TraceProtocol.There);
        _watching = WatchNodeAsync();
    }

    /// <summary>The domain that is traced.</summary>
    public ushort Domain { get; }

    /// <summary>Starts a trace.</summary>
    /// <param name="platform">The tool's domain.</param>
    /// <param name="domain">The domain to trace.</param>
    /// <param name="options">What to trace; <see langword="null"/>: <see cref="TraceConnectionOptions.Default"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TraceUnavailableException">The domain cannot be traced, or not now.</exception>
    /// <exception cref="XenstoreException">xenstored cannot be reached.</exception>
    public static async Task<TraceConnection> ConnectAsync(
        XenPlatform platform, ushort domain, TraceConnectionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(platform);
        options ??= TraceConnectionOptions.Default;
        if (!TraceProtocol.ArePages((uint)options.Pages))
            throw new ArgumentOutOfRangeException(nameof(options), options.Pages, $"Pages are a power of two up to {TraceProtocol.MaximumPages}.");
        string home = XenstorePath.ForDomain(domain);
        try
        {
            await FindOfferAsync(platform.Xenstore, domain, home, options, cancellationToken);
            string node = $"{home}/{TraceProtocol.Requests}/{Guid.NewGuid():N}";
            try
            {
                TraceAnswer answer = await AskAsync(platform, domain, node, options, cancellationToken);
                return Connect(platform, domain, node, answer, options);
            }
            catch
            {
                await platform.Xenstore.RemoveAsync(node, CancellationToken.None);
                throw;
            }
        }
        catch (XenstoreAccessDeniedException error)
        {
            throw new TraceUnavailableException(
                TraceUnavailability.NotPermitted, $"This domain may not read or write {home}: traces are taken in dom0.", error);
        }
    }

    /// <summary>Waits for records.</summary>
    /// <param name="records">Where to; at least one.</param>
    /// <param name="cancellationToken">Ends this wait alone; nothing is lost.</param>
    /// <returns>How many; 0: the trace has ended, because of <see cref="Finish"/> or from the other side.</returns>
    /// <exception cref="RingProtocolException">The domain broke the ring. Dispose of the connection.</exception>
    /// <exception cref="StaleHandleException">This domain was resumed.</exception>
    public async ValueTask<int> ReadAsync(Memory<TraceRecord> records, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        while (true)
        {
            EventCount seen = _channel.Count; // before looking
            bool isOver = _over.IsCancellationRequested || Volatile.Read(ref _pages.GetSpan()[TraceProtocol.WriterEnded]) != 0;
            if (isOver && _rest <= 0)
                return 0;
            int count = Take(records.Span, out bool hasMore);
            if (isOver)
                _rest -= count * TraceRecord.Bytes;
            if (count > 0)
                return count;
            if (hasMore)
                continue;
            if (isOver)
                return 0;
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_over.Token, cancellationToken);
            try
            {
                await _channel.WaitAsync(seen, either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Over: what is there is taken.
            }
        }
    }

    /// <summary>All records until the end of the trace.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async IAsyncEnumerable<TraceRecord> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        TraceRecord[] records = new TraceRecord[256];
        while (await ReadAsync(records, cancellationToken) is int count and > 0)
        {
            for (int i = 0; i < count; i++)
                yield return records[i];
        }
    }

    /// <summary>
    /// Asks the domain to end the trace and to send what it has recorded until now. Reading goes on until all of it is there, or
    /// <see cref="TraceConnectionOptions.FinishLimit"/> is over.
    /// </summary>
    public void Finish()
    {
        if (_disposed || _over.IsCancellationRequested)
            return;
        _over.CancelAfter(_options.FinishLimit);
        SayWhatIsWanted(TraceProtocol.WantsTheEnd);
    }

    /// <summary>Lets go of the domain, which ends the trace.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        _closed.Cancel();
        await _watching;
        ((IDisposable)_pages).Dispose(); // tells the domain
        _channel.Dispose();
        _over.Dispose();
        try
        {
            await _store.RemoveAsync(_node);
        }
        catch (Exception error) when (error is XenstoreException or ObjectDisposedException)
        {
            // The domain removes it as well.
        }
    }

    private static async Task FindOfferAsync(
        XenstoreClient store, ushort domain, string home, TraceConnectionOptions options, CancellationToken cancellationToken)
    {
        string? offer = null;
        bool exists = true;
        await store.WaitAsync(
            async reader =>
            {
                offer = await reader.ReadAsync($"{home}/{TraceProtocol.Offer}", cancellationToken);
                exists = offer is not null || await reader.ExistsAsync($"{home}/domid", cancellationToken);
                return offer is not null || !exists || !options.WaitForOffer;
            },
            cancellationToken);
        if (!exists)
            throw new TraceUnavailableException(TraceUnavailability.NoSuchDomain, $"There is no domain {domain}.");
        if (offer is null)
        {
            throw new TraceUnavailableException(
                TraceUnavailability.NotOffered,
                $"Domain {domain} does not offer to be traced: its program has to call XenPlatform.Current.Tracing.AllowRemoteAsync() or UseXen(), and be running.");
        }
        if (offer != $"{TraceProtocol.Version}")
        {
            throw new TraceUnavailableException(
                TraceUnavailability.Version, $"Domain {domain} offers traces of another version than {TraceProtocol.Version}: use the tool that its program was built with.");
        }
    }

    private static async Task<TraceAnswer> AskAsync(
        XenPlatform platform, ushort domain, string node, TraceConnectionOptions options, CancellationToken cancellationToken)
    {
        XenstoreClient store = platform.Xenstore;
        string question = new TraceRequest((uint)options.Categories, (uint)options.RecordCount, (uint)options.Pages).Format();
        await store.WriteAsync(node, question, cancellationToken);
        using CancellationTokenSource limit = new(options.AnswerLimit, platform.TimeProvider);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        string? text;
        try
        {
            text = await store.WaitForValueAsync(node, value => value != question, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TraceUnavailableException(
                TraceUnavailability.NoAnswer, $"Domain {domain} did not answer within {options.AnswerLimit.TotalSeconds:0.#} s: it is paused, or its program hangs.");
        }

        return text is null
            ? throw new TraceUnavailableException(TraceUnavailability.NoSuchDomain, $"Domain {domain} ended before it answered.")
            : TraceAnswer.Parse(text) switch
            {
                { Refusal: TraceRefusal.None } answer => answer,
                { Refusal: TraceRefusal.Busy } => throw new TraceUnavailableException(
                    TraceUnavailability.Busy, $"Domain {domain} is being traced already, by another tool or by its program: end that trace first."),
                { Refusal: TraceRefusal.Version } => throw new TraceUnavailableException(
                    TraceUnavailability.Version, $"Domain {domain} offers traces of another version than {TraceProtocol.Version}."),
                { Refusal: TraceRefusal.Limits } => throw new TraceUnavailableException(
                    TraceUnavailability.Refused, $"Domain {domain} does not keep {options.RecordCount} records: ask for fewer."),
                { Refusal: TraceRefusal.Unsupported } => throw new TraceUnavailableException(
                    TraceUnavailability.Refused, $"Domain {domain} can record nothing of what was asked for."),
                { Refusal: TraceRefusal.Resources } => throw new TraceUnavailableException(
                    TraceUnavailability.Refused, $"Domain {domain} has no memory for {options.RecordCount} records, or no grants: ask for fewer."),
                _ => throw new TraceUnavailableException(TraceUnavailability.Nonsense, $"The answer of domain {domain} makes no sense."),
            };
    }

    private static TraceConnection Connect(XenPlatform platform, ushort domain, string node, TraceAnswer answer, TraceConnectionOptions options)
    {
        EventChannel? channel = null;
        ForeignMapping? pages = null;
        try
        {
            uint[] references;
            using (IDisposable first = platform.Grants.Map(new ForeignGrant(domain, answer.Reference), GrantAccess.ReadWrite))
                references = TraceProtocol.ReadHeader(((ForeignMapping)first).GetReadOnlySpan());
            if (references.Length != options.Pages)
                throw new RingProtocolException("The trace has another size than was asked for.");
            ForeignGrant[] grants = [new ForeignGrant(domain, answer.Reference), .. references.Select(reference => new ForeignGrant(domain, reference))];
            pages = platform.Grants.Map(grants, GrantAccess.ReadWrite);
            channel = platform.EventChannels.BindInterdomain(domain, answer.Port);
            TraceConnection connection = new(platform, domain, node, pages, channel, options);
            (pages, channel) = (null, null);
            return connection;
        }
        catch (Exception error) when (error is RingProtocolException or XenException { Error: not XenError.NotPermitted })
        {
            throw new TraceUnavailableException(TraceUnavailability.Nonsense, $"Domain {domain} answered with what cannot be used: {error.Message}", error);
        }
        catch (XenException error)
        {
            throw new TraceUnavailableException(TraceUnavailability.NotPermitted, $"This process may not do what is needed to trace domain {domain}: {error.Message}", error);
        }
        finally
        {
            ((IDisposable?)pages)?.Dispose();
            channel?.Dispose();
        }
    }

    /// <summary>The domain removes the node when the trace has ended; the toolstack removes it with the domain.</summary>
    private async Task WatchNodeAsync()
    {
        try
        {
            await _store.WaitForValueAsync(_node, value => value is null, _closed.Token);
        }
        catch (OperationCanceledException)
        {
            return; // not needed any more
        }
        catch (Exception error) when (error is XenstoreException or ObjectDisposedException)
        {
            // The end of the domain would not be heard of.
        }
        _over.Cancel();
    }

    private void SayWhatIsWanted(byte wanted)
    {
        Volatile.Write(ref _pages.GetSpan()[TraceProtocol.ReaderThere], wanted);
        _channel.Notify();
    }

    /// <summary>Takes whole records out of the ring.</summary>
    /// <param name="records">Where to.</param>
    /// <param name="hasMore">Whether there was something, if not a whole record.</param>
    private int Take(Span<TraceRecord> records, out bool hasMore)
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(records);
        _part.AsSpan(0, _partLength).CopyTo(bytes);
        int count = _ring.Read(bytes[_partLength..]);
        hasMore = count > 0;
        if (_ring.MustNotify)
            _channel.Notify();
        int length = _partLength + count, whole = length / TraceRecord.Bytes;
        _partLength = length % TraceRecord.Bytes;
        bytes.Slice(whole * TraceRecord.Bytes, _partLength).CopyTo(_part);
        return whole;
    }
}
