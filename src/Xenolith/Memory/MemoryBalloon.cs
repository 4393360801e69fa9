using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Memory;

/// <summary>
/// The domain's memory as it follows the toolstack's target (<c>xl mem-set</c>), from <see cref="DomainMemory.FollowTargetAsync"/> until it is
/// disposed of; then the memory stays as it is.
/// </summary>
/// <remarks>Safe from any thread.</remarks>
public sealed class MemoryBalloon : IAsyncDisposable
{
    private readonly DomainMemory _memory;
    private readonly DomainOperations _operations;
    private readonly XenstoreClient _store;
    private readonly XenstoreWatch _watch;
    private readonly BalloonOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Task _run;
    private BalloonStatus _status;
    private Signal _changed = new();
    private CancellationTokenSource? _pause;
    private long? _target;
    private string? _error;
    private long _lastTrim;
    private bool _mayTrim;
    private long _limitedFor;
    private long? _heapLimit;

    internal MemoryBalloon(
        DomainMemory memory, DomainOperations operations, XenstoreClient store, XenstoreWatch watch, BalloonOptions options, TimeProvider time)
    {
        (_memory, _operations, _store, _watch, _options, _time) = (memory, operations, store, watch, options, time);
        _limitedFor = (long)operations.ReadMemory().Total;
        _status = Describe(BalloonState.NoTarget);
        _run = RunAsync();
    }

    /// <summary>
    /// Raised after each change of <see cref="Status"/>, on the thread that works on it. Must return soon, and not throw: an exception ends the
    /// following of the target, and is what <see cref="WaitAsync"/> throws then.
    /// </summary>
    public event Action<BalloonStatus>? Changed;

    /// <summary>How far the memory is on the way to its target.</summary>
    public BalloonStatus Status
    {
        get
        {
            lock (_lock)
                return _status;
        }
    }

