// Names for addresses in the image's code, from the table that the image build appends to the read-only data.
//
//   u32 magic "XLSY", u32 count, u32 addresses[count] ascending, u32 nameOffsets[count] from the table's start, then the names, each
//   UTF-8 with a NUL behind it. Addresses are those of functions' first instructions; the image lies below 4 GiB.
using System;

namespace Xenolith.Kernel.Diagnostics;

/// <summary>Usable from any context: reads the table and nothing else.</summary>
internal static unsafe class SymbolTable
{
    private const uint Magic = 0x59534C58;

    /// <summary>
    /// The function that begins at or before an address, and how far into it the address is. False if there is none, or no table; an
    /// address behind the last function is taken for that function's.
    /// </summary>
    internal static bool Find(byte* table, ulong address, out ReadOnlySpan<byte> name, out ulong offset)
    {
        name = default;
        offset = 0;
        uint* header = (uint*)table;
        if (header[0] != Magic)
            return false;
        uint count = header[1];
        uint* addresses = header + 2;

        // Functions below 'low' begin at or before the address, those from 'high' on behind it.
        uint low = 0;
        uint high = count;
        while (low < high)
        {
            uint middle = low + (high - low) / 2;
            if (addresses[middle] <= address)
                low = middle + 1;
            else
                high = middle;
        }

        if (low == 0)
            return false;
        byte* text = table + addresses[count + low - 1];
        int length = 0;
        while (text[length] != 0)
            length++;
        name = new ReadOnlySpan<byte>(text, length);
        offset = address - addresses[low - 1];
        return true;
    }
}
