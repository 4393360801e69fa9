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

    /// <summary>Nanoseconds since the hypervisor started: monotonic, the unit of every timer.</summary>
    internal static ulong Now() => PvClock.Read(&Hypervisor.SharedInfo->VcpuInfo.Time);

    /// <summary>Nanoseconds since the first <see cref="MarkStart"/>.</summary>
    internal static ulong SinceStart() => Now() - start;

    internal static void MarkStart() => start = Now();

    /// <summary>The monotonic time at which the TSC had a value.</summary>
    internal static ulong At(ulong timestamp) => PvClock.At(&Hypervisor.SharedInfo->VcpuInfo.Time, timestamp);

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
                return seconds * NanosecondsPerSecond + nanoseconds + Now();
        }
    }
}
