using CsCheck;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Hooks;
using Xenolith.Simulation;

namespace Xenolith.Tests.Hooks;

/// <summary>Hooks at the end of the program.</summary>
public sealed class ExitHookTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _domain;
    private readonly PlatformHooks _hooks;
    private readonly List<string> _log = [];
    private readonly List<HookFailure> _failures = [];

    public ExitHookTests()
    {
        _domain = _hypervisor.CreateDomain();
        _hooks = _domain.Platform.Hooks;
        _hooks.Failed += _failures.Add;
    }

    public void Dispose() => _hypervisor.Dispose();

    [Fact]
    public void The_last_one_registered_runs_first_and_the_next_when_it_has_ended() => _hypervisor.Run(async () =>
    {
        foreach (string name in (string[])["a", "b", "c"])
        {
            _hooks.AtExit(async _ =>
            {
                _log.Add($"{name} begins");
                await Delay(100);
                _log.Add($"{name} ends");
            });
        }
        await _hooks.RunExitHooksAsync();
        Assert.Equal(["c begins", "c ends", "b begins", "b ends", "a begins", "a ends"], _log);
        Assert.Empty(_failures);
    });

    [Fact]
    public void They_run_once_whoever_asks_and_all_who_ask_wait_for_them() => _hypervisor.Run(async () =>
    {
        _hooks.AtExit(async _ =>
        {
            await Delay(100);
            _log.Add("ran");
        });
        await Task.WhenAll(AskAsync(), AskAsync());
        await AskAsync();
        Assert.Equal(["ran"], _log);

        async Task AskAsync()
        {
            await _hooks.RunExitHooksAsync();
            Assert.Equal(["ran"], _log);
        }
    });

    [Fact]
    public void One_that_was_disposed_of_does_not_run() => _hypervisor.Run(async () =>
    {
        IDisposable gone = _hooks.AtExit(_ => Log("gone"));
        _hooks.AtExit(_ => Log("stays"));
        gone.Dispose();
        gone.Dispose();
        await _hooks.RunExitHooksAsync();
        Assert.Equal(["stays"], _log);
    });

    [Fact]
    public void One_that_throws_is_told_of_by_name_and_the_others_run() => _hypervisor.Run(async () =>
    {
        InvalidOperationException error = new("mine");
        _hooks.AtExit(_ => Log("first"));
        _hooks.AtExit(_ => throw error, "cache");
        _hooks.AtExit(async _ =>
        {
            await Delay(1);
            throw error;
        });
        _hooks.AtExit(_ => Log("last"));
        await _hooks.RunExitHooksAsync();
        Assert.Equal(["last", "first"], _log);
        Assert.Equal([new HookFailure("at exit", error), new HookFailure("cache, at exit", error)], _failures);
        Assert.Equal(2, _hooks.Failures);
    });

    [Fact]
    public void One_whose_time_is_up_is_cancelled_and_the_next_has_its_own_time() => _hypervisor.Run(async () =>
    {
        _hooks.ExitOptions = new ExitHookOptions { HookLimit = TimeSpan.FromSeconds(2) };
        _hooks.AtExit(async _ => await Delay(1900));
        _hooks.AtExit(async timeUp => await Task.Delay(TimeSpan.FromDays(1), _hypervisor.Time, timeUp), "slow");
        await _hooks.RunExitHooksAsync();
        Assert.Equal(TimeSpan.FromSeconds(3.9), _hypervisor.Time.Elapsed);
        HookFailure failure = Assert.Single(_failures);
        Assert.Equal("slow, at exit", failure.Hook);
        Assert.IsType<TimeoutException>(failure.Error);
    });

    [Fact]
    public void One_that_does_not_heed_its_cancellation_is_left_behind_after_the_grace() => _hypervisor.Run(async () =>
    {
        _hooks.ExitOptions = new ExitHookOptions { HookLimit = TimeSpan.FromSeconds(2), Grace = TimeSpan.FromSeconds(0.5) };
        _hooks.AtExit(_ => Log("next"));
        _hooks.AtExit(async _ => await Task.Delay(TimeSpan.FromHours(1), _hypervisor.Time), "deaf");
        await _hooks.RunExitHooksAsync();
        Assert.Equal(TimeSpan.FromSeconds(2.5), _hypervisor.Time.Elapsed);
        Assert.Equal(["next"], _log);
        Assert.Equal(
            "A hook (deaf, at exit) failed: it did not end within 2 s, nor when it was cancelled then.", Assert.Single(_failures).ToString());
    });

    [Fact]
    public void When_the_time_for_all_is_up_the_others_do_not_run_and_that_is_told() => _hypervisor.Run(async () =>
    {
        _hooks.ExitOptions = new ExitHookOptions { HookLimit = TimeSpan.FromSeconds(5), TotalLimit = TimeSpan.FromSeconds(7) };
        _hooks.AtExit(_ => Log("never"), "late");
        _hooks.AtExit(async timeUp => await Task.Delay(TimeSpan.FromDays(1), _hypervisor.Time, timeUp), "second"); // has 2 s left
        _hooks.AtExit(async timeUp => await Task.Delay(TimeSpan.FromDays(1), _hypervisor.Time, timeUp), "first");
        await _hooks.RunExitHooksAsync();
        Assert.Equal(TimeSpan.FromSeconds(7), _hypervisor.Time.Elapsed);
        Assert.Equal(["first, at exit", "second, at exit", "late, at exit"], _failures.Select(failure => failure.Hook));
        Assert.Empty(_log);
    });

    [Fact]
    public void One_may_register_another_which_runs_next_and_when_all_have_run_it_is_too_late() => _hypervisor.Run(async () =>
    {
        _hooks.AtExit(_ => Log("first"));
        _hooks.AtExit(_ =>
        {
            _hooks.AtExit(_ => Log("added"));
            return Log("adds");
        });
        await _hooks.RunExitHooksAsync();
        Assert.Equal(["adds", "added", "first"], _log);
        Assert.Throws<InvalidOperationException>(() => _hooks.AtExit(_ => default));
    });

    [Fact]
    public void Disposing_of_the_platform_runs_them_while_everything_still_works() => _hypervisor.Run(async () =>
    {
        XenPlatform platform = _domain.Platform;
        _hooks.AtExit(async cancellationToken =>
        {
            using EventChannel channel = platform.EventChannels.BindIpi();
            await using SharedPages pages = await platform.Grants.ShareAsync(0, 1, GrantAccess.ReadOnly, cancellationToken);
            channel.Notify();
            await channel.WaitAsync(EventCount.None, cancellationToken);
            await Log("worked");
        });
        await platform.DisposeAsync();
        Assert.Equal(["worked"], _log);
        Assert.Throws<ObjectDisposedException>(() => platform.EventChannels.BindIpi());
    });

    [Fact]
    public void A_domain_that_is_destroyed_runs_none() => _hypervisor.Run(async () =>
    {
        _hooks.AtExit(_ => Log("ran"));
        _domain.Destroy();
        await Delay(60_000);
        Assert.Empty(_log);
    });

    /// <summary>On real threads, where a simulation sets no order.</summary>
    [Fact]
    public async Task One_that_blocks_its_thread_holds_up_nobody_beyond_its_time()
    {
        using ManualResetEventSlim never = new();
        PlatformHooks hooks = _domain.Platform.Hooks;
        hooks.AtExit(_ => Log("next"));
        hooks.AtExit(_ =>
        {
            never.Wait(TestContext.Current.CancellationToken);
            return default;
        });
        Task run = hooks.RunExitHooksAsync();
        _hypervisor.Time.Advance(TimeSpan.FromSeconds(6));
        await run;
        never.Set();
        Assert.Equal(["next"], _log);
    }

    [Fact]
    public void Whatever_hooks_do_each_runs_at_most_once_in_order_and_the_end_comes_in_time() =>
        Gen.Select(Gen.Int[0, 9000], Gen.Bool, Gen.Bool).Array[0, 12].Sample(
            plans =>
            {
                using SimulatedHypervisor hypervisor = new();
                PlatformHooks hooks = hypervisor.CreateDomain().Platform.Hooks;
                List<int> begun = [];
                List<HookFailure> failures = [];
                hooks.Failed += failures.Add;
                for (int i = 0; i < plans.Length; i++)
                {
                    (int milliseconds, bool heeds, bool throws) = plans[i];
                    int number = i;
                    hooks.AtExit(async timeUp =>
                    {
                        begun.Add(number);
                        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), hypervisor.Time, heeds ? timeUp : default);
                        if (throws)
                            throw new InvalidOperationException();
                    });
                }
                hypervisor.Run(hooks.RunExitHooksAsync);
                Assert.Equal(begun.OrderDescending(), begun);
                Assert.Equal(Enumerable.Range(plans.Length - begun.Count, begun.Count).Reverse(), begun);
                Assert.InRange(hypervisor.Time.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(21));
                Assert.True(begun.Count == plans.Length || failures.Count >= plans.Length - begun.Count);
            },
            iter: 300, threads: 1);

    private Task Delay(int milliseconds) => Task.Delay(TimeSpan.FromMilliseconds(milliseconds), _hypervisor.Time);

    private ValueTask Log(string what)
    {
        _log.Add(what);
        return default;
    }
}
