using System.Threading.Tasks.Sources;

namespace Xenolith.EventChannels;

/// <summary>
/// One wait of one waiter: taken from a pool, listed at its channel until an event, cancellation, closing or a resume ends it, and given back when
/// the result is taken.
/// </summary>
/// <remarks>
/// Its fields are written under the channel's lock, except before it is listed and after it has left the list, when it belongs to the waiter alone.
/// </remarks>
internal sealed class EventWaiter : IValueTaskSource<EventCount>
{
    private readonly EventWaiterPool _pool;
    private ManualResetValueTaskSourceCore<EventCount> _core;

    internal EventWaiter(EventWaiterPool pool) => _pool = pool;

    internal EventChannel? Channel;
    internal EventWaiter? Previous, Next; // in the channel's list; Next also in the pool
    internal bool IsListed;
    internal bool IsCancelled; // before it was listed
    internal CancellationToken Token;
    internal CancellationTokenRegistration Registration;

    internal ValueTask<EventCount> AsTask() => new(this, _core.Version);

    /// <summary>Ends the wait. The waiter has left the list.</summary>
    internal void Complete(EventCount count)
    {
        ChooseScheduling();
        _core.SetResult(count);
    }

    /// <inheritdoc cref="Complete"/>
    internal void Fail(Exception error)
    {
        ChooseScheduling();
        _core.SetException(error);
    }

    /// <summary>Gives a waiter back that was never listed.</summary>
    internal void Abandon()
    {
        Registration.Dispose();
        Recycle();
    }

    EventCount IValueTaskSource<EventCount>.GetResult(short token)
    {
        // Waits for a cancellation that is running right now; it finds the waiter unlisted and does nothing. After this no callback can
        // reach the waiter, so it may serve another.
        Registration.Dispose();
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            if (token == _core.Version)
                Recycle();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<EventCount>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<EventCount>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>
    /// What awaits runs on the thread pool and not on the dispatcher's thread, which has other channels to serve. On a thread that has a
    /// context of its own, as a simulation's, it stays there: the thread pool would take it out of the simulated order.
    /// </summary>
    private void ChooseScheduling() => _core.RunContinuationsAsynchronously = SynchronizationContext.Current is null;

    private void Recycle()
    {
        _core.Reset();
        Channel = null;
        Token = default;
        Registration = default;
        IsCancelled = false;
        _pool.Return(this);
    }
}

/// <summary>Waiters that nobody uses. Holds as many as ever waited at the same time, up to a bound.</summary>
internal sealed class EventWaiterPool
{
    private const int MaxIdle = 4096; // more than a busy server has; a burst beyond it is left to the collector

    private readonly Lock _lock = new();
    private EventWaiter? _first;
    private int _idle;

    internal EventWaiter Rent()
    {
        lock (_lock)
        {
            if (_first is { } waiter)
            {
                _first = waiter.Next;
                waiter.Next = null;
                _idle--;
                return waiter;
            }
        }
        return new EventWaiter(this);
    }

    internal void Return(EventWaiter waiter)
    {
        lock (_lock)
        {
            if (_idle == MaxIdle)
                return;
            waiter.Next = _first;
            _first = waiter;
            _idle++;
        }
    }
}