    /// <summary>Waits until the status satisfies a condition: it is given the present one, and each that follows.</summary>
    /// <param name="condition">For example <c>status => status.State == BalloonState.Reached</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The status that satisfied it.</returns>
    /// <exception cref="ObjectDisposedException">The target is not followed any more.</exception>
    /// <exception cref="XenstoreException">There is no way to xenstored any more.</exception>
    /// <exception cref="Exception">What a handler of <see cref="Changed"/> has thrown.</exception>
    public async Task<BalloonStatus> WaitAsync(Func<BalloonStatus, bool> condition, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        while (true)
        {
            BalloonStatus now;
            Signal changed;
            lock (_lock)
                (now, changed) = (_status, _changed);
            if (condition(now))
                return now;
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Stops following. Returns when what is under way has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        _stop.Cancel();
        await _run;
        await _watch.DisposeAsync();
        _memory.Forget(this);
    }

    /// <summary>Memory has become free: a try now may find more than the last one.</summary>
    internal void Retry()
    {
        lock (_lock)
            _pause?.Cancel();
    }

    private async Task RunAsync()
    {
        Exception? end = null;
        try
        {
            await FollowAsync();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception error)
        {
            end = error;
        }
        // Otherwise it is a handler that has failed.
        bool isCutOff = end is XenstoreException or ObjectDisposedException;
        lock (_lock)
        {
            string what = isCutOff ? "there is no way to xenstored any more" : "the target is not followed any more";
            _status = Describe(BalloonState.NoTarget, end is null ? what : $"{what}: {end.Message}");
            _changed.Set(end ?? new ObjectDisposedException(nameof(MemoryBalloon)));
        }
        if (isCutOff)
            Changed?.Invoke(Status);
    }

    private async Task FollowAsync()
    {
        TimeSpan pause = _options.FirstRetry;
        bool isUnread = false;
        while (true)
        {
            try
            {
                // At the beginning and after a resume there is an event too.
                if (isUnread || await WaitForEventAsync(pause))
                {
                    isUnread = false;
                    if (!await ReadTargetAsync())
                        continue;
                    pause = _options.FirstRetry;
                }
                else
                {
                    pause = pause * 2 < _options.LongestRetry ? pause * 2 : _options.LongestRetry;
                }
                await ApproachAsync();
            }
            catch (OutOfMemoryException)
            {
                // The program has taken all that there is. This is when a higher target must be heard.
                isUnread = true;
                await Task.Delay(_options.FirstRetry, _time, _stop.Token);
            }
        }
    }

    /// <summary>True for an event of the watch; false when it is time for another try for the same target.</summary>
    private async Task<bool> WaitForEventAsync(TimeSpan pause)
    {
        bool waits = Status.State is BalloonState.InUse or BalloonState.Refused;
        using CancellationTokenSource retry = new(waits ? pause : Timeout.InfiniteTimeSpan, _time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(retry.Token, _stop.Token);
        lock (_lock)
            _pause = waits ? retry : null;
        try
        {
            await _watch.ReadAsync(both.Token);
            return true;
        }
        catch (OperationCanceledException) when (retry.IsCancellationRequested && !_stop.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            lock (_lock)
                _pause = null;
        }
    }

    /// <summary>False if the connection ended meanwhile: the watch tells when there is another.</summary>
    private async Task<bool> ReadTargetAsync()
    {
        string? target, maximum;
        try
        {
            target = await _store.ReadAsync(BalloonTarget.Path, _stop.Token);
            maximum = await _store.ReadAsync(BalloonTarget.MaximumPath, _stop.Token);
        }
        catch (XenstoreDisconnectedException)
        {
            return false;
        }
        catch (XenstoreException refusal) when (refusal.Error is not null)
        {
            (_target, _error) = (null, refusal.Message);
            return true;
        }
        long? before = _target;
        _target = BalloonTarget.Parse(target, maximum, (long)_operations.ReadMemory().Maximum, out _error);
        _mayTrim |= _target != before;
        return true;
    }

    private async Task ApproachAsync()
    {
        if (_target is null)
        {
            Set(BalloonState.NoTarget);
            return;
        }
        RaiseHeapLimit();
        BalloonState state;
        bool isTrimmed = false;
        while (true)
        {
            _stop.Token.ThrowIfCancellationRequested();
            BalloonStep step = Step(out long before, out long after);
            state = step switch
            {
                BalloonStep.Reached => BalloonState.Reached,
                BalloonStep.Partial => BalloonState.Changing,
                BalloonStep.InUse => BalloonState.InUse,
                _ => BalloonState.Refused,
            };
            if (step == BalloonStep.InUse && !isTrimmed && MayTrim())
            {
                isTrimmed = true;
                _memory.Trim();
                continue;
            }
            if (step != BalloonStep.Partial || after == before)
                break;
            if (Status.State != BalloonState.Changing)
                Set(BalloonState.Changing);
            await Task.Yield(); // a step takes a millisecond or two, and there may be many
            if (_watch.HasEvent)
                return; // another target, perhaps
        }
        if (state == BalloonState.Changing)
            state = BalloonState.Refused; // steps that lead nowhere
        if (state != BalloonState.Refused)
            LimitHeap();
        Set(state);
    }

    /// <summary>One step, as far as the program keeps what it is to keep.</summary>
    private BalloonStep Step(out long before, out long after)
    {
        MemoryInfo now = _operations.ReadMemory();
        before = after = (long)now.Total;
        long target = _target!.Value, goal = target;
        if (target < before)
        {
            long available = Math.Max(0, (long)now.CommitLimit - (long)now.Committed);
            goal = Math.Max(target, before - Math.Max(0, available - _options.KeepAvailable));
            if (goal == before)
                return BalloonStep.InUse;
        }
        BalloonStep step = _operations.Balloon(goal);
        after = (long)_operations.ReadMemory().Total;
        return step == BalloonStep.Reached && goal > target ? BalloonStep.Partial : step;
    }

    private bool MayTrim()
    {
        long now = _time.GetTimestamp();
        if (!_options.Trim || !_mayTrim && _time.GetElapsedTime(_lastTrim, now) < _options.TrimInterval)
            return false;
        (_mayTrim, _lastTrim) = (false, now);
        return true;
    }

    /// <summary>
    /// Before memory comes: what is there can be used at once. A limit above what is there does no harm, since no more is promised than is there.
    /// </summary>
    private void RaiseHeapLimit()
    {
        if (_heapLimit is not long limit || _target is not long target || limit >= target || (long)_operations.ReadMemory().Total >= target)
            return;
        (_heapLimit, _limitedFor) = (target, 0); // and to be set again when it is clear what came
        _operations.LimitHeap(target);
    }

    /// <summary>When the memory has its size: what can be promised.</summary>
    private void LimitHeap()
    {
        MemoryInfo now = _operations.ReadMemory();
        if (!_options.LimitHeap || (long)now.Total == _limitedFor)
            return;
        (_heapLimit, _limitedFor) = ((long)now.CommitLimit, (long)now.Total);
        _operations.LimitHeap((long)now.CommitLimit);
    }

    private BalloonStatus Describe(BalloonState state, string? error = null)
    {
        MemoryInfo now = _operations.ReadMemory();
        long current = (long)now.Total;
        return new BalloonStatus(state, state == BalloonState.NoTarget ? current : _target ?? current, current, (long)now.Maximum, error);
    }

    private void Set(BalloonState state)
    {
        BalloonStatus status = Describe(state, state == BalloonState.NoTarget ? _error : null);
        lock (_lock)
        {
            if (status == _status)
                return;
            _status = status;
            _changed.Set();
            _changed = new Signal();
        }
        Changed?.Invoke(status);
    }
}
