using System.Buffers;
using System.Buffers.Binary;
using System.Threading.Channels;

namespace Xenolith.Bed.Protocol;

/// <summary>
/// One request under way, with its streams in both directions. Each stream may have one reader and one writer at a time.
/// </summary>
internal sealed class MultiplexedChannel
{
    private readonly Multiplexer _owner;
    private readonly IncomingStream[] _incoming = new IncomingStream[StreamNumber.Count];
    private readonly OutgoingStream[] _outgoing = new OutgoingStream[StreamNumber.Count];
    private readonly TaskCompletionSource<ReadOnlyMemory<byte>> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cancelled = new();

    internal MultiplexedChannel(Multiplexer owner, int number)
    {
        _owner = owner;
        Number = number;
        for (int i = 0; i < StreamNumber.Count; i++)
        {
            _incoming[i] = new();
            _outgoing[i] = new();
        }
    }

    public int Number { get; }

    /// <summary>The other side's result: the payload of its Close. Fails with an <see cref="IOException"/> when the connection ends first.</summary>
    public Task<ReadOnlyMemory<byte>> Result => _result.Task;

    /// <summary>Set when the other side no longer wants the result, or the connection ended.</summary>
    public CancellationToken Cancelled => _cancelled.Token;

    /// <summary>Sends bytes on a stream, waiting for the receiver to take earlier ones as needed.</summary>
    public async ValueTask WriteAsync(byte stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            int count = await _outgoing[stream].TakeAsync(Math.Min(bytes.Length, Wire.MaxPayload), cancellationToken).ConfigureAwait(false);
            await _owner.SendDataAsync(Number, stream, bytes[..count], cancellationToken).ConfigureAwait(false);
            bytes = bytes[count..];
        }
    }

    /// <summary>Says that nothing more comes on a stream.</summary>
    public ValueTask EndAsync(byte stream, CancellationToken cancellationToken) =>
        _owner.SendAsync(Number, FrameKind.End, stream, default, cancellationToken);

    /// <summary>
    /// The next bytes of a stream; empty at its end. A stream ends also when the channel is closed. The bytes are valid until the next call for the
    /// stream.
    /// </summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(byte stream, CancellationToken cancellationToken)
    {
        IncomingStream incoming = _incoming[stream];
        if (incoming.Lent is byte[] lent)
            ArrayPool<byte>.Shared.Return(lent);
        incoming.Lent = null;
        if (!await incoming.Chunks.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false) || !incoming.Chunks.Reader.TryRead(out ArraySegment<byte> chunk))
            return default;
        incoming.Lent = chunk.Array;
        incoming.Taken += chunk.Count;
        if (incoming.Taken >= Wire.Window / 4 && !_result.Task.IsCompleted)
        {
            byte[] count = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(count, incoming.Taken);
            incoming.Taken = 0;
            await _owner.SendAsync(Number, FrameKind.Credit, stream, count, cancellationToken).ConfigureAwait(false);
        }

        return chunk;
    }

    /// <summary>Gives the result and ends the channel; the last thing that a channel's accepter does.</summary>
    public async ValueTask CloseAsync(ReadOnlyMemory<byte> result)
    {
        _owner.Forget(Number);
        await _owner.SendAsync(Number, FrameKind.Close, null, result, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Tells the other side that the result is no longer wanted.</summary>
    public ValueTask CancelAsync() =>
        _result.Task.IsCompleted ? ValueTask.CompletedTask : _owner.SendAsync(Number, FrameKind.Cancel, null, default, CancellationToken.None);

    internal void Receive(FrameKind kind, byte[] payload, int length)
    {
        switch (kind)
        {
            case FrameKind.Data:
                _incoming[Stream(payload)].Chunks.Writer.TryWrite(new(payload, 1, length - 1));
                break;
            case FrameKind.End:
                _incoming[Stream(payload)].Chunks.Writer.TryComplete();
                break;
            case FrameKind.Credit:
                _outgoing[Stream(payload)].Give(BinaryPrimitives.ReadInt32LittleEndian(payload.AsSpan(1)));
                break;
            case FrameKind.Close:
                _owner.Forget(Number);
                foreach (IncomingStream stream in _incoming)
                    stream.Chunks.Writer.TryComplete();
                foreach (OutgoingStream stream in _outgoing)
                    stream.Fail(new IOException("The request has ended."));
                _result.TrySetResult(payload.AsMemory(0, length));
                break;
            case FrameKind.Cancel:
                _ = _cancelled.CancelAsync();
                break;
            default:
                throw new InvalidDataException($"A frame of the unknown kind {(byte)kind} came.");
        }
    }

    internal void Fail(Exception exception)
    {
        IOException failure = new(exception.Message, exception);
        foreach (IncomingStream stream in _incoming)
            stream.Chunks.Writer.TryComplete(failure);
        foreach (OutgoingStream stream in _outgoing)
            stream.Fail(failure);
        if (_result.TrySetException(failure))
            _ = _result.Task.Exception; // Observed: not everybody waits for it.
        _ = _cancelled.CancelAsync();
    }

    private static byte Stream(byte[] payload) =>
        payload.Length > 0 && payload[0] < StreamNumber.Count ? payload[0] : throw new InvalidDataException("A frame names no stream.");

    private sealed class IncomingStream
    {
        /// <summary>What came and was not read yet. Unbounded here, bounded by the window that the sender keeps to.</summary>
        public Channel<ArraySegment<byte>> Chunks { get; } =
            Channel.CreateUnbounded<ArraySegment<byte>>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = false });

        /// <summary>The pool's array that the reader looks at.</summary>
        public byte[]? Lent { get; set; }

        /// <summary>Bytes read and not yet credited to the sender.</summary>
        public int Taken { get; set; }
    }

    private sealed class OutgoingStream
    {
        private readonly Lock _lock = new();
        private int _credit = Wire.Window;
        private Exception? _failure;
        private TaskCompletionSource? _waiter;

        public async ValueTask<int> TakeAsync(int wanted, CancellationToken cancellationToken)
        {
            while (true)
            {
                Task wait;
                lock (_lock)
                {
                    if (_failure is not null)
                        throw new IOException(_failure.Message, _failure);
                    if (_credit > 0)
                    {
                        int count = Math.Min(wanted, _credit);
                        _credit -= count;
                        return count;
                    }

                    wait = (_waiter ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                }

                await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        public void Give(int count)
        {
            lock (_lock)
                _credit += count;
            Wake();
        }

        public void Fail(Exception exception)
        {
            lock (_lock)
                _failure ??= exception;
            Wake();
        }

        private void Wake()
        {
            TaskCompletionSource? waiter;
            lock (_lock)
            {
                waiter = _waiter;
                _waiter = null;
            }

            waiter?.SetResult();
        }
    }
}
