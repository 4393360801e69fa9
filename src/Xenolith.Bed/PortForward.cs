using System.Net;
using System.Net.Sockets;

namespace Xenolith.Bed;

/// <summary>A port on this host's loopback that leads into the bed.</summary>
public sealed class PortForward : IAsyncDisposable
{
    private readonly Func<CancellationToken, Task<Stream>> _connect;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop;
    private readonly Task _accepting;

    /// <param name="connect">Makes the connection in the bed that one here is continued to.</param>
    /// <param name="disposed">Cancelled when the bed is disposed.</param>
    internal PortForward(Func<CancellationToken, Task<Stream>> connect, CancellationToken disposed)
    {
        _connect = connect;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(disposed);
        _listener.Start();
        LocalEndPoint = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync();
    }

    /// <summary>Where to connect to.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Closes the port and every connection through it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token).ConfigureAwait(false);
                connections.RemoveAll(connection => connection.IsCompleted);
                connections.Add(ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections).ConfigureAwait(false);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                await using Stream remote = await _connect(_stop.Token).ConfigureAwait(false);
                await using NetworkStream local = client.GetStream();
                await Task.WhenAll(OutAsync(local, remote), InAsync(remote, local)).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is BedException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The client sees a closed connection, as it would without the bed in between.
                client.Client.Close(0);
            }
        }

        async Task OutAsync(NetworkStream local, Stream remote)
        {
            await local.CopyToAsync(remote, _stop.Token).ConfigureAwait(false);
            await ((ChannelStream)remote).EndWritingAsync(_stop.Token).ConfigureAwait(false);
        }

        async Task InAsync(Stream remote, NetworkStream local)
        {
            await remote.CopyToAsync(local, _stop.Token).ConfigureAwait(false);
            local.Socket.Shutdown(SocketShutdown.Send);
        }
    }
}
