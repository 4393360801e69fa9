using Xenolith.Abi;
using Xenolith.Lifecycle;
using Xenolith.Simulation;

namespace Xenolith.Tests.Lifecycle;

/// <summary>How a domain ends by itself.</summary>
public sealed class DomainEndTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _domain;

    public DomainEndTests()
    {
        _hypervisor.CreateDomain();
        _domain = _hypervisor.CreateDomain();
    }

    public void Dispose() => _hypervisor.Dispose();

    private DomainLifecycle Lifecycle => _domain.Platform.Lifecycle;

    [Fact]
    public void It_powers_off_with_an_exit_code() => _hypervisor.Run(async () =>
    {
        await Lifecycle.PowerOffAsync(3);
        Assert.Equal(new SimulatedEnd(ShutdownReason.Poweroff, 3, null), _domain.End);
        Assert.False(_domain.IsAlive);
    });

    [Fact]
    public void It_reboots() => _hypervisor.Run(async () =>
    {
        await Lifecycle.RebootAsync();
        Assert.Equal(new SimulatedEnd(ShutdownReason.Reboot, 0, null), _domain.End);
    });

    [Fact]
    public void It_crashes_for_a_reason() => _hypervisor.Run(async () =>
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Lifecycle.CrashAsync(""));
        Assert.Null(_domain.End);
        await Lifecycle.CrashAsync("the disk is on fire");
        Assert.Equal(new SimulatedEnd(ShutdownReason.Crash, null, "the disk is on fire"), _domain.End);
    });

    [Fact]
    public void Hooks_run_before_it_ends_in_order_and_not_before_it_crashes() => _hypervisor.Run(async () =>
    {
        List<string> hooked = [];
        SimulatedDomain other = _hypervisor.CreateDomain();
        foreach (SimulatedDomain domain in (SimulatedDomain[])[_domain, other])
        {
            domain.Platform.Hooks.AtExit(_ =>
            {
                hooked.Add($"{domain.Id} alive: {domain.IsAlive}");
                return default;
            });
        }

        await Lifecycle.RebootAsync();
        await other.Platform.Lifecycle.CrashAsync("no time for hooks");
        Assert.Equal(["1 alive: True"], hooked);
    });

    [Fact]
    public void It_ends_once() => _hypervisor.Run(async () =>
    {
        await Lifecycle.RebootAsync();
        await Lifecycle.PowerOffAsync();
        Assert.Equal(ShutdownReason.Reboot, _domain.End!.Reason);
    });

    [Fact]
    public void A_program_that_returns_powers_off_unless_it_has_said_otherwise()
    {
        Assert.Equal(ShutdownReason.Poweroff, _domain.ExitReason);
        Lifecycle.SetExitReason(ShutdownReason.Reboot);
        Lifecycle.SetExitReason(ShutdownReason.Poweroff);
        Lifecycle.SetExitReason(ShutdownReason.Reboot);
        _domain.Exit(-1);
        Assert.Equal(new SimulatedEnd(ShutdownReason.Reboot, 255, null), _domain.End);
    }

    [Theory]
    [InlineData(ShutdownReason.Suspend)]
    [InlineData(ShutdownReason.Crash)]
    [InlineData((ShutdownReason)9)]
    public void No_program_exits_for_another_reason(ShutdownReason reason) =>
        Assert.Throws<ArgumentOutOfRangeException>("reason", () => Lifecycle.SetExitReason(reason));

    [Fact]
    public void A_domain_that_was_destroyed_did_not_end_by_itself()
    {
        _domain.Destroy();
        Assert.Null(_domain.End);
    }
}
