// Virtual CPUs: bringing them up, their timers and the memory that they report through (Xen: vcpu.h).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>Operations of <see cref="Hypercall.VcpuOp"/> (<c>VCPUOP_*</c>). Arguments: operation, CPU number, pointer.</summary>
public static class VcpuOp
{
    /// <summary>Sets a CPU's first state.</summary>
    public const int Initialise = 0;

    /// <summary>Makes an initialised CPU run.</summary>
    public const int Up = 1;

    /// <summary>Stops a CPU.</summary>
    public const int Down = 2;

    /// <summary>1 if the CPU runs.</summary>
    public const int IsUp = 3;

    /// <summary>Where the CPU's time went. Argument: <see cref="VcpuRunstateInfo"/>.</summary>
    public const int GetRunstateInfo = 4;

    /// <summary>Has <see cref="VcpuRunstateInfo"/> kept in the guest's memory.</summary>
    public const int RegisterRunstateMemoryArea = 5;

    /// <summary>Starts the periodic timer.</summary>
    public const int SetPeriodicTimer = 6;

    /// <summary>Stops the periodic timer. No argument.</summary>
    public const int StopPeriodicTimer = 7;

    /// <summary>Sets the one-shot timer. Argument: <see cref="VcpuSetSingleshotTimer"/>.</summary>
    public const int SetSingleshotTimer = 8;

    /// <summary>Stops the one-shot timer. No argument.</summary>
    public const int StopSingleshotTimer = 9;

    /// <summary>Moves a CPU's <see cref="VcpuInfo"/>, once. Argument: <see cref="VcpuRegisterVcpuInfo"/>.</summary>
    public const int RegisterVcpuInfo = 10;

    /// <summary>Sends an NMI. No argument.</summary>
    public const int SendNmi = 11;

    /// <summary>Has a second copy of <see cref="VcpuTimeInfo"/> kept in the guest's memory.</summary>
    public const int RegisterVcpuTimeMemoryArea = 13;
}

/// <summary><c>struct vcpu_set_singleshot_timer</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuSetSingleshotTimer
{
    /// <summary>Bit of <see cref="Flags"/> (<c>VCPU_SSHOTTMR_future</c>): fail with -ETIME if the time has passed. Xen may ignore it.</summary>
    public const uint Future = 1;

    /// <summary>Absolute system time in nanoseconds.</summary>
    public ulong TimeoutAbsNs;

    /// <summary><see cref="Future"/> or 0.</summary>
    public uint Flags;
}

/// <summary><c>struct vcpu_register_vcpu_info</c>: the new place must not cross a page boundary.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuRegisterVcpuInfo
{
    /// <summary>Guest frame number of the page.</summary>
    public ulong Mfn;

    /// <summary>Byte offset in the page.</summary>
    public uint Offset;

    /// <summary>Zero.</summary>
    public uint Rsvd;
}

/// <summary><c>struct vcpu_runstate_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct VcpuRunstateInfo
{
    /// <summary>What the CPU does now: a <see cref="Runstate"/> value.</summary>
    public int State;

    /// <summary>System time in nanoseconds at which it began to do so.</summary>
    public ulong StateEntryTime;

    /// <summary>Nanoseconds spent in each <see cref="Runstate"/>.</summary>
    public fixed ulong Time[4];
}

/// <summary>Values of <see cref="VcpuRunstateInfo.State"/> (<c>RUNSTATE_*</c>).</summary>
public static class Runstate
{
    /// <summary>On a physical CPU.</summary>
    public const int Running = 0;

    /// <summary>Waiting for a physical CPU (stolen time).</summary>
    public const int Runnable = 1;

    /// <summary>Idle.</summary>
    public const int Blocked = 2;

    /// <summary>Paused or not up.</summary>
    public const int Offline = 3;
}
