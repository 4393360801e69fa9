// Blocking, polling and the end of a domain (Xen: sched.h).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>Operations of <see cref="Hypercall.SchedOp"/> (<c>SCHEDOP_*</c>).</summary>
public static class SchedOp
{
    /// <summary>Gives up the physical CPU for now. No argument.</summary>
    public const int Yield = 0;

    /// <summary>Opens the event upcall and blocks this virtual CPU until there is an event. No argument.</summary>
    public const int Block = 1;

    /// <summary>Ends or suspends the domain. Argument: <see cref="SchedShutdown"/>.</summary>
    public const int Shutdown = 2;

    /// <summary>Blocks until one of some ports is pending or a time has come. Argument: <see cref="SchedPoll"/>.</summary>
    public const int Poll = 3;

    /// <summary>Sets the reason that a later shutdown will report. Argument: <see cref="SchedShutdown"/>.</summary>
    public const int ShutdownCode = 5;

    /// <summary>Sets, pokes or ends a watchdog. Argument: <see cref="SchedWatchdog"/>.</summary>
    public const int Watchdog = 6;
}

/// <summary><c>struct sched_shutdown</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedShutdown
{
    /// <summary>Why the domain ends.</summary>
    public ShutdownReason Reason;
}

/// <summary><c>SHUTDOWN_*</c>: what the toolstack is told; its <c>on_*</c> settings decide what follows.</summary>
public enum ShutdownReason : uint
{
    /// <summary>Ended normally.</summary>
    Poweroff = 0,

    /// <summary>To be started anew.</summary>
    Reboot = 1,

    /// <summary>To be saved. The hypercall returns when the domain runs again: 0 in a new domain, 1 when cancelled.</summary>
    Suspend = 2,

    /// <summary>Crashed.</summary>
    Crash = 3,

    /// <summary>A watchdog ran out.</summary>
    Watchdog = 4,

    /// <summary>To be reset with its memory kept.</summary>
    SoftReset = 5,
}

/// <summary><c>struct sched_poll</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SchedPoll
{
    /// <summary>The ports, <see cref="NrPorts"/> of them.</summary>
    public uint* Ports;

    /// <summary>Number of ports, at most 128.</summary>
    public uint NrPorts;

    /// <summary>Absolute system time in nanoseconds at which to give up; 0 for never.</summary>
    public ulong Timeout;
}

/// <summary><c>struct sched_watchdog</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedWatchdog
{
    /// <summary>0 to make one (its number is the result), else the one to poke or end.</summary>
    public uint Id;

    /// <summary>Seconds from now; 0 to end it.</summary>
    public uint Timeout;
}
