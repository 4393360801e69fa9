using Xenolith.Simulation;

namespace Xenolith.Tests.Time;

public class SchedulingTests
{
    [Fact]
    public void The_same_seed_gives_the_same_run_and_some_other_seed_another()
    {
        string first = Record(1);
        Assert.Equal(first, Record(1));
        Assert.Contains(Enumerable.Range(2, 10), seed => Record(seed) != first);
    }

    [Fact]
    public void An_hour_passes_at_once_and_timers_run_in_order()
    {
        using SimulatedHypervisor hypervisor = new();
        List<int> order = [];
        hypervisor.Run(() => Task.WhenAll(Wait(3), Wait(1), Wait(2)));
        Assert.Equal([1, 2, 3], order);
        Assert.Equal(TimeSpan.FromHours(3), hypervisor.Time.Elapsed);

        async Task Wait(int hours)
        {
            await Task.Delay(TimeSpan.FromHours(hours), hypervisor.Time);
            order.Add(hours);
        }
    }

    [Fact]
    public void A_deadlock_is_an_exception()
    {
        using SimulatedHypervisor hypervisor = new();
        SimulationException error = Assert.Throws<SimulationException>(() => hypervisor.Run(() => new TaskCompletionSource().Task));
        Assert.Contains("deadlock", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_timer_that_is_changed_or_disposed_of_does_not_run_as_it_was_set()
    {
        VirtualTime time = new(DateTimeOffset.UnixEpoch);
        int runs = 0;
        using ITimer timer = time.CreateTimer(_ => runs++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        timer.Change(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3));
        time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(0, runs);
        time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(3, runs); // at 2, 5 and 8
        timer.Dispose();
        time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(3, runs);
        Assert.Equal(DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(108.5), time.GetUtcNow());
    }

    private static string Record(int seed)
    {
        using SimulatedHypervisor hypervisor = new(new SimulationOptions { Seed = seed });
        List<int> order = [];
        hypervisor.Run(() => Task.WhenAll(Enumerable.Range(0, 8).Select(Step)));
        return $"{string.Join(',', order)} in {hypervisor.Steps}";

        async Task Step(int number)
        {
            await Task.Yield();
            order.Add(number);
        }
    }
}
