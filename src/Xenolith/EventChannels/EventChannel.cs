using Xenolith.Abi;

namespace Xenolith.EventChannels;

/// <summary>
/// One end of an event channel: a port of this domain, through which one bit of news goes either way. It carries no data; the news is "look at the
/// memory that we share".
/// </summary>
/// <remarks>
/// <para>Safe from any thread; any number of waiters. The rule for a waiter is: note <see cref="Count"/>, look at the shared memory, and if there is
/// nothing to do wait for anything later than the noted count.</para>
/// <code>
/// EventCount seen = channel.Count;
/// while (true)
/// {
///     HandleEverythingThatIsThere();
///     seen = await channel.WaitAsync(seen, cancellationToken);
/// }
/// </code>
/// <para>An event is a hint: it may come without news, so look and do not trust it.</para>
/// <para>After the domain was resumed every member but <see cref="Dispose"/>, <see cref="IsValid"/> and the properties throws
/// <see cref="StaleHandleException"/>.</para>
/// </remarks>
public sealed class EventChannel : IDisposable
{
    private readonly EventChannelTable _table;
    private readonly Lock _lock = new();
    private EventWaiter? _firstWaiter, _lastWaiter;
    private long _count;
    private long _sent;
    private long _waits;
    private int _waiting;
    private volatile State _state;

    internal EventChannel(EventChannelTable table, uint port, Generation generation, string kind)
    {
        _table = table;
        Port = port;
        Generation = generation;
        Kind = kind;
    }

    private enum State
    {
        Open,
        Closed,
        Stale,
    }

    /// <summary>The number of this end, which the other domain needs to connect.</summary>
    public uint Port { get; }

    /// <summary>The generation in which the port was made.</summary>
    public Generation Generation { get; }

    /// <summary>False when the channel was disposed of or the domain was resumed since.</summary>
    public bool IsValid => _state == State.Open;

    /// <summary>How many events have arrived so far.</summary>
    public EventCount Count => new(Volatile.Read(ref _count));

    internal string Kind { get; }

    /// <summary>Waits for an event later than the last one that the caller has seen. Returns at once if there was one.</summary>
    /// <param name="since">The last count that the caller has acted on: <see cref="Count"/> read before looking at the shared memory, or the result
    /// of the wait before.</param>
    /// <param name="cancellationToken">Ends this wait alone.</param>
    /// <returns>The count now. It is awaited once, as every <see cref="ValueTask"/>. In the steady state a wait allocates nothing.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The channel was closed, perhaps while waiting.</exception>
    /// <exception cref="StaleHandleException">The domain was resumed, perhaps while waiting.</exception>
    public ValueTask<EventCount> WaitAsync(EventCount since, CancellationToken cancellationToken = default)
    {
        ThrowIfNotOpen();
        long count = Volatile.Read(ref _count);
        if (count > since.Value)
            return new ValueTask<EventCount>(new EventCount(count));
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<EventCount>(cancellationToken);

        EventWaiter waiter = _table.Waiters.Rent();
        waiter.Channel = this;
        waiter.Token = cancellationToken;
        // Registered before it is listed: whoever completes it must find the registration to undo. A cancellation that comes in between leaves
        // its mark on the waiter.
        waiter.Registration = cancellationToken.UnsafeRegister(static (state, _) => Cancel((EventWaiter)state!), waiter);
        lock (_lock)
        {
            if (_count <= since.Value && !waiter.IsCancelled && _state == State.Open)
            {
                Append(waiter);
                _waits++;
                return waiter.AsTask();
            }
            count = _count;
        }
        waiter.Abandon();
        if (count > since.Value)
            return new ValueTask<EventCount>(new EventCount(count));
        ThrowIfNotOpen();
        return ValueTask.FromCanceled<EventCount>(cancellationToken);
    }

    /// <summary>Notifies the other end. Costs one hypercall; never waits and never fails because of what the peer does.</summary>
    /// <exception cref="ObjectDisposedException">The channel was closed here.</exception>
    /// <exception cref="StaleHandleException">The domain was resumed since the channel was made.</exception>
    public NotifyResult Notify()
    {
        ThrowIfNotOpen();
        XenError error = _table.Operations.Notify(Port);
        if (error != XenError.None)
        {
            ThrowIfNotOpen(); // closed or resumed meanwhile
            return NotifyResult.NoPeer;
        }
        _table.Trace(TraceKind.EventSent, Port);
        Interlocked.Increment(ref _sent);
        return NotifyResult.Sent;
    }

    /// <summary>Holds events back: they stay pending with Xen.</summary>
    /// <exception cref="XenException">Xen refused.</exception>
    public void Mask() => SetMasked(true);

    /// <summary>Lets events through again; those held back count as one.</summary>
    /// <exception cref="XenException">Xen refused.</exception>
    public void Unmask() => SetMasked(false);

