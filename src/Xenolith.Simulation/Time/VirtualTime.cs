namespace Xenolith.Simulation;

/// <summary>
/// A clock that stands still until it is told to go on: timers run in the order in which they fall due, equal ones in the order in which they were
/// set. Counts nanoseconds.
/// </summary>
/// <remarks>Safe from any thread. Callbacks run on the thread that advances the clock, with no lock held.</remarks>
public sealed class VirtualTime : TimeProvider
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const long NanosecondsPerTick = NanosecondsPerSecond / TimeSpan.TicksPerSecond;

    private readonly Lock _lock = new();
    private readonly DateTimeOffset _start;
    private readonly PriorityQueue<(VirtualTimer Timer, long Setting), (long Due, long Order)> _timers = new();
    private long _now;
    private long _order;

    /// <summary>Creates a clock.</summary>
    /// <param name="start">Wall-clock time at timestamp 0.</param>
    public VirtualTime(DateTimeOffset start) => _start = start;

    /// <inheritdoc/>
    public override long TimestampFrequency => NanosecondsPerSecond;

    /// <summary>Time since the clock was made.</summary>
    public TimeSpan Elapsed => new(GetTimestamp() / NanosecondsPerTick);

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _now);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start + Elapsed;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        VirtualTimer timer = new(this, callback, state, ExecutionContext.Capture());
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time pass, running what falls due at its very moment.</summary>
    public void Advance(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        long end = GetTimestamp() + (duration.Ticks * NanosecondsPerTick);
        while (TryAdvanceToNextTimer(end))
        {
        }
        lock (_lock)
            _now = Math.Max(_now, end);
    }

    /// <summary>
    /// Time passes in which nothing can run, as while a domain is suspended: what falls due meanwhile runs after it, each timer once.
    /// </summary>
    public void Skip(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        lock (_lock)
            _now += duration.Ticks * NanosecondsPerTick;
    }

    /// <summary>Goes to the moment at which the next timer falls due, and runs it.</summary>
    /// <returns>False if no timer is set.</returns>
    public bool TryAdvanceToNextTimer() => TryAdvanceToNextTimer(long.MaxValue);

    private bool TryAdvanceToNextTimer(long end)
    {
        VirtualTimer timer;
        lock (_lock)
        {
            for (; ; )
            {
                if (!_timers.TryPeek(out (VirtualTimer Timer, long Setting) next, out (long Due, long Order) priority) || priority.Due > end)
                    return false;
                _timers.Dequeue();
                if (next.Setting != next.Timer.Setting)
                    continue; // set anew or disposed of since
                _now = Math.Max(_now, priority.Due);
                timer = next.Timer;
                if (timer.Period > 0)
                    Set(timer, timer.Period);
                break;
            }
        }
        timer.Run();
        return true;
    }

    private void Set(VirtualTimer timer, long wait) => _timers.Enqueue((timer, ++timer.Setting), (_now + wait, ++_order));

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state, ExecutionContext? context) : ITimer
    {
        internal long Setting; // grows with each change: earlier entries of the queue are void
        internal long Period;
        private bool _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                if (_disposed)
                    return false;
                Setting++;
                Period = period > TimeSpan.Zero ? period.Ticks * NanosecondsPerTick : 0;
                if (dueTime >= TimeSpan.Zero)
                    time.Set(this, dueTime.Ticks * NanosecondsPerTick);
                return true;
            }
        }

        public void Dispose()
        {
            lock (time._lock)
            {
                _disposed = true;
                Setting++;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        internal void Run()
        {
            if (context is null)
                callback(state);
            else
                ExecutionContext.Run(context, static timer => ((VirtualTimer)timer!).Call(), this);
        }

        private void Call() => callback(state);
    }
}
