using System.Buffers;
using System.Net.Sockets;
using Xenolith.Abi;
using Xenolith.Tracing;

namespace Xenolith.Xenstore;

/// <summary>
/// What a client and its transactions share: sends requests one behind the other, gives each its reply by number, passes watch events on, and renews
/// the connection and the watches when the transport has a new one. May be used from any thread.
/// </summary>
/// <remarks>
/// <code>
///   callers -> (slots) -> _outgoing -> SendLoop    -> channel -> xenstored
///   callers &lt;- _pending  &lt;----------- ReceiveLoop &lt;- channel &lt;-
///   watches &lt;- _watches  &lt;-----------'
/// </code>
/// A request whose caller gave up stays in _pending until its reply comes: its number is not used again before, and what it did can be undone.
/// </remarks>
internal sealed partial class XenstoreConnection : IAsyncDisposable
{
    private readonly XenstoreTransport _transport;
    private readonly DomainTracing? _tracing;
    private readonly FairSemaphore _slots;
    private readonly CancellationTokenSource _stop = new();
    private readonly Signal _finished = new();

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, XenstoreRequest> _pending = [];
    private readonly List<XenstoreRequest> _again = []; // for the next connection
    private readonly FairSemaphore _outgoingReady = new(0);
    private ArrayBufferWriter<byte> _outgoing = new();
    private uint _lastRequestId;
    private int _generation;
    private CancellationTokenSource? _serving;
    private XenstoreChannel? _channel; // of the connection that is served
    private Signal _connected = new();
    private bool _isStarted;
    private Exception? _end;

