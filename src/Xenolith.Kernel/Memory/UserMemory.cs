// The program's memory as system calls meet it: checked against the regions, and brought in, before it is touched. No other thread runs
// between check and use: whoever lets others run, by blocking or by Scheduler.Pause, checks again.
using System;

namespace Xenolith.Kernel.Memory;

internal static unsafe class UserMemory
{
    /// <summary>What <see cref="StringLength"/> answers for a string that is too long.</summary>
    internal const int TooLong = -2;

    internal static bool IsReadable(ulong address, ulong length) => MayRead(address, length) && BringIn(address, length, write: false);

    internal static bool IsWritable(ulong address, ulong length) => MayWrite(address, length) && BringIn(address, length, write: true);

    /// <summary>As <see cref="IsReadable"/>, for a range so long that it is brought in piece by piece.</summary>
    internal static bool MayRead(ulong address, ulong length) => AddressSpace.IsCovered(address, length, RegionProtection.Read);

    /// <summary>As <see cref="IsWritable"/>, in the same way.</summary>
    internal static bool MayWrite(ulong address, ulong length) =>
        AddressSpace.IsCovered(address, length, RegionProtection.Read | RegionProtection.Write);

    /// <summary>True if bytes that a call was given, which may be the kernel's own, can be read now.</summary>
    internal static bool IsReadable(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
            return (ulong)start >= Layout.DirectMap || IsReadable((ulong)start, (ulong)bytes.Length);
    }

    /// <summary>The same for writing.</summary>
    internal static bool IsWritable(Span<byte> bytes)
    {
        fixed (byte* start = bytes)
            return (ulong)start >= Layout.DirectMap || IsWritable((ulong)start, (ulong)bytes.Length);
    }

    private static bool BringIn(ulong address, ulong length, bool write) => length == 0 || AddressSpace.BringIn(address, length, write);

    /// <summary>
    /// Length of a NUL-terminated string of at most <paramref name="limit"/> bytes; -1 if it is not readable, <see cref="TooLong"/> if it is longer.
    /// </summary>
    internal static int StringLength(ulong address, int limit)
    {
        ulong checkedTo = address;
        for (int length = 0; length <= limit; length++)
        {
            ulong at = address + (ulong)length;
            if (at >= checkedTo)
            {
                checkedTo = Layout.RoundDown(at) + Layout.PageSize;
                if (!IsReadable(at, checkedTo - at))
                    return -1;
            }
            if (*(byte*)at == 0)
                return length;
        }
        return TooLong;
    }

    /// <summary>The bytes of a string that <see cref="StringLength"/> has measured.</summary>
    internal static ReadOnlySpan<byte> Bytes(ulong address, int length) => new((void*)address, length);
}
