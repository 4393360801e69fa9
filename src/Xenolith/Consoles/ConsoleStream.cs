using System.Runtime.CompilerServices;
using Xenolith.EventChannels;
using Xenolith.Rings;
using Xenolith.Xenbus;

namespace Xenolith.Consoles;

/// <summary>
/// One end of a connected console, as a stream of bytes in both directions: wrap it in a <see cref="StreamReader"/> and a <see cref="StreamWriter"/>
/// for lines. Bytes go through as they are; nothing is added to a line feed.
/// </summary>
/// <remarks>
/// <para>Safe from any thread: a read and a write may be under way at the same time; of several reads or writes each takes its turn whole, in the
/// order in which they were begun.</para>
/// <para>A read of 0 bytes means that the other end has closed the console, or its domain is gone; whatever it wrote before was read until then.
/// Writing is an <see cref="IOException"/> then. An end that breaks the rules of the ring closes this console with
/// <see cref="RingProtocolException"/>, for this and all later calls, and harms nothing else. After the domain was resumed every call throws
/// <see cref="StaleHandleException"/>: dispose of the console and open it again, in a loop over <see cref="Generation"/>.</para>
/// <para>The synchronous members block their thread until the asynchronous ones have ended. They must not be called from a hook or where one thread
/// does all, as in a simulation.</para>
/// </remarks>
public abstract partial class ConsoleStream : Stream
{
    private readonly Lock _lock = new(); // around each access to the ring: the memory goes when the connection ends
    private readonly FairSemaphore _readTurn = new(1), _writeTurn = new(1);
    private ConsoleRing? _ring; // while there is shared memory
    private ReadOnlyMemory<byte> _rest; // what the other end wrote before the connection ended
    private bool _ended;
    private Exception? _error; // why it ended, if not in good order
    private bool _disposed;

    private protected ConsoleStream(XenPlatform platform, XenbusDevice device, string description, XenConsoleOptions options)
    {
        Platform = platform;
        Device = device;
        _description = description;
        _options = options;
        _generation = platform.Generation;
        _stop = new CancellationTokenSource(Timeout.InfiniteTimeSpan, platform.TimeProvider);
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <summary>False.</summary>
    public override bool CanSeek => false;

    /// <summary>Not supported.</summary>
    public override long Length => throw new NotSupportedException();

    /// <summary>Not supported.</summary>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads at least one byte, waiting for it if there is none.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="cancellationToken">Ends the wait; no byte is lost.</param>
    /// <returns>How many; 0 if the other end has closed the console (or if the buffer is empty).</returns>
    /// <exception cref="RingProtocolException">The other end broke the ring.</exception>
    /// <exception cref="StaleHandleException">The domain was resumed.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (buffer.IsEmpty)
            return 0;
        await _readTurn.WaitAsync(cancellationToken);
        try
        {
            while (true)
            {
                if (TryRead(buffer.Span, out int count, out Pause pause))
                    return count;
                await WaitAsync(pause, cancellationToken);
            }
        }
        finally
        {
            _readTurn.Release();
        }
    }

