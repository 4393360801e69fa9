using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace Xenolith.Bed.Protocol;

/// <summary>
/// One side of the connection between host and agent: cuts the byte stream into frames and hands them to the channels.
/// All members may be used from any thread.
/// </summary>
/// <param name="input">Where the other side's frames come from.</param>
/// <param name="output">Where this side's frames go.</param>
/// <param name="exchange">Where large pieces go.</param>
/// <param name="accept">Called for each channel that the other side opens, with its request; it must not block. Null: none may be opened.</param>
internal sealed class Multiplexer(Stream input, Stream output, Exchange exchange, Action<MultiplexedChannel, ReadOnlyMemory<byte>>? accept = null)
{
    private readonly ConcurrentDictionary<int, MultiplexedChannel> _channels = new();
    private readonly SemaphoreSlim _outputLock = new(1, 1);
    private readonly Lock _failureLock = new();
    private Exception? _failure;
    private int _lastChannel;

    /// <summary>Opens a channel with a request.</summary>
    public async Task<MultiplexedChannel> OpenAsync(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        MultiplexedChannel channel = new(this, Interlocked.Increment(ref _lastChannel));
        lock (_failureLock)
        {
            if (_failure is not null)
                throw new IOException(_failure.Message, _failure);
            _channels[channel.Number] = channel;
        }

        try
        {
            await SendAsync(channel.Number, FrameKind.Open, default, request, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Nothing was sent: a frame is written whole or the connection fails.
            _channels.TryRemove(channel.Number, out _);
            throw;
        }

        return channel;
    }

    /// <summary>Reads frames until the connection ends or breaks, then fails every channel.</summary>
    public async Task RunAsync()
    {
        const string ended = "The connection between the host and dom0 has ended.";
        Exception end = new EndOfStreamException(ended);
        byte[] header = new byte[Wire.HeaderSize];
        try
        {
            while (await input.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false).ConfigureAwait(false) == header.Length)
            {
                int length = BinaryPrimitives.ReadInt32LittleEndian(header);
                int number = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4));
                if ((uint)length > Wire.MaxPayload + 1)
                    throw new InvalidDataException($"A frame of {length} bytes was announced.");
                FrameKind kind = (FrameKind)header[8];
                // Data goes back to the pool when it has been read: fresh memory is dear in dom0, where each page of it costs hypercalls.
                byte[] payload = kind == FrameKind.Data ? ArrayPool<byte>.Shared.Rent(length) : new byte[length];
                await input.ReadExactlyAsync(payload.AsMemory(0, length)).ConfigureAwait(false);
                Receive(number, kind, payload, length);
            }
        }
        catch (InvalidDataException exception)
        {
            end = exception;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            end = new EndOfStreamException(ended, exception);
        }

        Fail(end);
    }

    /// <summary>Ends all channels, and those opened later, with an error. Only the first call has an effect.</summary>
    public void Fail(Exception exception)
    {
        lock (_failureLock)
        {
            if (_failure is not null)
                return;
            _failure = exception;
        }

        foreach (MultiplexedChannel channel in _channels.Values)
            channel.Fail(exception);
    }

    /// <summary>Sends a stream's bytes, over the exchange if they are many and it has room.</summary>
    internal ValueTask SendDataAsync(int channel, byte stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.Length < Exchange.Threshold || exchange.TryWrite(bytes.Span) is not int slot)
            return SendAsync(channel, FrameKind.Data, stream, bytes, cancellationToken);
        byte[] reference = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(reference, slot);
        BinaryPrimitives.WriteInt32LittleEndian(reference.AsSpan(4), bytes.Length);
        // Not cancellable: the slot comes back only if the other side hears of it.
        return SendAsync(channel, FrameKind.ExchangedData, stream, reference, CancellationToken.None);
    }

    internal async ValueTask SendAsync(int channel, FrameKind kind, byte? stream, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        int prefix = stream is null ? 0 : 1;
        int size = Wire.HeaderSize + prefix + payload.Length;
        byte[] frame = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            BinaryPrimitives.WriteInt32LittleEndian(frame, prefix + payload.Length);
            BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), channel);
            frame[8] = (byte)kind;
            if (stream is byte number)
                frame[Wire.HeaderSize] = number;
            payload.CopyTo(frame.AsMemory(Wire.HeaderSize + prefix));
            await _outputLock.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // Not cancellable: half a frame would break the connection for everybody.
                await output.WriteAsync(frame.AsMemory(0, size), CancellationToken.None).ConfigureAwait(false);
            }
            finally
            {
                _outputLock.Release();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    internal void Forget(int channel) => _channels.TryRemove(channel, out _);

    private void Receive(int number, FrameKind kind, byte[] payload, int length)
    {
        if (kind == FrameKind.Open)
        {
            if (accept is null)
                throw new InvalidDataException("The other side opened a channel.");
            MultiplexedChannel opened = new(this, number);
            _channels[number] = opened;
            accept(opened, payload);
            return;
        }

        if (kind == FrameKind.Release)
        {
            exchange.Release(BinaryPrimitives.ReadInt32LittleEndian(payload));
            return;
        }

        if (kind == FrameKind.ExchangedData)
        {
            kind = FrameKind.Data;
            (payload, length) = Fetch(payload);
        }

        // A frame for a channel that is closed here crossed our Close on the way.
        if (_channels.TryGetValue(number, out MultiplexedChannel? channel))
            channel.Receive(kind, payload, length);
    }

    private (byte[] Payload, int Length) Fetch(ReadOnlySpan<byte> reference)
    {
        int slot = BinaryPrimitives.ReadInt32LittleEndian(reference[1..]);
        int length = BinaryPrimitives.ReadInt32LittleEndian(reference[5..]);
        if ((uint)length > Wire.MaxPayload)
            throw new InvalidDataException($"A frame refers to {length} bytes.");
        byte[] payload = ArrayPool<byte>.Shared.Rent(1 + length);
        payload[0] = reference[0];
        exchange.Read(slot, payload.AsSpan(1, length));
        _ = Task.Run(ReleaseAsync);
        return (payload, 1 + length);

        // Not awaited: a reader that waits for its own writer, on both sides at once, would never go on.
        async Task ReleaseAsync()
        {
            byte[] number = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(number, slot);
            try
            {
                await SendAsync(0, FrameKind.Release, null, number, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                // The connection is gone, which the reader notices, too.
            }
        }
    }
}
