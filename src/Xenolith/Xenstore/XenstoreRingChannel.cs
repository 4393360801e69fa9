// xenstore over a pair of byte rings. The rings themselves, with their indices in shared memory, are the platform's.

namespace Xenolith.Xenstore;

/// <summary>
/// A pair of byte rings to xenstored, as a platform offers them. One thread at a time reads, and one writes. An implementation checks the peer's
/// indices and ends the ring if they are impossible.
/// </summary>
public interface IXenstoreRing : IAsyncDisposable
{
    /// <summary>Takes bytes out of the ring of replies and tells the peer about the room.</summary>
    /// <returns>How many; 0 if there are none now.</returns>
    /// <exception cref="IOException">The peer broke the ring.</exception>
    int Read(Span<byte> destination);

    /// <summary>Puts bytes into the ring of requests and tells the peer.</summary>
    /// <returns>How many, from the front; 0 if there is no room now.</returns>
    /// <exception cref="IOException">The peer broke the ring.</exception>
    int Write(ReadOnlySpan<byte> source);

    /// <summary>
    /// Waits until something may have changed since the caller's last <see cref="Read"/> that gave 0; it may return without a reason.
    /// </summary>
    /// <returns>False if the ring has ended (the domain was suspended, or the ring was closed): nothing more will come.</returns>
    ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken);

    /// <summary>As <see cref="WaitToReadAsync"/>, for <see cref="Write"/>.</summary>
    ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken);
}

/// <summary>A connection over a pair of byte rings: requests longer than the ring's room go out in parts.</summary>
/// <param name="ring">The rings; the channel owns them.</param>
public sealed class XenstoreRingChannel(IXenstoreRing ring) : XenstoreChannel
{
    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            int count = ring.Read(buffer.Span);
            if (count > 0 || !await ring.WaitToReadAsync(cancellationToken))
                return count;
        }
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            int count = ring.Write(bytes.Span);
            bytes = bytes[count..];
            if (count == 0 && !await ring.WaitToWriteAsync(cancellationToken))
                throw new IOException("The ring to xenstored has ended.");
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ring.DisposeAsync();
}
