using Xenolith.Kernel.Threads;
using static Xenolith.Kernel.Tests.Threads.SimulatedCpu;

namespace Xenolith.Kernel.Tests.Threads;

/// <summary>Fairness: what each of several threads gets of one CPU, whatever the others do.</summary>
public sealed class RunQueueTests : IDisposable
{
    private const ulong Second = 1000 * Millisecond;

    private readonly SimulatedCpu _cpu = new();

    public void Dispose() => _cpu.Dispose();

    [Fact]
    public void Threads_that_compute_get_equal_shares_a_slice_at_a_time()
    {
        for (int i = 0; i < 4; i++)
            _cpu.Add(Compute());
        _cpu.RunUntil(4 * Second);
        Assert.All(_cpu.RunTime, time => Assert.Equal(Second, time));
        Assert.All(_cpu.LongestWait, wait => Assert.Equal(3 * RunQueue.Slice, wait));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(50)]
    public void A_storm_of_wake_ups_leaves_a_computing_thread_its_share(int pairs)
    {
        int computing = _cpu.Add(Compute());
        for (int i = 0; i < pairs; i++)
            AddPair();
        _cpu.RunUntil(60 * Second);

        // Of a pair one thread waits for the other most of the time, so that a pair counts for one thread to two.
        ulong threads = 2 * (ulong)pairs + 1, share = 60 * Second / threads;
        Assert.InRange(_cpu.RunTime[computing], share * 9 / 10, 60 * Second / ((ulong)pairs + 1) * 11 / 10);
        // A slice of each other thread, with a rest of an eighth of the one before.
        Assert.All(_cpu.LongestWait, wait => Assert.InRange(wait, 0ul, threads * RunQueue.Slice * 9 / 8));
        Assert.All(_cpu.RunTime, time => Assert.InRange(time, share / 4, ulong.MaxValue));
    }

    [Fact]
    public void A_thread_that_sleeps_just_before_its_slice_ends_gets_no_more_than_its_share()
    {
        int computing = _cpu.Add(Compute());
        int dodging = _cpu.Add(Repeat(RunQueue.Slice - 100 * Microsecond, () => _cpu.Sleep(10 * Microsecond)));
        _cpu.RunUntil(10 * Second);
        Assert.InRange(_cpu.RunTime[computing], 49 * Second / 10, 55 * Second / 10);
        Assert.InRange(_cpu.RunTime[dodging], 4 * Second, 51 * Second / 10);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void A_thread_that_wakes_now_and_then_runs_at_once_though_others_compute(int computing)
    {
        for (int i = 0; i < computing; i++)
            _cpu.Add(Compute());
        // 1 ms in 100: in all that time it uses up many slices, but the others have had their turns meanwhile.
        int rare = _cpu.Add(Repeat(Millisecond, () => _cpu.Sleep(99 * Millisecond)));
        _cpu.RunUntil(Second); // its first turn is that of a new thread, behind the others
        _cpu.LongestWait[rare] = 0;
        _cpu.RunUntil(20 * Second);
        Assert.Equal(0ul, _cpu.LongestWait[rare]);
        Assert.InRange(_cpu.RunTime[rare], 190 * Millisecond, 200 * Millisecond);
    }

    [Fact]
    public void An_interrupted_thread_goes_on_with_its_turn_and_the_rest_of_its_slice()
    {
        int first = _cpu.Add(Compute());
        int second = _cpu.Add(Compute());
        _cpu.Add(Repeat(100 * Microsecond, () => _cpu.Sleep(Millisecond)));
        _cpu.RunUntil(20 * Second);
        // Interrupted ten times a slice, and always in the same one's favour if a turn ended with it.
        Assert.InRange(_cpu.RunTime[first], _cpu.RunTime[second] - RunQueue.Slice, _cpu.RunTime[second] + RunQueue.Slice);
        Assert.InRange(_cpu.LongestWait[first], 0ul, 2 * RunQueue.Slice + 2 * Millisecond);
    }

    [Fact]
    public void A_thread_that_yields_all_the_time_costs_a_computing_one_next_to_nothing()
    {
        int computing = _cpu.Add(Compute());
        int yielding = _cpu.Add(Repeat(Microsecond, _cpu.Yield));
        _cpu.RunUntil(Second);
        Assert.InRange(_cpu.RunTime[computing], 999 * Millisecond, Second);
        Assert.InRange(_cpu.RunTime[yielding], 99 * Microsecond, Millisecond);
    }

    [Fact]
    public void A_single_thread_runs_without_end()
    {
        _cpu.Add(Compute());
        _cpu.RunUntil(Second);
        Assert.Equal(Second, _cpu.RunTime[0]);
        Assert.Equal(0ul, _cpu.LongestWait[0]);
    }

    private static IEnumerable<Step> Compute() => Repeat(Second, () => { });

    private static IEnumerable<Step> Repeat(ulong compute, Action then)
    {
        while (true)
            yield return new(compute, then);
    }

    /// <summary>Two threads that wake each other: each computes a little, wakes the other and waits.</summary>
    private void AddPair()
    {
        int first = -1, second = -1;
        first = _cpu.Add(Repeat(2 * Microsecond, () => { _cpu.Wake(second); _cpu.Block(); }));
        second = _cpu.Add(Repeat(2 * Microsecond, () => { _cpu.Wake(first); _cpu.Block(); }));
    }
}
