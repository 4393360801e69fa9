namespace Xenolith.Grants;

/// <summary>
/// Grants whose owner is gone and whose page another domain still has mapped: when to try each of them again. One timer, set for the earliest.
/// </summary>
/// <remarks>Under the lock of its <see cref="GrantTable"/>, but for the timer's callback.</remarks>
internal sealed class GrantReclaimer : IDisposable
{
    private readonly PriorityQueue<Entry, long> _byTime = new();
    private readonly TimeProvider _time;
    private readonly GrantOptions _options;
    private readonly ITimer _timer;

    internal GrantReclaimer(TimeProvider time, GrantOptions options, Action retry)
    {
        _time = time;
        _options = options;
        _timer = time.CreateTimer(static state => ((Action)state!)(), retry, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal readonly record struct Entry(uint Reference, TimeSpan Delay);

    internal int Count => _byTime.Count;

    /// <summary>The first try has failed.</summary>
    internal void Add(uint reference) => Add(new Entry(reference, _options.FirstRetry));

    /// <summary>Another try has failed.</summary>
    internal void AddAgain(Entry failed) =>
        Add(failed with { Delay = failed.Delay * 2 < _options.LongestRetry ? failed.Delay * 2 : _options.LongestRetry });

    /// <summary>The next entry whose time has come; sets the timer if there is none.</summary>
    internal bool TryTakeDue(out Entry entry)
    {
        if (_byTime.TryPeek(out entry, out long due) && due <= _time.GetTimestamp())
        {
            _byTime.Dequeue();
            return true;
        }
        SetTimer();
        return false;
    }

    internal void Clear() => _byTime.Clear();

    public void Dispose() => _timer.Dispose();

    private void Add(Entry entry)
    {
        _byTime.Enqueue(entry, _time.GetTimestamp() + (long)(entry.Delay.TotalSeconds * _time.TimestampFrequency));
        SetTimer();
    }

    private void SetTimer()
    {
        if (!_byTime.TryPeek(out _, out long due))
            return;
        TimeSpan wait = _time.GetElapsedTime(_time.GetTimestamp(), due);
        // Timers count whole milliseconds: rounded up, or the callback would find nothing due.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(wait.TotalMilliseconds))), Timeout.InfiniteTimeSpan);
    }
}
