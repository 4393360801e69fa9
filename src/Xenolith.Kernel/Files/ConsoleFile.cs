// The console as a file: writes wait for space in the ring, reads for input. A write is not interleaved with another's. What the program's
// memory is at is looked at piece by piece: it may go while a call waits.
using System;
using System.Runtime.CompilerServices;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Files;

internal static unsafe class ConsoleFile
{
    // More than the ring holds.
    private const int Piece = 4096;

    private static bool busy;
    private static WaitQueue turn;

    internal static long Write(ReadOnlySpan<byte> bytes)
    {
        while (busy)
            if (Scheduler.Block((WaitQueue*)Unsafe.AsPointer(ref turn), Timers.Never) == WakeReason.Signal)
                return -Errno.RestartSystemCall;
        busy = true;
        int written = 0;
        long error = -Errno.RestartSystemCall;
        while (written < bytes.Length)
        {
            int rest = bytes.Length - written;
            ReadOnlySpan<byte> piece = bytes.Slice(written, rest < Piece ? rest : Piece);
            if (!UserMemory.IsReadable(piece))
            {
                error = -Errno.Fault;
                break;
            }
            int taken = ConsoleRing.Write(piece);
            written += taken;
            if (taken == 0 && Scheduler.Block((WaitQueue*)Unsafe.AsPointer(ref ConsoleRing.Writers), Timers.Never) == WakeReason.Signal)
                break;
        }
        busy = false;
        Scheduler.WakeFirst((WaitQueue*)Unsafe.AsPointer(ref turn));
        return written > 0 || bytes.Length == 0 ? written : error;
    }

    internal static long Read(Span<byte> buffer, bool nonBlocking)
    {
        if (buffer.Length == 0)
            return 0;
        if (buffer.Length > Piece)
            buffer = buffer.Slice(0, Piece);
        for (; ; )
        {
            if (!UserMemory.IsWritable(buffer))
                return -Errno.Fault;
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
