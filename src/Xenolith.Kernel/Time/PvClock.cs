// The system time of the hypervisor, in nanoseconds since it started, from a vCPU's time record and the time-stamp counter (Xen: xen.h).
using System.Threading;
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;

namespace Xenolith.Kernel.Time;

internal static unsafe class PvClock
{
    /// <summary>The system time now. The record must be that of the CPU that this runs on.</summary>
    internal static ulong Read(VcpuTimeInfo* info) => At(info, 0);

    /// <summary>The system time when the counter had a value (0: now), by the scale that is valid now.</summary>
    internal static ulong At(VcpuTimeInfo* info, ulong counter)
    {
        for (; ; )
        {
            // Odd while Xen writes, and different after it has written. Each read here is an acquire: none moves before the one above it,
            // the last look at the version included.
            uint version = Volatile.Read(ref info->Version);
            ulong timestamp = Volatile.Read(ref info->TscTimestamp);
            ulong systemTime = Volatile.Read(ref info->SystemTime);
            // Multiplier, shift and flags are one aligned word.
            ulong scale = Volatile.Read(ref *(ulong*)&info->TscToSystemMul);
            ulong now = counter == 0 ? Asm.ReadTimestamp() : counter;
            if ((version & 1) == 0 && version == Volatile.Read(ref info->Version))
                return systemTime + Scale(now - timestamp, (uint)scale, (sbyte)(scale >> 32));
        }
    }

    /// <summary>
    /// Ticks to nanoseconds: shifted left by <paramref name="shift"/> (right when negative), times <paramref name="multiplier"/> / 2^32.
    /// </summary>
    /// <param name="ticks">
    /// A wrapped difference of counter values. The timestamp can lie ahead of the counter, just after a domain is built or after an update
    /// between two reads: the difference is then negative, and so is the result, as two's complement.
    /// </param>
    /// <param name="multiplier">Nanoseconds per shifted tick, as a fraction of 2^32.</param>
    /// <param name="shift">-63 to 63.</param>
    internal static ulong Scale(ulong ticks, uint multiplier, int shift)
    {
        bool negative = (long)ticks < 0;
        if (negative)
            ticks = 0 - ticks;
        ticks = shift < 0 ? ticks >> -shift : ticks << shift;
        // 64 x 32 bits make 96, of which the low 32 are dropped: the halves are multiplied apart.
        ulong nanoseconds = (ticks >> 32) * multiplier + ((ticks & 0xFFFF_FFFF) * multiplier >> 32);
        return negative ? 0 - nanoseconds : nanoseconds;
    }
}
