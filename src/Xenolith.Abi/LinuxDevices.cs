// What Linux offers a process of Xen: the requests of its devices in /dev/xen (Linux: include/uapi/xen; Xen installs its own copies as xen/sys).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>Requests of <c>/dev/xen/evtchn</c> (<c>IOCTL_EVTCHN_*</c>). Those that bind answer the new port.</summary>
public static class LinuxEvtchnIoctl
{
    /// <summary>Binds one of Xen's interrupts on virtual CPU 0. <see cref="IoctlEvtchnBindVirq"/>.</summary>
    public const uint BindVirq = 0x0004_4500;

    /// <summary>Connects to another domain's port. <see cref="IoctlEvtchnBindInterdomain"/>.</summary>
    public const uint BindInterdomain = 0x0008_4501;

    /// <summary>Makes a port for another domain to connect to. <see cref="IoctlEvtchnBindUnboundPort"/>.</summary>
    public const uint BindUnboundPort = 0x0004_4502;

    /// <summary>Closes a port. <see cref="IoctlEvtchnPort"/>.</summary>
    public const uint Unbind = 0x0004_4503;

    /// <summary>Notifies the other end. <see cref="IoctlEvtchnPort"/>.</summary>
    public const uint Notify = 0x0004_4504;
}

/// <summary><c>struct ioctl_evtchn_bind_virq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlEvtchnBindVirq
{
    /// <summary>Which: a <see cref="Abi.Virq"/> value.</summary>
    public uint Virq;
}

/// <summary><c>struct ioctl_evtchn_bind_interdomain</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlEvtchnBindInterdomain
{
    /// <summary>The other domain.</summary>
    public uint RemoteDomain;

    /// <summary>Its port.</summary>
    public uint RemotePort;
}

/// <summary><c>struct ioctl_evtchn_bind_unbound_port</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlEvtchnBindUnboundPort
{
    /// <summary>The domain that may connect.</summary>
    public uint RemoteDomain;
}

/// <summary><c>struct ioctl_evtchn_unbind</c>, <c>struct ioctl_evtchn_notify</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlEvtchnPort
{
    /// <summary>The local port.</summary>
    public uint Port;
}

/// <summary>Requests of <c>/dev/xen/gntalloc</c> (<c>IOCTL_GNTALLOC_*</c>).</summary>
public static class LinuxGntallocIoctl
{
    /// <summary>Makes pages and grants them. <see cref="IoctlGntallocAllocGref"/>.</summary>
    public const uint AllocGref = 0x0018_4705;

    /// <summary>Ends the grants once the pages are unmapped here. <see cref="IoctlGntallocDeallocGref"/>.</summary>
    public const uint DeallocGref = 0x0010_4706;
}

/// <summary>Flags of <see cref="IoctlGntallocAllocGref"/> (<c>GNTALLOC_FLAG_*</c>).</summary>
public static class LinuxGntallocFlag
{
    /// <summary>The other domain may write.</summary>
    public const ushort Writable = 1;
}

/// <summary><c>struct ioctl_gntalloc_alloc_gref</c>, for one page.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlGntallocAllocGref
{
    /// <summary>The domain that gets access.</summary>
    public ushort Domid;

    /// <summary><see cref="LinuxGntallocFlag"/> values.</summary>
    public ushort Flags;

    /// <summary>Pages: 1.</summary>
    public uint Count;

    /// <summary>Out: the offset by which the page is mapped from the device.</summary>
    public ulong Index;

    /// <summary>Out: the reference.</summary>
    public uint GrefIds;
}

/// <summary><c>struct ioctl_gntalloc_dealloc_gref</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlGntallocDeallocGref
{
    /// <summary>What <see cref="IoctlGntallocAllocGref.Index"/> said.</summary>
    public ulong Index;

    /// <summary>Pages.</summary>
    public uint Count;
}

/// <summary>Requests of <c>/dev/xen/gntdev</c> (<c>IOCTL_GNTDEV_*</c>).</summary>
public static class LinuxGntdevIoctl
{
    /// <summary>
    /// Announces references, which are mapped from the device then. <see cref="IoctlGntdevMapGrantRef"/>, its array as long as it is.
    /// </summary>
    public const uint MapGrantRef = 0x0018_4700;

