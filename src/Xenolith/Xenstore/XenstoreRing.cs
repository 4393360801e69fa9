// The guest's side of the page that it shares with xenstored (Xen: io/xs_wire.h).

using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;
using Xenolith.Unikernel;

namespace Xenolith.Xenstore;

/// <summary>xenstore's two byte rings in a shared page, and the event channel beside it.</summary>
/// <remarks>As <see cref="IXenstoreRing"/> says: one thread at a time reads, and one writes.</remarks>
public sealed class XenstoreRing : IXenstoreRing
{
    private const int ReplyData = XenstoreInterface.RingSize, Indexes = 2 * XenstoreInterface.RingSize;

    private readonly EventChannel _channel;
    private readonly ByteRingReader _reader;
    private readonly ByteRingWriter _writer;
    private EventCount _seenByReader, _seenByWriter;

    /// <summary>Takes over the rings as they stand.</summary>
    /// <param name="page">The page, in the layout of <see cref="XenstoreInterface"/>.</param>
    /// <param name="channel">The channel; owned from now on.</param>
    /// <param name="startsEmpty">
    /// Whether this side has not sent or taken anything since xenstored made the rings, as after a resume. A thread that was stopped in the middle of
    /// using the old rings has then written indexes of theirs into the new ones; those of xenstored count.
    /// </param>
    public XenstoreRing(SharedMemory page, EventChannel channel, bool startsEmpty = false)
    {
        _channel = channel;
        if (startsEmpty)
        {
            Span<byte> bytes = page.GetSpan();
            bytes.Slice(Requests.Consumer, sizeof(uint)).CopyTo(bytes[Requests.Producer..]);
            bytes.Slice(Replies.Producer, sizeof(uint)).CopyTo(bytes[Replies.Consumer..]);
        }
        _writer = new ByteRingWriter(page, Requests);
        _reader = new ByteRingReader(page, Replies);
    }

    /// <summary>The ring that the guest writes.</summary>
    public static ByteRingLayout Requests => new(0, XenstoreInterface.RingSize, Consumer: Indexes, Producer: Indexes + 4);

    /// <summary>The ring that the guest reads.</summary>
    public static ByteRingLayout Replies => new(ReplyData, XenstoreInterface.RingSize, Consumer: Indexes + 8, Producer: Indexes + 12);

    /// <summary>Where it is noted what is under way; <see langword="null"/> where nobody needs to know.</summary>
    internal UnsentBytes? Unsent { private get; init; }

    /// <summary>
    /// Taken around each use of the rings. Whoever holds it while the domain is suspended keeps indexes of the old rings out of the new ones.
    /// </summary>
    internal Lock Gate { private get; init; } = new();

    /// <inheritdoc/>
    public int Read(Span<byte> destination)
    {
        lock (Gate)
            return ReadNow(destination);
    }

    /// <inheritdoc/>
    public int Write(ReadOnlySpan<byte> source)
    {
        lock (Gate)
            return WriteNow(source);
    }

    /// <inheritdoc/>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => WaitAsync(_seenByReader, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken) => WaitAsync(_seenByWriter, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return default;
    }

    private int ReadNow(Span<byte> destination)
    {
        _seenByReader = _channel.Count; // before looking
        int count = _channel.IsValid ? _reader.Read(destination) : 0;
        return count > 0 && (_reader.MustNotify ? TryNotify() : _channel.IsValid) ? count : 0; // xenstored looks at both rings once more before it waits
    }

    private int WriteNow(ReadOnlySpan<byte> source)
    {
        _seenByWriter = _channel.Count; // before looking
        if (!_channel.IsValid)
            return 0;
        if (Unsent is not null && source.Length > Requests.Size - _writer.Unread)
            Unsent.Announce(_writer.Position, source);
        int count = _writer.Write(source);
        if (count == source.Length)
            Unsent?.Clear();
        return count > 0 && (_writer.MustNotify ? TryNotify() : _channel.IsValid) ? count : 0;
    }

    /// <summary>
    /// False if the ring has ended. After a resume the page is that of the next rings already: what was moved just before means nothing, and what was
    /// written there is undone by those who open them.
    /// </summary>
    private bool TryNotify()
    {
        try
        {
            _channel.Notify();
            return true;
        }
        catch (InvalidOperationException error) when (error is StaleHandleException or ObjectDisposedException)
        {
            return false;
        }
    }

    private async ValueTask<bool> WaitAsync(EventCount seen, CancellationToken cancellationToken)
    {
        try
        {
            await _channel.WaitAsync(seen, cancellationToken);
            return true;
        }
        catch (InvalidOperationException error) when (error is StaleHandleException or ObjectDisposedException)
        {
            return false;
        }
    }
}