    /// <summary>Asks Xen what the port is connected to. Costs one hypercall.</summary>
    /// <exception cref="XenException">Xen refused.</exception>
    public EventChannelStatus GetStatus()
    {
        ThrowIfNotOpen();
        XenError error = _table.Operations.GetStatus(Port, out EventChannelStatus status);
        if (error == XenError.None)
            return status;
        ThrowIfNotOpen(); // closed or resumed meanwhile
        throw new XenException($"tell the status of event channel {Port}", error);
    }

    /// <summary>
    /// Closes the port. Waiters get <see cref="ObjectDisposedException"/>; the other end becomes unbound. The number may be used again at once, by a
    /// channel that has nothing to do with this one. A second call does nothing.
    /// </summary>
    public void Dispose()
    {
        if (TryEnd(State.Closed, out EventWaiter? waiters))
        {
            _table.Close(this);
            FailAll(waiters);
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"port {Port} ({Kind}): {_state.ToString().ToLowerInvariant()}, {Count.Value} events, {Volatile.Read(ref _sent)} sent, {Volatile.Read(ref _waiting)} waiting, {Volatile.Read(ref _waits)} waits";

    internal EventChannelStatistics Statistics =>
        new(Port, Kind, Count.Value, Volatile.Read(ref _sent), Volatile.Read(ref _waits), Volatile.Read(ref _waiting));

    /// <summary>The port fired. Wakes everybody who waits.</summary>
    internal void Fire()
    {
        EventWaiter? waiter;
        EventCount count;
        lock (_lock)
        {
            count = new EventCount(++_count);
            waiter = TakeAll();
        }
        // Outside the lock. A waiter may be recycled as soon as it is completed, so its link is read first.
        while (waiter is not null)
        {
            EventWaiter? next = waiter.Next;
            waiter.Next = null;
            waiter.Complete(count);
            waiter = next;
        }
    }

    /// <summary>The domain was resumed: Xen does not know the port any more.</summary>
    internal void BecomeStale()
    {
        if (TryEnd(State.Stale, out EventWaiter? waiters))
            FailAll(waiters);
    }

    private static void Cancel(EventWaiter waiter)
    {
        EventChannel channel = waiter.Channel!;
        lock (channel._lock)
        {
            if (!waiter.IsListed)
            {
                waiter.IsCancelled = true; // not listed yet, or completed already: then nobody reads this
                return;
            }
            channel.Remove(waiter);
        }
        waiter.Fail(new OperationCanceledException(waiter.Token));
    }

    private void SetMasked(bool masked)
    {
        ThrowIfNotOpen();
        XenError error = _table.SetMasked(this, masked);
        if (error == XenError.None)
            return;
        ThrowIfNotOpen(); // closed or resumed meanwhile
        throw new XenException($"{(masked ? "mask" : "unmask")} event channel {Port}", error);
    }

    private void ThrowIfNotOpen()
    {
        if (EndReason() is { } reason)
            throw reason;
    }

    private Exception? EndReason() => _state switch
    {
        State.Closed => new ObjectDisposedException($"Event channel {Port}"),
        State.Stale => new StaleHandleException($"Event channel {Port}"),
        _ => null,
    };

    private bool TryEnd(State state, out EventWaiter? waiters)
    {
        lock (_lock)
        {
            waiters = null;
            if (_state != State.Open)
                return false;
            _state = state;
            waiters = TakeAll();
            return true;
        }
    }

    private void FailAll(EventWaiter? waiter)
    {
        while (waiter is not null)
        {
            EventWaiter? next = waiter.Next;
            waiter.Next = null;
            waiter.Fail(EndReason()!);
            waiter = next;
        }
    }

    private void Append(EventWaiter waiter)
    {
        waiter.IsListed = true;
        waiter.Previous = _lastWaiter;
        if (_lastWaiter is null)
            _firstWaiter = waiter;
        else
            _lastWaiter.Next = waiter;
        _lastWaiter = waiter;
        _waiting++;
    }

    private void Remove(EventWaiter waiter)
    {
        waiter.IsListed = false;
        if (waiter.Previous is null)
            _firstWaiter = waiter.Next;
        else
            waiter.Previous.Next = waiter.Next;
        if (waiter.Next is null)
            _lastWaiter = waiter.Previous;
        else
            waiter.Next.Previous = waiter.Previous;
        waiter.Previous = waiter.Next = null;
        _waiting--;
    }

    private EventWaiter? TakeAll()
    {
        EventWaiter? first = _firstWaiter;
        for (EventWaiter? waiter = first; waiter is not null; waiter = waiter.Next)
        {
            waiter.IsListed = false;
            waiter.Previous = null;
        }
        _firstWaiter = _lastWaiter = null;
        _waiting = 0;
        return first;
    }
}
