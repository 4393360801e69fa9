// The clocks of the program: monotonic time from Xen's per-vCPU time record, wall time from the shared info page.
using System.Threading;
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Time;

internal static unsafe class Clock
{
    internal const ulong NanosecondsPerSecond = 1_000_000_000;

    private static ulong start;
    private static ulong suspendedAt, suspendedAtWall;

    /// <summary>
    /// Nanoseconds, monotonic, the unit of every timer: the time since the hypervisor started, of the first host that the domain ran on.
    /// </summary>
    internal static ulong Now() => SystemTime() + Adjustment->Offset;

    /// <summary>Nanoseconds since this host's hypervisor started: what its hypercalls mean.</summary>
    private static ulong SystemTime() => PvClock.Read(&Hypervisor.SharedInfo->VcpuInfo.Time);

    /// <summary>
    /// A deadline as the hypervisor is told of it. One that is past already on a host that has not run for so long is the earliest that there is.
    /// </summary>
    internal static ulong ToSystemTime(ulong deadline)
    {
        long time = (long)(deadline - Adjustment->Offset);
        return time > 0 ? (ulong)time : 1;
    }

    /// <summary>Nanoseconds since the first <see cref="MarkStart"/>.</summary>
    internal static ulong SinceStart() => Now() - start;

    internal static void MarkStart() => start = Now();

    /// <summary>The monotonic time at which the TSC had a value, on this host.</summary>
    internal static ulong At(ulong timestamp) => PvClock.At(&Hypervisor.SharedInfo->VcpuInfo.Time, timestamp) + Adjustment->Offset;

    /// <summary>Notes when the domain stops.</summary>
    internal static void Suspend()
    {
        suspendedAt = Now();
        suspendedAtWall = WallClock();
    }

    /// <summary>
    /// Goes on after a resume, perhaps on a host with another system time: the time that the wall clock tells has passed has passed for the monotonic
    /// clock too; where the wall clock went back, none.
    /// </summary>
    internal static void Resume()
    {
        ulong wall = WallClock();
        ulong passed = wall > suspendedAtWall ? wall - suspendedAtWall : 0;
        Adjustment->Offset = suspendedAt + passed - SystemTime();
        Adjustment->Resumes++;
    }

    /// <summary>How often the domain has been resumed.</summary>
    internal static ulong Resumes => Adjustment->Resumes;

    private static ClockAdjustment* Adjustment => (ClockAdjustment*)Asm.ClockAdjustment;

    /// <summary>Nanoseconds of UTC since 1970.</summary>
    internal static ulong WallClock()
    {
        SharedInfo* info = Hypervisor.SharedInfo;
        for (; ; )
        {
            // The version is odd while Xen writes; x86 keeps loads in order, Volatile keeps the compiler from moving them.
            uint version = Volatile.Read(ref info->WcVersion);
            ulong seconds = Volatile.Read(ref info->WcSec) | (ulong)Volatile.Read(ref info->WcSecHi) << 32;
            ulong nanoseconds = Volatile.Read(ref info->WcNsec);
            if ((version & 1) == 0 && version == Volatile.Read(ref info->WcVersion))
                return seconds * NanosecondsPerSecond + nanoseconds + SystemTime();
        }
    }
}

/// <summary>What Platform/Vdso.S reads too.</summary>
internal struct ClockAdjustment
{
    /// <summary>Added to the system time, modulo 2^64.</summary>
    internal ulong Offset;

    /// <summary>Changes with each resume: what was read before and after one is not to be combined.</summary>
    internal ulong Resumes;
}
