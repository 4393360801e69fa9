using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Hooks;
using Xenolith.Lifecycle;
using Xenolith.Simulation;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Lifecycle;

/// <summary>Suspending the domain: at the toolstack's request, with hooks around it, and what comes of it.</summary>
public sealed class SuspendTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _zero, _domain;
    private readonly List<string> _log = [];
    private readonly List<HookFailure> _failures = [];

    public SuspendTests()
    {
        _zero = _hypervisor.CreateDomain();
        _domain = _hypervisor.CreateDomain();
        _domain.Platform.Hooks.Failed += _failures.Add;
    }

    public void Dispose() => _hypervisor.Dispose();

    private XenstoreClient Toolstack => _zero.Platform.Xenstore;

    private XenPlatform Platform => _domain.Platform;

    private string Control => $"/local/domain/{_domain.Id}/control";

    [Theory]
    [InlineData(SuspendOutcome.Resumed, null, 1)]
    [InlineData(SuspendOutcome.Resumed, (ushort)9, 1)]
    [InlineData(SuspendOutcome.Cancelled, null, 0)]
    public void A_request_of_the_toolstack_is_acknowledged_and_carried_out_again_and_again(SuspendOutcome outcome, ushort? newId, int generations) => _hypervisor.Run(async () =>
    {
        Log("one");
        _domain.Suspension = new SimulatedSuspension(outcome, newId);
        await using (await Platform.Lifecycle.AllowSuspendAsync())
        {
            for (int i = 1; i <= 3; i++)
            {
                await PassAsync();
                Assert.Equal("1", await Toolstack.ReadAsync($"{Control}/feature-suspend"));
                string control = Control;
                await Toolstack.WriteAsync($"{control}/shutdown", "suspend");
                await PassAsync();
                Assert.Equal(i * generations, Platform.Generation.Number);
                Assert.Equal(2 * i, _log.Count);
                Assert.Equal("", await Toolstack.ReadAsync($"{Control}/shutdown"));
            }
        }
        Assert.Equal("0", await Toolstack.ReadAsync($"{Control}/feature-suspend"));
        Assert.Empty(_failures);
    });

    [Fact]
    public void Hooks_stop_from_the_last_to_the_first_and_start_the_other_way_round() => _hypervisor.Run(async () =>
    {
        Log("one");
        Log("two");
        Log("gone").Dispose();
        Assert.Equal(SuspendOutcome.Resumed, await Platform.Lifecycle.SuspendAsync());
        Assert.Equal(["two stops in 0", "one stops in 0", "one: Resumed in 1", "two: Resumed in 1"], _log);
    });

    [Fact]
    public void After_a_suspension_that_was_cancelled_all_handles_are_good() => _hypervisor.Run(async () =>
    {
        Log("one");
        using EventChannel channel = Platform.EventChannels.AllocateUnbound(0);
        using EventChannel other = _zero.Platform.EventChannels.BindInterdomain(_domain.Id, channel.Port);
        await using SharedPages shared = await Platform.Grants.ShareAsync(0, 1, GrantAccess.ReadWrite);
        await using XenstoreTransaction transaction = await Platform.Xenstore.StartTransactionAsync();
        _domain.Suspension = new SimulatedSuspension(SuspendOutcome.Cancelled);

        Assert.Equal(SuspendOutcome.Cancelled, await Platform.Lifecycle.SuspendAsync());
        Assert.Equal(["one stops in 0", "one: Cancelled in 0"], _log);
        Assert.Equal(NotifyResult.Sent, channel.Notify());
        using ForeignMapping mapping = _zero.Platform.Grants.Map(new ForeignGrant(_domain.Id, shared.References[0]), GrantAccess.ReadWrite);
        Assert.True(await transaction.CommitAsync());
    });

    [Fact]
    public void After_a_resume_handles_of_before_say_so_and_new_ones_work() => _hypervisor.Run(async () =>
    {
        EventChannel channel = Platform.EventChannels.AllocateUnbound(0);
        Task<EventCount> waiting = channel.WaitAsync(channel.Count).AsTask();
        SharedPages shared = await Platform.Grants.ShareAsync(0, 1, GrantAccess.ReadWrite);
        GrantReferences references = await Platform.Grants.ReserveAsync(1);
        XenstoreTransaction transaction = await Platform.Xenstore.StartTransactionAsync();
        await using XenstoreWatch watch = await Platform.Xenstore.WatchAsync("data/key");
        await watch.ReadAsync();

        Assert.Equal(SuspendOutcome.Resumed, await Platform.Lifecycle.SuspendAsync());
        await Assert.ThrowsAsync<StaleHandleException>(() => waiting);
        Assert.Throws<StaleHandleException>(() => channel.Notify());
        Assert.Throws<StaleHandleException>(channel.Mask);
        Assert.Throws<StaleHandleException>(() => references.TryEnd(0));
        await Assert.ThrowsAsync<XenstoreDisconnectedException>(() => transaction.CommitAsync());
        await transaction.DisposeAsync();
        Assert.Equal("data/key", (await watch.ReadAsync()).Path); // once for the new connection
        await Platform.Xenstore.WriteAsync("data/key", "x");
        Assert.Equal("data/key", (await watch.ReadAsync()).Path);
        foreach (IDisposable old in (IDisposable[])[channel, shared, references])
            old.Dispose();

        Assert.Equal((0, 0), (Platform.Grants.GetStatistics().Granted, Platform.Grants.GetStatistics().Pages));
        using EventChannel another = Platform.EventChannels.AllocateUnbound(0);
        Assert.True(another.IsValid);
    });

    [Fact]
    public void A_suspension_that_Xen_refuses_leaves_everything_as_it_was() => _hypervisor.Run(async () =>
    {
        Log("one");
        _domain.Suspension = new SimulatedSuspension(Error: XenError.NotPermitted);
        Assert.Equal(XenError.NotPermitted, (await Assert.ThrowsAsync<XenException>(Platform.Lifecycle.SuspendAsync)).Error);
        Assert.Equal(["one stops in 0", "one: Cancelled in 0"], _log);
        await using (await Platform.Lifecycle.AllowSuspendAsync())
        {
            await Toolstack.WriteAsync($"{Control}/shutdown", "suspend");
            await PassAsync();
            Assert.IsType<XenException>(Assert.Single(_failures).Error);
            _domain.Suspension = new SimulatedSuspension();
            await Toolstack.WriteAsync($"{Control}/shutdown", "suspend");
            await PassAsync();
        }
        Assert.Equal(1, Platform.Generation.Number);
    });

    [Fact]
    public void A_hook_that_fails_or_hangs_is_told_of_and_the_domain_is_suspended_all_the_same() => _hypervisor.Run(async () =>
    {
        Platform.Hooks.SuspendOptions = new SuspendHookOptions { HookLimit = TimeSpan.FromSeconds(2), TotalLimit = TimeSpan.FromSeconds(3) };
        Log("first");
        Platform.Hooks.OnSuspend(_ => throw new InvalidOperationException("no"), name: "broken");
        Platform.Hooks.OnSuspend(stop => new ValueTask(Task.Delay(Timeout.InfiniteTimeSpan, _hypervisor.Time, stop)), name: "heeds");
        Platform.Hooks.OnSuspend(null, (_, _) => new ValueTask(Task.Delay(Timeout.InfiniteTimeSpan, _hypervisor.Time)), name: "hangs");
        Assert.Equal(SuspendOutcome.Resumed, await Platform.Lifecycle.SuspendAsync());
        Assert.Equal(["first stops in 0", "first: Resumed in 1"], _log);
        Assert.Equal(["heeds, before suspending", "broken, before suspending", "hangs, after resuming"], _failures.Select(failure => failure.Hook));
    });

    [Theory]
    [InlineData(SuspendOutcome.Resumed, new[] { "begins", "ends" })] // nobody would resume it a second time
    [InlineData(SuspendOutcome.Cancelled, new[] { "begins", "ends", "begins", "ends" })]
    public void Of_two_who_suspend_at_once_the_second_does_it_only_if_the_domain_was_not_resumed(SuspendOutcome outcome, string[] log) => _hypervisor.Run(async () =>
    {
        _domain.Suspension = new SimulatedSuspension(outcome);
        Platform.Hooks.OnSuspend(async _ =>
        {
            _log.Add("begins");
            await Task.Delay(TimeSpan.FromMilliseconds(100), _hypervisor.Time);
        }, (_, _) =>
        {
            _log.Add("ends");
            return default;
        });
        Assert.Equal([outcome, outcome], await Task.WhenAll(Platform.Lifecycle.SuspendAsync(), Platform.Lifecycle.SuspendAsync()));
        Assert.Equal(log, _log);
        Assert.Equal(outcome, await Platform.Lifecycle.SuspendAsync()); // asked for anew
        Assert.Equal(log.Length + 2, _log.Count);
    });

    [Fact]
    public void Of_several_who_listen_one_suspends_the_domain_once_for_each_request()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            using SimulatedHypervisor hypervisor = new(new SimulationOptions { Seed = seed });
            SimulatedDomain zero = hypervisor.CreateDomain(), domain = hypervisor.CreateDomain();
            domain.Suspension = new SimulatedSuspension(SuspendOutcome.Resumed, NewId: 9);
            hypervisor.Run(async () =>
            {
                await using IAsyncDisposable first = await domain.Platform.Lifecycle.AllowSuspendAsync();
                await using IAsyncDisposable second = await domain.Platform.Lifecycle.AllowSuspendAsync();
                await using IAsyncDisposable third = await domain.Platform.Lifecycle.AllowSuspendAsync();
                await zero.Platform.Xenstore.WriteAsync($"/local/domain/{domain.Id}/control/shutdown", "suspend");
                await Task.Delay(TimeSpan.FromMinutes(1), hypervisor.Time);
                Assert.Equal(1, domain.Platform.Generation.Number);
            });
        }
    }

    [Fact]
    public void A_program_with_as_many_transactions_as_xenstored_allows_is_suspended_all_the_same() => _hypervisor.Run(async () =>
    {
        List<XenstoreTransaction> open = [];
        await using (await Platform.Lifecycle.AllowSuspendAsync())
        {
            while (await TryStartAsync() is { } transaction)
                open.Add(transaction);
            Assert.NotEmpty(open);
            string control = Control;
            await Toolstack.WriteAsync($"{control}/shutdown", "suspend");
            await PassAsync();
            Assert.Equal("", await Toolstack.ReadAsync($"{control}/shutdown"));
            Assert.Equal(1, Platform.Generation.Number);
        }
        Assert.Empty(_failures);
        foreach (XenstoreTransaction transaction in open)
            await transaction.DisposeAsync();

        async Task<XenstoreTransaction?> TryStartAsync()
        {
            try
            {
                return await Platform.Xenstore.StartTransactionAsync();
            }
            catch (XenstoreQuotaException)
            {
                return null;
            }
        }
    });

    [Fact]
    public void A_hook_that_is_registered_while_others_run_has_its_turn_in_this_suspension() => _hypervisor.Run(async () =>
    {
        Log("one");
        bool isFirst = true;
        Platform.Hooks.OnSuspend(_ =>
        {
            if (isFirst)
                Log("late");
            isFirst = false;
            return default;
        });
        await Platform.Lifecycle.SuspendAsync();
        Assert.Equal(["late stops in 0", "one stops in 0", "one: Resumed in 1", "late: Resumed in 1"], _log);
    });

    [Fact]
    public void A_hook_uses_xenstore_at_once_when_the_domain_runs_again() => _hypervisor.Run(async () =>
    {
        Platform.Hooks.OnSuspend(null, async (_, _) => await Platform.Xenstore.WriteAsync("data/where", $"{Platform.DomainId}"));
        await Platform.Xenstore.WriteAsync("data/where", "here");
        _domain.Suspension = new SimulatedSuspension(SuspendOutcome.Resumed, NewId: 9);
        await Platform.Lifecycle.SuspendAsync();
        Assert.Equal("9", await Toolstack.ReadAsync("/local/domain/9/data/where"));
        Assert.Empty(_failures);
    });

    /// <summary>Lets everything happen that is to happen by now.</summary>
    private Task PassAsync() => Task.Delay(TimeSpan.FromSeconds(1), _hypervisor.Time);

    private IDisposable Log(string name) => Platform.Hooks.OnSuspend(
        _ =>
        {
            _log.Add($"{name} stops in {Platform.Generation.Number}");
            return default;
        },
        (outcome, _) =>
        {
            _log.Add($"{name}: {outcome} in {Platform.Generation.Number}");
            return default;
        },
        name);
}
