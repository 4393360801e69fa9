// The platform ABI's event channel structures: arguments of xl_event_*, shared by the kernel and the libraries (docs/platform-abi.md).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>What kind of port <c>xl_event_open</c> makes.</summary>
public static class PlatformEventKind
{
    /// <summary>A port to which <see cref="PlatformEventOpen.RemoteDomain"/> can connect.</summary>
    public const uint Unbound = 0;

    /// <summary>Connected to <see cref="PlatformEventOpen.Source"/>, a port of <see cref="PlatformEventOpen.RemoteDomain"/>.</summary>
    public const uint Interdomain = 1;

    /// <summary>Bound to the virtual interrupt <see cref="PlatformEventOpen.Source"/> of <see cref="PlatformEventOpen.Vcpu"/>.</summary>
    public const uint Virq = 2;

    /// <summary>For interrupts to <see cref="PlatformEventOpen.Vcpu"/>.</summary>
    public const uint Ipi = 3;

    /// <summary>The port <see cref="PlatformEventOpen.Source"/>, which is there already and not the kernel's own.</summary>
    public const uint Existing = 4;
}

/// <summary>Argument of <c>xl_event_open</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformEventOpen
{
    /// <summary>A <see cref="PlatformEventKind"/> value.</summary>
    public uint Kind;

    /// <summary>The other domain.</summary>
    public ushort RemoteDomain;

    /// <summary>Zero.</summary>
    public ushort Reserved;

    /// <summary>Port or interrupt, as the kind says.</summary>
    public uint Source;

    /// <summary>Virtual CPU, where the kind has one.</summary>
    public uint Vcpu;

    /// <summary>Out: the port.</summary>
    public uint Port;
}
