// The guest's side of the page that it shares with xenstored (Xen: io/xs_wire.h).

using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;

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
    public XenstoreRing(SharedMemory page, EventChannel channel)
    {
        _channel = channel;
        _writer = new ByteRingWriter(page, Requests);
        _reader = new ByteRingReader(page, Replies);
    }

    /// <summary>The ring that the guest writes.</summary>
    public static ByteRingLayout Requests => new(0, XenstoreInterface.RingSize, Consumer: Indexes, Producer: Indexes + 4);

    /// <summary>The ring that the guest reads.</summary>
    public static ByteRingLayout Replies => new(ReplyData, XenstoreInterface.RingSize, Consumer: Indexes + 8, Producer: Indexes + 12);

    /// <inheritdoc/>
    public int Read(Span<byte> destination)
    {
        _seenByReader = _channel.Count; // before looking
        int count = _reader.Read(destination);
        if (_reader.MustNotify) // xenstored looks at both rings once more before it waits
            _channel.Notify();
        return count;
    }

    /// <inheritdoc/>
    public int Write(ReadOnlySpan<byte> source)
    {
        _seenByWriter = _channel.Count; // before looking
        int count = _writer.Write(source);
        if (_writer.MustNotify)
            _channel.Notify();
        return count;
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
