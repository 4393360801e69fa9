// The console as a file: writes wait for space in the ring, reads for input. A write is not interleaved with another's.
using System;
using System.Runtime.CompilerServices;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Files;

internal static unsafe class ConsoleFile
{
    private static bool busy;
    private static WaitQueue turn;

    internal static long Write(ReadOnlySpan<byte> bytes)
    {
        while (busy)
            if (Scheduler.Block((WaitQueue*)Unsafe.AsPointer(ref turn), Timers.Never) == WakeReason.Signal)
                return -Errno.RestartSystemCall;
        busy = true;
        int written = 0;
        while (written < bytes.Length)
        {
            int taken = ConsoleRing.Write(bytes.Slice(written));
            written += taken;
            if (taken == 0 && Scheduler.Block((WaitQueue*)Unsafe.AsPointer(ref ConsoleRing.Writers), Timers.Never) == WakeReason.Signal)
                break;
        }
        busy = false;
        Scheduler.WakeFirst((WaitQueue*)Unsafe.AsPointer(ref turn));
        return written > 0 || bytes.Length == 0 ? written : -Errno.RestartSystemCall;
    }

    internal static long Read(Span<byte> buffer, bool nonBlocking)
    {
        if (buffer.Length == 0)
            return 0;
        for (; ; )
        {
            int count = ConsoleRing.Read(buffer);
            if (count > 0)
                return count;
            if (nonBlocking)
                return -Errno.Again;
            if (Scheduler.Block((WaitQueue*)Unsafe.AsPointer(ref ConsoleRing.Readers), Timers.Never) == WakeReason.Signal)
                return -Errno.RestartSystemCall;
        }
    }
}
