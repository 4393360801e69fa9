using System.Net.Sockets;
using Xenolith.Simulation.Xenstore;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Xenstore;

/// <summary>The contract in memory.</summary>
public sealed class InMemoryClientTests : ClientContract
{
    private readonly InMemoryXenstored _daemon = new();

    protected override Task<XenstoreClient> ConnectAsync() => XenstoreClient.ConnectAsync(_daemon.CreateTransport(0));
}

/// <summary>The contract over a pair of 1 KiB rings, in which no long message fits at once.</summary>
public sealed class RingClientTests : ClientContract
{
    private readonly InMemoryXenstored _daemon = new();

    protected override Task<XenstoreClient> ConnectAsync() => XenstoreClient.ConnectAsync(new RingTransport(_daemon.CreateTransport(0)));

    private sealed class RingTransport(XenstoreTransport inner) : XenstoreTransport
    {
        public override async ValueTask<XenstoreChannel> ConnectAsync(CancellationToken cancellationToken) =>
            new XenstoreRingChannel(new RingBridge(await inner.ConnectAsync(cancellationToken)));
    }
}

/// <summary>The contract over a Unix socket, and what is particular to one.</summary>
public sealed class UnixSocketClientTests : ClientContract
{
    private readonly InMemoryXenstored _daemon = new();
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"xenstore-{Guid.NewGuid():N}");
    private SocketServer? _server;

    protected override Task<XenstoreClient> ConnectAsync()
    {
        _server = new SocketServer(_path, _daemon);
        return XenstoreClient.ConnectAsync(new XenstoreUnixSocketTransport(_path));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _server!.DisposeAsync();
    }

    [Fact]
    public async Task A_daemon_that_restarts_is_connected_to_again_and_watches_go_on()
    {
        await using XenstoreWatch watch = await Store.WatchAsync("/contract", Token);
        await watch.ReadAsync(Token);
        await _server!.DisposeAsync();
        _server = new SocketServer(_path, _daemon);
        Assert.Equal("/contract", (await watch.ReadAsync(Token)).Path);
        await Store.WriteAsync("/contract/x", "after", Token);
        Assert.Equal("/contract/x", (await watch.ReadAsync(Token)).Path);
        Assert.Equal(2, Store.ConnectionGeneration);
    }

    [Fact]
    public async Task A_daemon_that_is_not_there_is_a_clear_error()
    {
        XenstoreDisconnectedException exception = await Assert.ThrowsAsync<XenstoreDisconnectedException>(
            () => XenstoreClient.ConnectAsync(new XenstoreUnixSocketTransport("/nonexistent/socket"), cancellationToken: Token));
        Assert.Contains("/nonexistent/socket", exception.Message);
    }

    [Fact]
    public async Task A_daemon_that_does_not_come_back_ends_everything_that_waits()
    {
        await using XenstoreClient impatient =
            await XenstoreClient.ConnectAsync(new XenstoreUnixSocketTransport(_path) { ReconnectTimeout = TimeSpan.Zero }, cancellationToken: Token);
        await using XenstoreWatch watch = await impatient.WatchAsync("/contract", Token);
        await watch.ReadAsync(Token);
        await _server!.DisposeAsync();
        await Assert.ThrowsAsync<XenstoreDisconnectedException>(async () => await watch.ReadAsync(Token));
        await Assert.ThrowsAsync<XenstoreDisconnectedException>(() => impatient.ReadAsync("/contract", Token));
    }
}

