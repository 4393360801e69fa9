using Xenolith.Bed.Protocol;

namespace Xenolith.Bed;

/// <summary>Copies between streams and channels.</summary>
internal static class Transfers
{
    /// <summary>
    /// Sends a stream's content as the channel's Input, and its end. Stops without an error when the other side closes the channel first.
    /// </summary>
    public static async Task SendAllAsync(this MultiplexedChannel channel, Stream source, CancellationToken cancellationToken, Action? progressed = null)
    {
        byte[] buffer = new byte[Wire.MaxPayload];
        int count;
        while ((count = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            try
            {
                await channel.WriteAsync(StreamNumber.Input, buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                progressed?.Invoke();
            }
            catch (IOException) when (channel.Result.IsCompletedSuccessfully)
            {
                return; // A program need not read its input to the end; a failure is in the result.
            }
        }

        await channel.EndAsync(StreamNumber.Input, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Receives one of the channel's streams up to its end.</summary>
    public static async Task ReceiveAllAsync(
        this MultiplexedChannel channel, byte stream, Stream destination, CancellationToken cancellationToken, Action? progressed = null, bool flush = false)
    {
        while (await channel.ReadAsync(stream, cancellationToken).ConfigureAwait(false) is { IsEmpty: false } bytes)
        {
            await destination.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            progressed?.Invoke();
            if (flush)
                await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>Counts what is read from a stream.</summary>
internal sealed class CountingStream(Stream source) : Stream
{
    public long Count { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        Count += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
