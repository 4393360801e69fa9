using System.Threading.Channels;
using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Xenstore;

/// <summary>A peer whose every byte the test decides. It connects once.</summary>
internal sealed class ScriptedTransport : XenstoreTransport
{
    private readonly Channel<byte[]> _toClient = Channel.CreateUnbounded<byte[]>();
    private readonly Channel<XenstoreMessage> _fromClient = Channel.CreateUnbounded<XenstoreMessage>();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _connected;
    private long _bytesSent;

    public long BytesSent => Interlocked.Read(ref _bytesSent);

    public bool HasRequest => _fromClient.Reader.TryPeek(out _);

    /// <summary>Completes when the client has closed the connection.</summary>
    public Task Closed => _closed.Task;

    public override ValueTask<XenstoreChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_connected)
            throw new IOException("The scripted peer connects once.");
        _connected = true;
        return ValueTask.FromResult<XenstoreChannel>(new ScriptedChannel(this));
    }

    public ValueTask<XenstoreMessage> ReceiveAsync(CancellationToken cancellationToken) => _fromClient.Reader.ReadAsync(cancellationToken);

    public async Task<XenstoreMessage?> ReceiveOrClosedAsync(CancellationToken cancellationToken) =>
        await _fromClient.Reader.WaitToReadAsync(cancellationToken) && _fromClient.Reader.TryRead(out XenstoreMessage message) ? message : null;

    public void Reply(XenstoreMessage request, ReadOnlySpan<byte> payload) => Send(request.Type, request, payload);

    public void Fail(XenstoreMessage request, ReadOnlySpan<byte> error) => Send(XenstoreMessageType.Error, request, error);

    public void Send(byte[] bytes) => _toClient.Writer.TryWrite(bytes);

    public void End() => _toClient.Writer.TryComplete();

    private void Send(XenstoreMessageType type, XenstoreMessage request, ReadOnlySpan<byte> payload)
    {
        byte[] message = new byte[XenstoreCodec.HeaderSize + payload.Length];
        XenstoreCodec.WriteHeader(
            message, new XenstoreMessageHeader { Type = (uint)type, ReqId = request.RequestId, TxId = request.TransactionId, Len = (uint)payload.Length });
        payload.CopyTo(message.AsSpan(XenstoreCodec.HeaderSize));
        Send(message);
    }

    private sealed class ScriptedChannel(ScriptedTransport owner) : XenstoreChannel
    {
        private readonly XenstoreMessageParser _parser = new();
        private ReadOnlyMemory<byte> _rest;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            while (_rest.IsEmpty)
            {
                if (!await owner._toClient.Reader.WaitToReadAsync(cancellationToken))
                    return 0;
                _rest = await owner._toClient.Reader.ReadAsync(cancellationToken);
            }

            int count = Math.Min(_rest.Length, buffer.Length);
            _rest[..count].CopyTo(buffer);
            _rest = _rest[count..];
            return count;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            Interlocked.Add(ref owner._bytesSent, bytes.Length);
            ReadOnlySpan<byte> span = bytes.Span;
            while (_parser.TryRead(ref span, out XenstoreMessage message))
                owner._fromClient.Writer.TryWrite(message);
            return ValueTask.CompletedTask;
        }

        public override ValueTask DisposeAsync()
        {
            owner._fromClient.Writer.TryComplete();
            owner._closed.TrySetResult();
            return ValueTask.CompletedTask;
        }
    }
}
