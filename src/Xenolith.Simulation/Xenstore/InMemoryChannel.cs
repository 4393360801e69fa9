using Xenolith.Xenstore;

namespace Xenolith.Simulation.Xenstore;

/// <summary>A domain's way to the simulated daemon.</summary>
internal sealed class InMemoryTransport(InMemoryXenstored daemon, int domainId) : XenstoreTransport
{
    public override ValueTask<XenstoreChannel> ConnectAsync(CancellationToken cancellationToken) => ValueTask.FromResult<XenstoreChannel>(daemon.Open(domainId));
}

/// <summary>A connection to the simulated daemon: what is written is carried out at once, and the replies wait to be read.</summary>
internal sealed class InMemoryChannel : XenstoreChannel
{
    private readonly Lock _lock = new();
    private readonly Queue<ReadOnlyMemory<byte>> _output = new();
    private readonly StoreConnection _connection;
    private readonly Action? _outputReady;
    private TaskCompletionSource? _reader; // who waits for output
    private int _taken; // bytes of the first message in the queue
    private bool _ended;

    /// <summary>Connects.</summary>
    /// <param name="daemon">The daemon.</param>
    /// <param name="domainId">The domain on the other side.</param>
    /// <param name="outputReady">Called, with the daemon's lock held, when there is something for <see cref="TryRead"/>.</param>
    public InMemoryChannel(InMemoryXenstored daemon, int domainId, Action? outputReady = null)
    {
        _connection = new StoreConnection(daemon, domainId, this);
        _outputReady = outputReady;
    }

    public StoreConnection Connection => _connection;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            TaskCompletionSource reader;
            lock (_lock)
            {
                if (_output.Count > 0)
                    return Take(buffer);
                if (_ended)
                    return 0;
                _reader = reader = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            // Not Task.WaitAsync, which would leave a simulation's thread.
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
                static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), reader);
            await reader.Task;
        }
    }

    /// <summary>Takes what there is, as much as fits.</summary>
    public int TryRead(Memory<byte> buffer)
    {
        lock (_lock)
            return Take(buffer);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_ended)
                throw new IOException("The simulated xenstored has closed the connection.");
        }

        _connection.Receive(bytes.Span);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _connection.Close();
        return ValueTask.CompletedTask;
    }

    /// <summary>Queues a message for the client.</summary>
    public void Send(ReadOnlyMemory<byte> message)
    {
        lock (_lock)
        {
            if (_ended)
                return;
            _output.Enqueue(message);
            _reader?.TrySetResult();
        }

        _outputReady?.Invoke();
    }

    /// <summary>Ends the connection after what is queued.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            _reader?.TrySetResult();
        }
    }

    /// <summary>Takes as much as fits: messages are cut anywhere, as by a socket.</summary>
    private int Take(Memory<byte> buffer)
    {
        int count = 0;
        while (count < buffer.Length && _output.TryPeek(out ReadOnlyMemory<byte> first))
        {
            int part = Math.Min(first.Length - _taken, buffer.Length - count);
            first.Slice(_taken, part).CopyTo(buffer[count..]);
            count += part;
            _taken += part;
            if (_taken == first.Length)
            {
                _output.Dequeue();
                _taken = 0;
            }
        }

        return count;
    }
}
