// The page that a guest shares with the hypervisor: event bits, time and the wall clock (Xen: xen.h, arch-x86/xen.h, arch-x86/xen-x86_64.h).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>
/// <c>struct shared_info</c> of a 64-bit guest. Xen may extend it at the end; it is the only thing on its page.
/// </summary>
/// <remarks>
/// <code>
///    0  vcpu_info[32]          64 bytes each
/// 2048  evtchn_pending[64]     one bit a port
/// 2560  evtchn_mask[64]        one bit a port
/// 3072  wall clock             16 bytes
/// 3088  arch                   48 bytes
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 3136)]
public unsafe struct SharedInfo
{
    /// <summary>Virtual CPUs that have their <see cref="VcpuInfo"/> here (<c>XEN_LEGACY_MAX_VCPUS</c>); others must register one elsewhere.</summary>
    public const int LegacyMaxVcpus = 32;

    /// <summary>Ports of the 2-level event channel ABI (<c>EVTCHN_2L_NR_CHANNELS</c>).</summary>
    public const int EvtchnPorts = 4096;

    /// <summary>The first of <see cref="LegacyMaxVcpus"/> entries, one a virtual CPU; index from its address.</summary>
    [FieldOffset(0)]
    public VcpuInfo VcpuInfo;

    /// <summary>Set by Xen when a port fires, cleared by the guest (with a LOCK prefix: Xen writes the same words).</summary>
    [FieldOffset(2048)]
    public fixed ulong EvtchnPending[64];

    /// <summary>Set by the guest to hold a port's upcalls back. An event of a masked port stays pending without an upcall.</summary>
    [FieldOffset(2560)]
    public fixed ulong EvtchnMask[64];

    /// <summary>Version of the wall clock fields, as <see cref="VcpuTimeInfo.Version"/>.</summary>
    [FieldOffset(3072)]
    public uint WcVersion;

    /// <summary>Wall-clock time at which <see cref="VcpuTimeInfo.SystemTime"/> was 0: low half of the seconds since 1970-01-01 00:00 UTC.</summary>
    [FieldOffset(3076)]
    public uint WcSec;

    /// <summary>Nanoseconds that belong to <see cref="WcSec"/>.</summary>
    [FieldOffset(3080)]
    public uint WcNsec;

    /// <summary>High half of the seconds.</summary>
    [FieldOffset(3084)]
    public uint WcSecHi;

    /// <summary>What belongs to x86.</summary>
    [FieldOffset(3088)]
    public ArchSharedInfo Arch;
}

/// <summary><c>struct vcpu_info</c>: the upcall state and clock of one virtual CPU; 64 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
public struct VcpuInfo
{
    /// <summary>
    /// Set by Xen when there are events; the guest clears it before it looks for them, so that none is lost.
    /// </summary>
    [FieldOffset(0)]
    public byte EvtchnUpcallPending;

    /// <summary>Non-zero holds upcalls back (PV guests; a PVH guest masks interrupts instead).</summary>
    [FieldOffset(1)]
    public byte EvtchnUpcallMask;

    /// <summary>Bit n: word n of <see cref="SharedInfo.EvtchnPending"/> has an event for this CPU. Taken by an atomic exchange with 0.</summary>
    [FieldOffset(8)]
    public ulong EvtchnPendingSel;

    /// <summary>What belongs to x86.</summary>
    [FieldOffset(16)]
    public ArchVcpuInfo Arch;

    /// <summary>The clock as seen from this CPU.</summary>
    [FieldOffset(32)]
    public VcpuTimeInfo Time;
}

/// <summary><c>struct arch_vcpu_info</c> of x86-64; used by PV guests only.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArchVcpuInfo
{
    /// <summary>Address of the last page fault.</summary>
    public ulong Cr2;

    /// <summary>Unused.</summary>
    public ulong Pad;
}

/// <summary>
/// <c>struct vcpu_time_info</c>: system time = <see cref="SystemTime"/> + ((tsc - <see cref="TscTimestamp"/>) shifted left by
/// <see cref="TscShift"/>) * <see cref="TscToSystemMul"/> / 2^32.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
public struct VcpuTimeInfo
{
    /// <summary>
    /// Incremented before and after each update: odd while one is under way. Read it before and after the rest, and retry on change.
    /// </summary>
    [FieldOffset(0)]
    public uint Version;

    /// <summary>Unused.</summary>
    [FieldOffset(4)]
    public uint Pad0;

    /// <summary>Time-stamp counter at the last update. Just after a domain is built it can lie ahead of the counter.</summary>
    [FieldOffset(8)]
    public ulong TscTimestamp;

    /// <summary>Nanoseconds since the host started, at the last update.</summary>
    [FieldOffset(16)]
    public ulong SystemTime;

    /// <summary>Nanoseconds per shifted tick, as a fraction of 2^32.</summary>
    [FieldOffset(24)]
    public uint TscToSystemMul;

    /// <summary>Shift of the tick difference: to the left, to the right when negative.</summary>
    [FieldOffset(28)]
    public sbyte TscShift;

    /// <summary><see cref="PvclockFlag"/> bits.</summary>
    [FieldOffset(29)]
    public byte Flags;

    /// <summary>Unused.</summary>
    [FieldOffset(30)]
    public ushort Pad1;
}

/// <summary>Bits of <see cref="VcpuTimeInfo.Flags"/> (<c>XEN_PVCLOCK_*</c>).</summary>
public static class PvclockFlag
{
    /// <summary>The counters of all CPUs agree: readings on different CPUs can be compared.</summary>
    public const byte TscStableBit = 1;

    /// <summary>The guest was stopped by the host since this was last cleared.</summary>
    public const byte GuestStopped = 2;
}

/// <summary><c>struct arch_shared_info</c> of x86-64; used by PV guests only.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArchSharedInfo
{
    /// <summary>Entries of the physical-to-machine tables.</summary>
    public ulong MaxPfn;

    /// <summary>Frame of the root of the table of tables.</summary>
    public ulong PfnToMfnFrameListList;

    /// <summary>Why an NMI was sent.</summary>
    public ulong NmiReason;

    /// <summary>Page table root in which <see cref="P2mVaddr"/> is valid.</summary>
    public ulong P2mCr3;

    /// <summary>Virtual address of the linear table.</summary>
    public ulong P2mVaddr;

    /// <summary>Incremented before and after each change of the table.</summary>
    public ulong P2mGeneration;
}
