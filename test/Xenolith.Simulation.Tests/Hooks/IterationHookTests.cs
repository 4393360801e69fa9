using Xenolith.EventChannels;
using Xenolith.Hooks;
using Xenolith.Simulation;

namespace Xenolith.Tests.Hooks;

/// <summary>Hooks around the dispatcher's wait.</summary>
public sealed class IterationHookTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly XenPlatform _platform;

    public IterationHookTests() => _platform = _hypervisor.CreateDomain().Platform;

    public void Dispose() => _hypervisor.Dispose();

    [Fact]
    public void Hooks_run_after_waking_and_before_waiting_and_events_are_handed_out_in_between() => _hypervisor.Run(async () =>
    {
        using EventChannel channel = _platform.EventChannels.BindIpi();
        List<string> log = [];
        using IDisposable wake = _platform.Hooks.OnAfterWake(ports => log.Add($"{ports} fired, {channel.Count.Value} handed out"));
        using IDisposable wait = _platform.Hooks.OnBeforeWait(() => log.Add($"waits, {channel.Count.Value} handed out"));
        EventCount seen = EventCount.None;
        for (int i = 0; i < 2; i++)
        {
            channel.Notify();
            seen = await channel.WaitAsync(seen);
        }
        Assert.Equal(["1 fired, 0 handed out", "waits, 1 handed out", "1 fired, 1 handed out", "waits, 2 handed out"], log);
    });

    [Fact]
    public void A_hook_is_told_how_many_ports_fired_and_runs_once_for_all_of_them() => _hypervisor.Run(async () =>
    {
        EventChannel[] channels = [.. Enumerable.Range(0, 3).Select(_ => _platform.EventChannels.BindIpi())];
        List<int> fired = [];
        using IDisposable hook = _platform.Hooks.OnAfterWake(fired.Add);
        foreach (EventChannel channel in channels)
            channel.Notify();
        foreach (EventChannel channel in channels)
            await channel.WaitAsync(EventCount.None);
        Assert.Equal([3], fired);
    });

    [Fact]
    public void Hooks_run_in_order_of_registration_until_they_are_disposed_of() => _hypervisor.Run(async () =>
    {
        using EventChannel channel = _platform.EventChannels.BindIpi();
        List<string> log = [];
        using IDisposable first = _platform.Hooks.OnBeforeWait(() => log.Add("first"));
        IDisposable second = _platform.Hooks.OnBeforeWait(() => log.Add("second"));
        using IDisposable third = _platform.Hooks.OnBeforeWait(() => log.Add("third"));
        await FireAsync(channel);
        second.Dispose();
        second.Dispose();
        await FireAsync(channel);
        Assert.Equal(["first", "second", "third", "first", "third"], log);
    });

    [Fact]
    public void A_hook_may_end_its_own_registration() => _hypervisor.Run(async () =>
    {
        using EventChannel channel = _platform.EventChannels.BindIpi();
        int calls = 0;
        IDisposable? hook = null;
        hook = _platform.Hooks.OnBeforeWait(() =>
        {
            calls++;
            hook!.Dispose();
        });
        await FireAsync(channel);
        await FireAsync(channel);
        Assert.Equal(1, calls);
    });

    [Fact]
    public void A_hook_that_throws_is_told_of_once_and_counted_each_time_and_stops_neither_hooks_nor_events() => _hypervisor.Run(async () =>
    {
        using EventChannel channel = _platform.EventChannels.BindIpi();
        List<HookFailure> failures = [];
        int others = 0;
        InvalidOperationException error = new("mine");
        _platform.Hooks.Failed += failures.Add;
        using IDisposable bad = _platform.Hooks.OnAfterWake(_ => throw error);
        using IDisposable good = _platform.Hooks.OnAfterWake(_ => others++);
        for (int i = 0; i < 3; i++)
            await FireAsync(channel);
        Assert.Equal([new HookFailure("after waking up", error)], failures);
        Assert.Equal(3, _platform.Hooks.Failures);
        Assert.Equal(3, others);
    });

    [Fact]
    public void Who_is_told_of_a_failure_may_fail_too() => _hypervisor.Run(async () =>
    {
        using EventChannel channel = _platform.EventChannels.BindIpi();
        _platform.Hooks.Failed += _ => throw new InvalidOperationException("no better");
        using IDisposable bad = _platform.Hooks.OnBeforeWait(() => throw new InvalidOperationException("mine"));
        await FireAsync(channel);
        await FireAsync(channel);
        Assert.Equal(2, _platform.Hooks.Failures);
    });

    /// <summary>By the difference of two runs of the same events: the simulation itself allocates.</summary>
    [Fact]
    public void A_turn_of_the_loop_allocates_nothing_for_hooks_whether_there_are_any_or_not()
    {
        long Run()
        {
            using EventChannel channel = _platform.EventChannels.BindIpi();
            long before = 0;
            _hypervisor.Run(async () =>
            {
                for (int i = 0; i < 200; i++)
                {
                    if (i == 100)
                        before = GC.GetAllocatedBytesForCurrentThread();
                    await FireAsync(channel);
                }
            });
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Run();
        long without = Run();
        using IDisposable wake = _platform.Hooks.OnAfterWake(static _ => { });
        using IDisposable wait = _platform.Hooks.OnBeforeWait(static () => { });
        Assert.InRange(Run() - without, long.MinValue, 1000); // less than 10 bytes a turn: a registration or an enumerator would be more
    }

    private static async Task FireAsync(EventChannel channel)
    {
        EventCount seen = channel.Count;
        channel.Notify();
        await channel.WaitAsync(seen);
    }
}
