// Numbers of the hypercalls (Xen: xen.h, __HYPERVISOR_*), which index the hypercall page: entry n lies at n * 32 bytes.

namespace Xenolith.Abi;

/// <summary>
/// Hypercalls open to an unprivileged PVH guest. Arguments go in RDI, RSI, RDX, R10 and R8; the result, negative for an error
/// (a negated <c>XEN_E*</c>, which is Linux's <c>errno</c>), comes back in RAX.
/// </summary>
public static class Hypercall
{
    /// <summary>Bytes from one entry of the hypercall page to the next.</summary>
    public const int EntrySize = 32;

    /// <summary>Memory map and reservation: <see cref="MemoryOp"/>.</summary>
    public const int MemoryOp = 12;

    /// <summary>Several hypercalls in one.</summary>
    public const int Multicall = 13;

    /// <summary>One-shot timer of the calling CPU, as an absolute system time in nanoseconds.</summary>
    public const int SetTimerOp = 15;

    /// <summary>Version and features: <see cref="VersionOp"/>.</summary>
    public const int XenVersion = 17;

    /// <summary>The hypervisor's console: <see cref="ConsoleIoCommand"/>.</summary>
    public const int ConsoleIo = 18;

    /// <summary>Grant tables.</summary>
    public const int GrantTableOp = 20;

    /// <summary>Assists that a guest can switch on.</summary>
    public const int VmAssist = 21;

    /// <summary>Virtual CPUs: <see cref="VcpuOp"/>.</summary>
    public const int VcpuOp = 24;

    /// <summary>Security modules.</summary>
    public const int XsmOp = 27;

    /// <summary>Scheduling and shutdown: <see cref="SchedOp"/>.</summary>
    public const int SchedOp = 29;

    /// <summary>Event channels: <see cref="EventChannelOp"/>.</summary>
    public const int EventChannelOp = 32;

    /// <summary>Interrupts and physical devices.</summary>
    public const int PhysdevOp = 33;

    /// <summary>What belongs to hardware virtualisation: <see cref="HvmOp"/>.</summary>
    public const int HvmOp = 34;
}
