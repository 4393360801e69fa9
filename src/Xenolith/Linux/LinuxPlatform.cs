using System.Globalization;
using System.Runtime.Intrinsics.X86;
using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Linux;

/// <summary>The platform of a process in a Linux dom0 or domU: what the devices in /dev/xen offer (docs/platforms.md).</summary>
internal sealed class LinuxPlatform : XenPlatform
{
    private const string EventDevice = "evtchn";
    private const string XenstoreDevice = "xenbus";
    private const string FeatureFile = "/sys/hypervisor/properties/features";

    private static readonly Lazy<(LinuxPlatform? Platform, PlatformNotSupportedException? Reason)> s_instance = new(Start);

    private readonly Lazy<ushort?> _domainId = new(ReadDomainId);

    private LinuxPlatform()
        : base(new LinuxEventChannels(), new LinuxGrants(), new LinuxDomain(), TimeProvider.System) =>
        // The end of Main, and Environment.Exit. The runtime waits for the handler; the hooks run on other threads and have their limits.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Hooks.RunExitHooksAsync().Wait(Hooks.ExitOptions.Longest);

    internal static bool IsThere => s_instance.Value.Platform is not null;

    /// <exception cref="PlatformNotSupportedException">There are no devices of Xen, or this process must not use them.</exception>
    internal static LinuxPlatform Instance =>
        s_instance.Value.Platform ?? throw new PlatformNotSupportedException(s_instance.Value.Reason!.Message, s_instance.Value.Reason);

    public override bool IsWholeDomain => false;

    public override ushort? DomainId => _domainId.Value;

    public override bool HasXenstore =>
        File.Exists(XenstoreUnixSocketTransport.DefaultSocketPath) || File.Exists(LinuxDevice.PathOf(XenstoreDevice));

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
            return (new LinuxPlatform(), null);
        }
        catch (PlatformNotSupportedException reason)
        {
            return (null, reason);
        }
    }

    /// <summary>CPUID where Xen answers it, as in every domain but a PV one; of those, Linux knows the first domain.</summary>
    private static ushort? ReadDomainId()
    {
        if (X86Base.IsSupported)
        {
            for (uint leaf = CpuidLeaves.FirstLeaf; leaf < CpuidLeaves.LastBase; leaf += CpuidLeaves.BaseStep)
            {
                if (Query(leaf) is not (_, CpuidLeaves.SignatureEbx, CpuidLeaves.SignatureEcx, CpuidLeaves.SignatureEdx))
                    continue;
                (uint flags, _, uint domain, _) = Query(leaf + CpuidLeaves.Hvm);
                if ((flags & CpuidLeaves.HvmDomidPresent) != 0)
                    return (ushort)domain;
            }
        }
        return IsFirstDomain() ? (ushort)0 : null;

        static (uint Eax, uint Ebx, uint Ecx, uint Edx) Query(uint leaf)
        {
            (int eax, int ebx, int ecx, int edx) = X86Base.CpuId((int)leaf, 0);
            return ((uint)eax, (uint)ebx, (uint)ecx, (uint)edx);
        }
    }

    private static bool IsFirstDomain() =>
        File.Exists(FeatureFile)
        && uint.TryParse(File.ReadAllText(FeatureFile).AsSpan().Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint features)
        && (features & (1u << XenFeature.Dom0)) != 0;
}