    /// <summary>Takes the announcement back, after the memory is unmapped. <see cref="IoctlGntdevUnmapGrantRef"/>.</summary>
    public const uint UnmapGrantRef = 0x0010_4701;

    /// <summary>What to do when the mapping ends. <see cref="IoctlGntdevUnmapNotify"/>.</summary>
    public const uint SetUnmapNotify = 0x0010_4707;

    /// <summary>Copies to or from granted pages. <see cref="IoctlGntdevGrantCopy"/>.</summary>
    public const uint GrantCopy = 0x0010_4708;
}

/// <summary><c>struct ioctl_gntdev_grant_ref</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlGntdevGrantRef
{
    /// <summary>The domain that granted the page.</summary>
    public uint Domid;

    /// <summary>Reference in its table.</summary>
    public uint Ref;
}

/// <summary><c>struct ioctl_gntdev_map_grant_ref</c>, with the first of its references; the others follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlGntdevMapGrantRef
{
    /// <summary>How many references.</summary>
    public uint Count;

    /// <summary>Zero.</summary>
    public uint Pad;

    /// <summary>Out: the offset by which they are mapped from the device.</summary>
    public ulong Index;

    /// <summary>The first.</summary>
    public IoctlGntdevGrantRef Refs;
}

/// <summary><c>struct ioctl_gntdev_unmap_grant_ref</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlGntdevUnmapGrantRef
{
    /// <summary>What <see cref="IoctlGntdevMapGrantRef.Index"/> said.</summary>
    public ulong Index;

    /// <summary>How many references.</summary>
    public uint Count;

    /// <summary>Zero.</summary>
    public uint Pad;
}

/// <summary><c>struct ioctl_gntdev_unmap_notify</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlGntdevUnmapNotify
{
    /// <summary>Offset in the device of a byte of the mapping.</summary>
    public ulong Index;

    /// <summary><see cref="LinuxUnmapNotify"/> values.</summary>
    public uint Action;

    /// <summary>A port that the process has open.</summary>
    public uint EventChannelPort;
}

/// <summary>Actions of <see cref="IoctlGntdevUnmapNotify"/> (<c>UNMAP_NOTIFY_*</c>).</summary>
public static class LinuxUnmapNotify
{
    /// <summary>Sets the byte to 0.</summary>
    public const uint ClearByte = 1;

    /// <summary>Notifies the port.</summary>
    public const uint SendEvent = 2;
}

/// <summary>
/// <c>struct ioctl_gntdev_grant_copy_segment</c>. <see cref="Source"/> and <see cref="Dest"/> are addresses of this process or, with the flag of
/// <see cref="GrantCopyFlag"/>, a reference in the lower half, then the offset in its page, then the domain.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlGntdevGrantCopySegment
{
    /// <summary>From where.</summary>
    public ulong Source;

    /// <summary>To where.</summary>
    public ulong Dest;

    /// <summary>Bytes.</summary>
    public ushort Len;

    /// <summary><see cref="GrantCopyFlag"/> values.</summary>
    public ushort Flags;

    /// <summary>Out: a <see cref="GrantStatus"/> value.</summary>
    public short Status;
}

/// <summary><c>struct ioctl_gntdev_grant_copy</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlGntdevGrantCopy
{
    /// <summary>How many segments.</summary>
    public uint Count;

    /// <summary>Address of the first.</summary>
    public ulong Segments;
}

/// <summary>Requests of <c>/dev/xen/privcmd</c> (<c>IOCTL_PRIVCMD_*</c>).</summary>
public static class LinuxPrivcmdIoctl
{
    /// <summary>Makes a hypercall and answers its result. <see cref="PrivcmdHypercall"/>.</summary>
    public const uint Hypercall = 0x0030_5000;
}

/// <summary><c>struct privcmd_hypercall</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct PrivcmdHypercall
{
    /// <summary>Number of the hypercall.</summary>
    public ulong Op;

    /// <summary>Its arguments.</summary>
    public fixed ulong Arg[5];
}