/// <summary>Serves an in-memory daemon on a Unix socket.</summary>
internal sealed class SocketServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _path;
    private readonly Task _run;

    public SocketServer(string path, InMemoryXenstored daemon)
    {
        _path = path;
        File.Delete(path);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _run = RunAsync(daemon);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _run;
        File.Delete(_path);
    }

    private async Task RunAsync(InMemoryXenstored daemon)
    {
        List<Task> served = [];
        try
        {
            while (true)
                served.Add(ServeAsync(await _listener.AcceptAsync(_stop.Token), daemon));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }

        await Task.WhenAll(served);
    }

    private async Task ServeAsync(Socket socket, InMemoryXenstored daemon)
    {
        await using NetworkStream stream = new(socket, ownsSocket: true);
        await using XenstoreChannel channel = await daemon.CreateTransport(0).ConnectAsync(_stop.Token);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await Task.WhenAll(
            CopyAsync(stream.ReadAsync, channel.WriteAsync, ended),
            CopyAsync(channel.ReadAsync, stream.WriteAsync, ended));
    }

    private static async Task CopyAsync(
        Func<Memory<byte>, CancellationToken, ValueTask<int>> read,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write,
        CancellationTokenSource ended)
    {
        byte[] buffer = new byte[4096];
        try
        {
            int count;
            while ((count = await read(buffer, ended.Token)) > 0)
                await write(buffer.AsMemory(0, count), ended.Token);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
        }

        await ended.CancelAsync();
    }
}

/// <summary>A pair of 1 KiB rings in front of a channel.</summary>
internal sealed class RingBridge : IXenstoreRing
{
    private const int Size = 1024;
    private readonly XenstoreChannel _channel;
    private readonly CancellationTokenSource _stop = new();
    private readonly ByteRing _requests = new();
    private readonly ByteRing _replies = new();
    private readonly Task _run;

    public RingBridge(XenstoreChannel channel)
    {
        _channel = channel;
        _run = Task.WhenAll(ForwardAsync(), ReturnAsync());
    }

    public int Read(Span<byte> destination) => _replies.Read(destination);

    public int Write(ReadOnlySpan<byte> source) => _requests.Write(source);

    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => _replies.WaitForDataAsync(cancellationToken);

    public ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken) => _requests.WaitForRoomAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _channel.DisposeAsync();
        await _run;
    }

    private async Task ForwardAsync()
    {
        byte[] buffer = new byte[100];
        try
        {
            while (await _requests.WaitForDataAsync(_stop.Token))
                await _channel.WriteAsync(buffer.AsMemory(0, _requests.Read(buffer)), _stop.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            _requests.End();
        }
    }

    private async Task ReturnAsync()
    {
        byte[] buffer = new byte[100];
        try
        {
            int count;
            while ((count = await _channel.ReadAsync(buffer, _stop.Token)) > 0)
            {
                ReadOnlyMemory<byte> rest = buffer.AsMemory(0, count);
                while (!rest.IsEmpty && await _replies.WaitForRoomAsync(_stop.Token))
                    rest = rest[_replies.Write(rest.Span)..];
            }
        }
        catch (OperationCanceledException)
        {
        }

        _replies.End();
    }

    private sealed class ByteRing
    {
        private readonly Lock _lock = new();
        private readonly Queue<byte> _bytes = new();
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _ended;

        public int Read(Span<byte> destination)
        {
            lock (_lock)
            {
                int count = Math.Min(destination.Length, _bytes.Count);
                for (int index = 0; index < count; index++)
                    destination[index] = _bytes.Dequeue();
                return Changed(count);
            }
        }

        public int Write(ReadOnlySpan<byte> source)
        {
            lock (_lock)
            {
                int count = Math.Min(source.Length, Size - _bytes.Count);
                foreach (byte value in source[..count])
                    _bytes.Enqueue(value);
                return Changed(count);
            }
        }

        public void End()
        {
            lock (_lock)
            {
                _ended = true;
                Changed(1);
            }
        }

        public ValueTask<bool> WaitForDataAsync(CancellationToken cancellationToken) => WaitAsync(() => _bytes.Count > 0, cancellationToken);

        public ValueTask<bool> WaitForRoomAsync(CancellationToken cancellationToken) => WaitAsync(() => _bytes.Count < Size, cancellationToken);

        private async ValueTask<bool> WaitAsync(Func<bool> condition, CancellationToken cancellationToken)
        {
            while (true)
            {
                Task changed;
                lock (_lock)
                {
                    if (condition())
                        return true;
                    if (_ended)
                        return false;
                    changed = _changed.Task;
                }

                await changed.WaitAsync(cancellationToken);
            }
        }

        private int Changed(int count)
        {
            if (count > 0)
            {
                _changed.SetResult();
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return count;
        }
    }
}
