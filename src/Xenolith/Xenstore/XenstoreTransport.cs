// What carries the bytes between a client and xenstored: a shared ring, a socket, or memory.

namespace Xenolith.Xenstore;

/// <summary>
/// A way to xenstored, over which a client may connect several times: after a domain has resumed or the daemon has restarted, the old connection ends
/// and the next one is made. A transport belongs to one client, which disposes of it.
/// </summary>
public abstract class XenstoreTransport : IAsyncDisposable
{
    /// <summary>
    /// Connects. Called again after a channel has ended; it then waits until the peer can be reached again, for as long as that makes sense, because
    /// the client does not try again after an exception. Never called while an earlier channel is in use. The channel begins where a message begins:
    /// bytes that belong to an earlier one are gone.
    /// </summary>
    /// <exception cref="IOException">xenstored cannot be reached.</exception>
    public abstract ValueTask<XenstoreChannel> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Releases what the transport holds. Called after the last channel was disposed.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>One connection to xenstored: a stream of bytes in each direction. One read and one write may be under way at the same time.</summary>
public abstract class XenstoreChannel : IAsyncDisposable
{
    /// <summary>Waits for bytes.</summary>
    /// <returns>How many were read, at least 1; 0 when the connection has ended.</returns>
    /// <exception cref="IOException">The connection has broken.</exception>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Sends all of the bytes.</summary>
    /// <exception cref="IOException">The connection has broken or ended; how many bytes went out is not known.</exception>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Closes the connection; a read or write that is under way ends.</summary>
    public abstract ValueTask DisposeAsync();
}
