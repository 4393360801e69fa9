// The program's memory as system calls meet it: checked against the regions before it is touched. A checked page may still be absent;
// touching it then faults in the kernel, and the fault handler brings it in as it does for the program.
using System;

namespace Xenolith.Kernel.Memory;

internal static unsafe class UserMemory
{
    /// <summary>What <see cref="StringLength"/> answers for a string that is too long.</summary>
    internal const int TooLong = -2;

    internal static bool IsReadable(ulong address, ulong length) =>
        AddressSpace.IsCovered(address, length, RegionProtection.Read) && AddressSpace.BringIn(address, length, write: false);

    internal static bool IsWritable(ulong address, ulong length) =>
        AddressSpace.IsCovered(address, length, RegionProtection.Read | RegionProtection.Write) && AddressSpace.BringIn(address, length, write: true);

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
