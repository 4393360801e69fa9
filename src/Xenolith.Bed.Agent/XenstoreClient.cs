using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace Xenolith.Bed.Agent;

/// <summary>
/// The few requests to xenstored that the agent needs, over its Unix socket (Xen's public/io/xs_wire.h). All members may be used from any thread.
/// </summary>
internal sealed class XenstoreClient : IDisposable
{
    public const string SocketPath = "/run/xenstored/socket";
    private const int HeaderSize = 16;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ConcurrentDictionary<uint, TaskCompletionSource<(RequestType Type, byte[] Body)>> _replies = new();
    private readonly ConcurrentDictionary<string, Signal> _watches = new();
    private readonly SemaphoreSlim _sendLock = new(1, 1);
    private uint _lastRequest;

    private enum RequestType : uint
    {
        Directory = 1,
        Read = 2,
        Watch = 4,
        Unwatch = 5,
        Write = 11,
        Remove = 13,
        WatchEvent = 15,
        Error = 16,
    }

    /// <summary>Connects to the daemon, which must be listening.</summary>
    public XenstoreClient()
    {
        _socket.Connect(new UnixDomainSocketEndPoint(SocketPath));
        _ = ReceiveAsync();
    }

    /// <summary>A key's value; null when there is none.</summary>
    public Task<byte[]?> ReadBytesAsync(string path) => RequestOrNullAsync(RequestType.Read, Terminated(path));

    /// <inheritdoc cref="ReadBytesAsync"/>
    public async Task<string?> ReadAsync(string path) => await ReadBytesAsync(path) is byte[] value ? Encoding.UTF8.GetString(value) : null;

    public Task WriteAsync(string path, ReadOnlySpan<byte> value) => RequestAsync(RequestType.Write, [.. Terminated(path), .. value]);

    public Task WriteAsync(string path, string value) => WriteAsync(path, Encoding.UTF8.GetBytes(value));

    public Task RemoveAsync(string path) => RequestOrNullAsync(RequestType.Remove, Terminated(path));

    /// <summary>The names directly below a key; null when there is no such key.</summary>
    public async Task<string[]?> ListAsync(string path) =>
        await RequestOrNullAsync(RequestType.Directory, Terminated(path)) is byte[] names
            ? Encoding.UTF8.GetString(names).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            : null;

    /// <summary>Watches a path (or <c>@releaseDomain</c>) until the result is disposed. Fires once at the beginning.</summary>
    public async Task<StoreWatch> WatchAsync(string path)
    {
        string token = Guid.NewGuid().ToString("N");
        StoreWatch watch = new(this, path, token);
        _watches[token] = watch.Signal;
        await RequestAsync(RequestType.Watch, [.. Terminated(path), .. Terminated(token)]);
        return watch;
    }

    public void Dispose() => _socket.Dispose();

    private static byte[] Terminated(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    private async Task<byte[]?> RequestOrNullAsync(RequestType type, byte[] body)
    {
        (RequestType replyType, byte[] reply) = await ExchangeAsync(type, body);
        if (replyType != RequestType.Error)
            return reply;
        return Error(reply) == "ENOENT" ? null : throw Failure(type, body, reply);
    }

    private async Task RequestAsync(RequestType type, byte[] body)
    {
        (RequestType replyType, byte[] reply) = await ExchangeAsync(type, body);
        if (replyType == RequestType.Error)
            throw Failure(type, body, reply);
    }

    private static string Error(byte[] reply) => Encoding.ASCII.GetString(reply).TrimEnd('\0');

    private static IOException Failure(RequestType type, byte[] body, byte[] reply) =>
        new($"xenstore {type} of {Encoding.UTF8.GetString(body.AsSpan(0, body.AsSpan().IndexOf((byte)0)))}: {Error(reply)}");

    private async Task<(RequestType Type, byte[] Body)> ExchangeAsync(RequestType type, byte[] body)
    {
        uint number = Interlocked.Increment(ref _lastRequest);
        byte[] message = new byte[HeaderSize + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(message, (uint)type);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), number);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(12), body.Length);
        body.CopyTo(message, HeaderSize);

        TaskCompletionSource<(RequestType, byte[])> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _replies[number] = reply;
        await _sendLock.WaitAsync();
        try
        {
            for (int sent = 0; sent < message.Length;)
                sent += await _socket.SendAsync(message.AsMemory(sent));
        }
        finally
        {
            _sendLock.Release();
        }

        return await reply.Task;
    }

    private async Task ReceiveAsync()
    {
        Exception end = new IOException("xenstored closed the connection.");
        try
        {
            await using NetworkStream stream = new(_socket);
            byte[] header = new byte[HeaderSize];
            while (await stream.ReadAtLeastAsync(header, HeaderSize, throwOnEndOfStream: false) == HeaderSize)
            {
                RequestType type = (RequestType)BinaryPrimitives.ReadUInt32LittleEndian(header);
                byte[] body = new byte[BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12))];
                await stream.ReadExactlyAsync(body);
                if (type == RequestType.WatchEvent)
                {
                    // "path NUL token NUL"; a watch on its way out may have no listener any more.
                    string token = Encoding.UTF8.GetString(body).Split('\0')[1];
                    if (_watches.TryGetValue(token, out Signal? signal))
                        signal.Set();
                }
                else if (_replies.TryRemove(BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)), out var reply))
                {
                    reply.SetResult((type, body));
                }
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            end = exception;
        }

        foreach (var reply in _replies.Values)
            reply.TrySetException(end);
    }

    /// <summary>A watch in xenstored.</summary>
    public sealed class StoreWatch(XenstoreClient client, string path, string token) : IAsyncDisposable
    {
        public Signal Signal { get; } = new();

        public async ValueTask DisposeAsync()
        {
            client._watches.TryRemove(token, out _);
            await client.RequestAsync(RequestType.Unwatch, [.. Terminated(path), .. Terminated(token)]);
        }
    }
}
