// xenstored's Unix socket, as in dom0.

using System.Net.Sockets;

namespace Xenolith.Xenstore;

/// <summary>Reaches xenstored over its Unix socket.</summary>
/// <param name="socketPath">The socket's file.</param>
public sealed class XenstoreUnixSocketTransport(string socketPath = XenstoreUnixSocketTransport.DefaultSocketPath) : XenstoreTransport
{
    /// <summary>Where xenstored listens in dom0.</summary>
    public const string DefaultSocketPath = "/run/xenstored/socket";

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);
    private bool _connectedBefore;

    /// <summary>
    /// How long to try after a connection was lost. 10 s: what a restart of the daemon takes with much to spare. The first connection is tried once.
    /// </summary>
    public TimeSpan ReconnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public override async ValueTask<XenstoreChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        long deadline = Environment.TickCount64 + (_connectedBefore ? (long)ReconnectTimeout.TotalMilliseconds : 0);
        while (true)
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
                _connectedBefore = true;
                return new SocketChannel(socket);
            }
            catch (SocketException exception)
            {
                socket.Dispose();
                if (Environment.TickCount64 >= deadline)
                    throw new IOException($"xenstored cannot be reached at {socketPath}: {exception.Message}", exception);
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            // Nothing announces that another process listens again.
            await Task.Delay(s_pause, cancellationToken);
        }
    }

    private sealed class SocketChannel(Socket socket) : XenstoreChannel
    {
        private readonly NetworkStream _stream = new(socket, ownsSocket: true);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => _stream.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => _stream.WriteAsync(bytes, cancellationToken);

        public override ValueTask DisposeAsync() => _stream.DisposeAsync();
    }
}