    public XenstoreConnection(XenstoreTransport transport, XenstoreClientOptions options, DomainTracing? tracing)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxOutstandingRequests, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.WatchEventCapacity, 1, nameof(options));
        _transport = transport;
        _tracing = tracing;
        _slots = new FairSemaphore(options.MaxOutstandingRequests);
    }

    /// <summary>Number of the connection in use, or of the last one; the first is 1.</summary>
    public int Generation
    {
        get
        {
            lock (_lock)
                return _generation;
        }
    }

    /// <summary>Waits until there is a connection.</summary>
    public Task WaitConnectedAsync(CancellationToken cancellationToken)
    {
        Start();
        lock (_lock)
        {
            LookForEnd();
            return _connected.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Sends a request and waits for the reply, an error reply too.</summary>
    public async Task<XenstoreMessage> SendAsync(XenstoreRequest request, CancellationToken cancellationToken)
    {
        Start();
        await _slots.WaitAsync(cancellationToken);
        try
        {
            while (!TryEnqueue(request, out Signal connected))
                await connected.WaitAsync(cancellationToken);
        }
        catch
        {
            _slots.Release();
            throw;
        }

        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static (state, token) => ((XenstoreRequest)state!).TrySetCanceled(token), request);
        return await request.Task;
    }

    /// <inheritdoc cref="XenstoreClient.LoseTransactions"/>
    public void LoseTransactions()
    {
        lock (_lock)
            _generation++;
    }

    /// <summary>Closes the connection for good because the peer's bytes make no sense.</summary>
    public XenstoreProtocolException Break(string message)
    {
        XenstoreProtocolException exception = new(message + " The connection is closed.");
        lock (_lock)
            _end ??= exception;
        _stop.Cancel();
        return exception;
    }

    /// <summary>Closes the connection. Everything that waits ends with <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
            _end ??= new ObjectDisposedException(nameof(XenstoreClient));
        _stop.Cancel();
        Start(); // what was never used ends as everything else does
        await _finished.WaitAsync(CancellationToken.None);
    }

    private static bool IsBroken(Exception exception) => exception is IOException or SocketException or ObjectDisposedException;

    /// <summary>Queues a request on the connection; false if there is none now, but one may come.</summary>
    private bool TryEnqueue(XenstoreRequest request, out Signal connected)
    {
        lock (_lock)
        {
            LookForEnd();
            connected = _connected;
            if (_end is not null)
                throw _end;
            if (request.Generation != 0 && (request.Generation != _generation || _serving is null))
                throw new XenstoreDisconnectedException("The transaction was begun on a connection to xenstored that has ended; begin it anew.");
            if (_serving is null)
                return false;
            request.HoldsSlot = true;
            Enqueue(request);
            return true;
        }
    }

    /// <summary>
    /// A connection of before a resume takes no more requests, also while its loops have yet to see that it has ended: what is asked for now is for
    /// the next one. Under the lock.
    /// </summary>
    private void LookForEnd()
    {
        if (_channel is { HasEnded: true })
            StopServing();
    }

    /// <summary>Nothing is queued from here on. Under the lock.</summary>
    private void StopServing()
    {
        _channel = null;
        if (_serving is null)
            return;
        _serving = null;
        _connected = new Signal();
    }

    /// <summary>Gives a request a number and its place in the stream. Under the lock.</summary>
    private void Enqueue(XenstoreRequest request)
    {
        do
            _lastRequestId++;
        while (_lastRequestId == 0 || _pending.ContainsKey(_lastRequestId));
        _pending.Add(_lastRequestId, request);
        _requests++;
        Trace(TraceKind.XenstoreRequest, request.Type, _lastRequestId);
        XenstoreCodec.WriteHeader(_outgoing.GetSpan(XenstoreCodec.HeaderSize), new XenstoreMessageHeader
        {
            Type = (uint)request.Type,
            ReqId = _lastRequestId,
            TxId = request.TransactionId,
            Len = (uint)request.Payload.Length,
        });
        _outgoing.Advance(XenstoreCodec.HeaderSize);
        _outgoing.Write(request.Payload);
        if (_outgoingReady.Count == 0)
            _outgoingReady.Release();
    }

    /// <summary>Connects on the first use. The loops run in the context of the first user, which is none but in a simulation.</summary>
    private void Start()
    {
        lock (_lock)
        {
            if (_isStarted)
                return;
            _isStarted = true;
        }

        _ = RunAsync();
    }

    /// <summary>Serves one connection after the other until the end. Does not throw.</summary>
    private async Task RunAsync()
    {
        Exception end;
        try
        {
            while (true)
            {
                _stop.Token.ThrowIfCancellationRequested();
                await using (XenstoreChannel channel = await _transport.ConnectAsync(_stop.Token))
                    await ServeAsync(channel);
                lock (_lock)
                {
                    if (_end is not null)
                        throw _end;
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            end = new ObjectDisposedException(nameof(XenstoreClient));
        }
        catch (Exception exception) when (exception is XenstoreProtocolException)
        {
            end = exception;
        }
        catch (Exception exception)
        {
            // Whatever a transport throws must reach those who wait.
            end = new XenstoreDisconnectedException($"The connection to xenstored is lost: {exception.Message}", exception);
        }

        End(end);
        try
        {
            await _transport.DisposeAsync();
        }
        finally
        {
            _finished.Set();
        }
    }

    /// <summary>Serves a connection from its beginning to its end.</summary>
    private async Task ServeAsync(XenstoreChannel channel)
    {
        using CancellationTokenSource serving = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        lock (_lock)
        {
            _generation++;
            _outgoing.Clear();
            _serving = serving;
            _channel = channel;
            EnqueueWatches();
            foreach (XenstoreRequest request in _again)
                Enqueue(request);
            _again.Clear();
            _connected.Set();
        }

        Task sending = SendLoopAsync(channel, serving);
        Exception? cause = null;
        try
        {
            await ReceiveLoopAsync(channel, serving.Token);
        }
        catch (OperationCanceledException)
        {
            // The sender failed, the client is disposed, or a reply made no sense.
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            cause = exception;
            if (exception is XenstoreProtocolException)
            {
                lock (_lock)
                    _end ??= exception;
            }
        }

        lock (_lock)
            StopServing();

        serving.Cancel();
        try
        {
            await sending;
        }
        finally
        {
            FailPending(cause);
        }
    }

    private async Task SendLoopAsync(XenstoreChannel channel, CancellationTokenSource serving)
    {
        ArrayBufferWriter<byte> sent = new();
        try
        {
            while (true)
            {
                await _outgoingReady.WaitAsync(serving.Token);
                lock (_lock)
                    (_outgoing, sent) = (sent, _outgoing);
                if (sent.WrittenCount > 0)
                    await channel.WriteAsync(sent.WrittenMemory, serving.Token);
                sent.ResetWrittenCount();
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception exception)
        {
            serving.Cancel(); // ends the receiver, which ends the connection
            if (!IsBroken(exception))
                throw;
        }
    }

    private async Task ReceiveLoopAsync(XenstoreChannel channel, CancellationToken cancellationToken)
    {
        XenstoreMessageParser parser = new();
        byte[] buffer = new byte[XenstoreCodec.MessageSizeMax];
        while (true)
        {
            int count = await channel.ReadAsync(buffer, cancellationToken);
            if (count == 0)
                return;
            Dispatch(parser, buffer.AsSpan(0, count));
        }
    }

    private void Dispatch(XenstoreMessageParser parser, ReadOnlySpan<byte> bytes)
    {
        while (parser.TryRead(ref bytes, out XenstoreMessage message))
        {
            if (message.Type == XenstoreMessageType.WatchEvent)
                DispatchEvent(message);
            else
                DispatchReply(message);
        }
    }

    private void DispatchReply(in XenstoreMessage message)
    {
        Trace(TraceKind.XenstoreReply, message.Type, message.RequestId);
        XenstoreRequest? request;
        lock (_lock)
        {
            if (!_pending.TryGetValue(message.RequestId, out request))
                throw new XenstoreProtocolException($"The peer answered request {message.RequestId}, which is not under way. The connection is closed.");
            if (message.Type != request.Type && message.Type != XenstoreMessageType.Error)
            {
                throw new XenstoreProtocolException(
                    $"The peer answered a request of type {request.Type} with a message of type {message.Type}. The connection is closed.");
            }

            _pending.Remove(message.RequestId);
            if (message.Type == XenstoreMessageType.Error)
                _errors++;
            if (request.Watch is not null && message.Type != XenstoreMessageType.Error)
                request.Watch.Established = true;
        }

        if (request.HoldsSlot)
            _slots.Release();
        if (!request.TrySetResult(message) && message.Type != XenstoreMessageType.Error)
            request.Undo?.Invoke(message);
    }

    private void Trace(ushort kind, XenstoreMessageType type, uint number)
    {
        if (_tracing is not null && _tracing.IsOn(TraceCategories.Xenstore))
            _tracing.Write(kind, 0, (uint)type, number);
    }

    /// <summary>Ends the requests of a connection that has ended, but for those that can be made again.</summary>
    private void FailPending(Exception? cause)
    {
        List<XenstoreRequest> failed = [];
        Exception exception;
        lock (_lock)
        {
            foreach (XenstoreRequest request in _pending.Values)
                (_end is null && request.CanBeRepeated ? _again : failed).Add(request);
            foreach (XenstoreRequest request in _again)
                request.IsRepeated = true;
            _pending.Clear();
            exception = _end ?? new XenstoreDisconnectedException(
                "The connection to xenstored ended before it answered; whether it carried the request out is not known.", cause);
        }

        Fail(failed, exception);
    }

    private void Fail(IEnumerable<XenstoreRequest> failed, Exception exception)
    {
        foreach (XenstoreRequest request in failed)
        {
            if (request.HoldsSlot)
                _slots.Release();
            request.TrySetException(exception);
        }
    }

    /// <summary>Ends everything.</summary>
    private void End(Exception exception)
    {
        WatchRegistration[] watches;
        XenstoreRequest[] requests;
        lock (_lock)
        {
            requests = [.. _again];
            _again.Clear();
            exception = _end ??= exception;
            watches = [.. _watches.Values];
            _watches.Clear();
            _connected.Set(exception);
        }

        Fail(requests, exception);
        foreach (WatchRegistration watch in watches)
            watch.End(exception);
    }
}
