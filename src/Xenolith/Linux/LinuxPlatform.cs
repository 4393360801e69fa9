using Xenolith.Tracing;
using Xenolith.Xenstore;

namespace Xenolith.Linux;

/// <summary>The platform of a process in a Linux dom0 or domU: what the devices in /dev/xen offer (docs/platforms.md).</summary>
internal sealed class LinuxPlatform : XenPlatform
{
    private const string EventDevice = "evtchn";
    private const string XenstoreDevice = "xenbus";

    private static readonly Lazy<(LinuxPlatform? Platform, PlatformNotSupportedException? Reason)> s_instance = new(Start);

    private readonly LinuxIdentity _identity;
    private readonly LinuxEventChannels _events;
    private readonly LinuxGrants _grants;

    private LinuxPlatform(LinuxIdentity identity, LinuxEventChannels events, LinuxGrants grants)
        : base(events, grants, new LinuxDomain(), TimeProvider.System)
    {
        (_identity, _events, _grants) = (identity, events, grants);
        if (!File.Exists(XenstoreUnixSocketTransport.DefaultSocketPath) && File.Exists(LinuxDevice.PathOf(XenstoreDevice)))
            _ = LinuxResume.FollowAsync(Xenstore, Resume); // not in dom0, which is never resumed
        // The end of Main, and Environment.Exit. The runtime waits for the handler; the hooks run on other threads and have their limits.
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            Hooks.RunExitHooksAsync().Wait(Hooks.ExitOptions.Longest);
            _events.PrepareForExit();
        };
    }

    internal static bool IsThere => s_instance.Value.Platform is not null;

    /// <exception cref="PlatformNotSupportedException">There are no devices of Xen, or this process must not use them.</exception>
    internal static LinuxPlatform Instance =>
        s_instance.Value.Platform ?? throw new PlatformNotSupportedException(s_instance.Value.Reason!.Message, s_instance.Value.Reason);

    public override bool IsWholeDomain => false;

    public override ushort? DomainId => _identity.DomainId;

    public override bool HasXenstore =>
        File.Exists(XenstoreUnixSocketTransport.DefaultSocketPath) || File.Exists(LinuxDevice.PathOf(XenstoreDevice));

    internal override TraceOperations CreateTraceOperations() => new LibraryTrace(TimeProvider, isProcess: true);

    private void Resume()
    {
        Xenstore.LoseTransactions(); // Linux keeps the connection, but xenstored has a new one
        BeginNextGeneration();
    }

    private protected override void RenewPlace()
    {
        _identity.Renew();
        _events.Renew();
        _grants.Renew();
    }

    /// <summary>The daemon's socket where the daemon runs, as in dom0; otherwise the connection that the kernel shares out.</summary>
    private protected override XenstoreTransport CreateXenstoreTransport() => File.Exists(XenstoreUnixSocketTransport.DefaultSocketPath)
        ? new XenstoreUnixSocketTransport()
        : new XenstoreDeviceTransport(new LinuxDevice(XenstoreDevice));

    private static (LinuxPlatform? Platform, PlatformNotSupportedException? Reason) Start()
    {
        if (!OperatingSystem.IsLinux() || !new LinuxDevice(EventDevice).IsPresent)
        {
            return (null, new PlatformNotSupportedException(
                "There is no Xen here: the program is neither a unikernel nor a process in a Linux domain with /dev/xen/evtchn. "
                + "Build an image with Xenolith.Sdk and start it (xenolith run PROJECT); or, in a Linux dom0 or domU, load the modules (modprobe -a xen-evtchn xen-gntdev xen-gntalloc); "
                + "or use a simulated host (package Xenolith.Simulation: new SimulatedHypervisor().CreateDomain().Platform)."));
        }
        try
        {
            LinuxIdentity identity = new();
            LinuxEventChannels events = new(new LinuxDevice(EventDevice), () => identity.HasAnotherNumber);
            return (new LinuxPlatform(identity, events, new LinuxGrants(identity, events, new LinuxDevice("gntalloc"), new LinuxDevice("gntdev"))), null);
        }
        catch (PlatformNotSupportedException reason)
        {
            return (null, reason);
        }
        catch (IOException reason)
        {
            return (null, new PlatformNotSupportedException($"The devices in /dev/xen cannot be used. {reason.Message}", reason));
        }
    }
}
