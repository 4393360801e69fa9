using System.Diagnostics;

namespace Soak;

/// <summary>
/// Thousands of timers: each fires once and not before its time, unless it is taken back; periodic ones fire as often as they should.
/// </summary>
internal sealed class TimerLoad() : Load("timers")
{
    private const int Pending = 4_000, Longest = 2_000;

    /// <summary>A timer's clock counts whole milliseconds, and on Linux moves in steps of a tick.</summary>
    private static readonly double Early = XenEarly();

    private readonly HashSet<OneShot> _pending = [];
    private long _fired, _takenBack;
    private double _latest;

    internal override string Remark => $"{_fired} timers fired, {_takenBack} were taken back, the latest fired {_latest:0} ms late";

    internal override void Rest()
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromMilliseconds(Longest) + TimeSpan.FromSeconds(20) && _pending.Any(timer => timer.Fired == 0))
            Thread.Sleep(20);
        Check(_pending.All(timer => timer.Fired == 1), $"{_pending.Count(timer => timer.Fired != 1)} of {_pending.Count} timers have not fired once");
        Collect();
        Check(_pending.Count == 0, "timers are left");
    }

    protected override void Work(Random random)
    {
        while (_pending.Count < Pending && !IsStopping)
            _pending.Add(new OneShot(random.Next(1, Longest)));
        foreach (OneShot timer in _pending.Where(_ => random.Next(50) == 0).ToArray())
        {
            // Either it has fired, or it never will.
            timer.TakeBack();
            _pending.Remove(timer);
            _takenBack += timer.Fired == 0 ? 1 : 0;
            _fired += timer.Fired;
            Check(timer.Fired <= 1, "a timer that was taken back fired twice");
        }
        Repeat();
        Pause(random.Next(5, 50));
        Collect();
    }

    private void Collect()
    {
        foreach (OneShot timer in _pending.Where(timer => timer.Fired > 0).ToArray())
        {
            Check(timer.Fired == 1, "a timer fired twice");
            Check(timer.Late >= -Early, $"a timer of {timer.Due} ms fired {-timer.Late} ms early");
            _latest = Math.Max(_latest, timer.Late);
            timer.Dispose();
            _pending.Remove(timer);
            _fired++;
        }
    }

    private void Repeat()
    {
        const int period = 5, times = 6;
        long begin = Stopwatch.GetTimestamp();
        using CountdownEvent count = new(times);
        int fired = 0;
        Timer timer = new(_ =>
        {
            if (Interlocked.Increment(ref fired) <= times) // two can run at once
                count.Signal();
        });
        timer.Change(period, period);
        bool enough = count.Wait(TimeSpan.FromMinutes(5)); // a domain that is saved meanwhile comes back with both due
        using ManualResetEvent gone = new(false);
        timer.Dispose(gone);
        gone.WaitOne();
        Check(enough, "a periodic timer has stopped");
        // A late firing may be followed by one that is on time.
        Check(Stopwatch.GetElapsedTime(begin).TotalMilliseconds >= period - Early, "a periodic timer is too fast");
    }

    private static double XenEarly() => Xenolith.XenPlatform.IsSupported ? 1.5 : 10;

    private sealed class OneShot : IDisposable
    {
        private readonly long _begin = Stopwatch.GetTimestamp();
        private readonly Timer _timer;
        private int _fired;
        private double _late;

        internal OneShot(int due)
        {
            Due = due;
            _timer = new Timer(static state => ((OneShot)state!).Fire(), this, due, Timeout.Infinite);
        }

        internal int Due { get; }

        internal int Fired => Volatile.Read(ref _fired);

        /// <summary>Milliseconds.</summary>
        internal double Late => _late;

        /// <summary>Returns when it does not run and will not.</summary>
        internal void TakeBack()
        {
            using ManualResetEvent gone = new(false);
            if (_timer.Dispose(gone))
                gone.WaitOne();
        }

        public void Dispose() => _timer.Dispose();

        private void Fire()
        {
            _late = Stopwatch.GetElapsedTime(_begin).TotalMilliseconds - Due;
            Interlocked.Increment(ref _fired);
        }
    }
}