    /// <summary>
    /// Writes all of the bytes, in as many parts as the ring's room asks for, waiting for the other end to take them. When it returns, all are in the
    /// ring, and the other end was told; <see cref="DrainAsync"/> waits until it has taken them.
    /// </summary>
    /// <param name="buffer">The bytes.</param>
    /// <param name="cancellationToken">Ends the wait; some of the bytes may have been written.</param>
    /// <exception cref="IOException">The other end has closed the console.</exception>
    /// <exception cref="RingProtocolException">The other end broke the ring.</exception>
    /// <exception cref="StaleHandleException">The domain was resumed.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _writeTurn.WaitAsync(cancellationToken);
        try
        {
            while (!buffer.IsEmpty)
            {
                int count = Write(buffer.Span, out Pause pause);
                buffer = buffer[count..];
                if (!buffer.IsEmpty && count == 0)
                    await WaitAsync(pause, cancellationToken);
            }
        }
        finally
        {
            _writeTurn.Release();
        }
    }

    /// <summary>Waits until the other end has taken all that was written.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">The other end has closed the console.</exception>
    /// <exception cref="RingProtocolException">The other end broke the ring.</exception>
    /// <exception cref="StaleHandleException">The domain was resumed.</exception>
    public async ValueTask DrainAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await DrainCoreAsync(cancellationToken);
    }

    /// <summary>Does nothing: what was written is in the ring. See <see cref="DrainAsync"/>.</summary>
    public override void Flush()
    {
    }

    /// <inheritdoc cref="Flush"/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Not supported.</summary>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <summary>Not supported.</summary>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>The console as messages name it.</summary>
    public override string ToString() => _description;

    /// <summary>What to wait for after having found nothing to do.</summary>
    /// <param name="Channel">The channel.</param>
    /// <param name="Seen">Its count before looking.</param>
    private readonly record struct Pause(EventChannel Channel, EventCount Seen);

    private bool TryRead(Span<byte> buffer, out int count, out Pause pause)
    {
        RingProtocolException broken;
        lock (_lock)
        {
            pause = default;
            count = Math.Min(buffer.Length, _rest.Length);
            if (count > 0)
            {
                _rest.Span[..count].CopyTo(buffer);
                _rest = _rest[count..];
                return true;
            }
            if (_error is not null)
                throw _error;
            if (_ended)
                return true;
            ConsoleRing ring = _ring!;
            pause = new Pause(ring.Channel, ring.Channel.Count); // before looking
            try
            {
                count = ring.Read(buffer);
                return count > 0;
            }
            catch (RingProtocolException error)
            {
                broken = error;
            }
        }
        throw Fail(broken);
    }

    private int Write(ReadOnlySpan<byte> buffer, out Pause pause)
    {
        RingProtocolException broken;
        lock (_lock)
        {
            ConsoleRing ring = GetRing();
            pause = new Pause(ring.Channel, ring.Channel.Count); // before looking
            try
            {
                return ring.Write(buffer);
            }
            catch (RingProtocolException error)
            {
                broken = error;
            }
        }
        throw Fail(broken);
    }

    private async ValueTask DrainCoreAsync(CancellationToken cancellationToken)
    {
        while (CountUnread(out Pause pause) > 0)
            await WaitAsync(pause, cancellationToken);
    }

    private int CountUnread(out Pause pause)
    {
        RingProtocolException broken;
        lock (_lock)
        {
            ConsoleRing ring = GetRing();
            pause = new Pause(ring.Channel, ring.Channel.Count); // before looking
            try
            {
                return ring.Unread;
            }
            catch (RingProtocolException error)
            {
                broken = error;
            }
        }
        throw Fail(broken);
    }

    /// <summary>The ring, to be written to. Under the lock.</summary>
    private ConsoleRing GetRing()
    {
        if (_error is not null)
            throw _error;
        return _ended || _ring is null ? throw new IOException($"{this}: the other end has closed it.") : _ring;
    }

    /// <summary>Waits for news of the other end, or for the end of the connection: the caller looks again.</summary>
    private async ValueTask WaitAsync(Pause pause, CancellationToken cancellationToken)
    {
        try
        {
            await pause.Channel.WaitAsync(pause.Seen, cancellationToken);
        }
        catch (ObjectDisposedException)
        {
            // The connection has ended: looking again tells how.
        }
        catch (StaleHandleException)
        {
            End(new StaleHandleException(_description));
        }
    }

    /// <summary>The other end broke the ring: nothing of it is believed any more.</summary>
    /// <returns>What to throw.</returns>
    private RingProtocolException Fail(RingProtocolException broken)
    {
        RingProtocolException error = Broken(broken);
        End(error);
        BeginToClose();
        return error;
    }

    private RingProtocolException Broken(RingProtocolException broken) =>
        new($"{this}: domain {Device.OtherDomain} broke the ring. {broken.Message}");

    /// <summary>Nothing can be read or written any more. The first error counts.</summary>
    private void End(Exception? error)
    {
        EventChannel? channel;
        lock (_lock)
        {
            _ended = true;
            _error ??= error;
            channel = _ring?.Channel;
        }
        channel?.Dispose(); // wakes those who wait
    }
}
