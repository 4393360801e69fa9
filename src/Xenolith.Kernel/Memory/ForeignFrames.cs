// Which guest frames hold other domains' pages: Xen maps a granted page at a frame that holds nothing. Those above all that the memory map names
// are free of RAM, of devices and of the toolstack's pages.
//
// The n-th page of the window of addresses is always the n-th of these frames, so whoever owns the address owns the frame.
using Xenolith.Abi;

namespace Xenolith.Kernel.Memory;

internal static unsafe class ForeignFrames
{
    // Below 4 GiB lie the local APIC, ACPI's tables and Xen's special pages, of which the memory map does not name all.
    private const ulong Lowest = 1ul << 32;

    /// <summary>The first such frame: a multiple of 2 MiB.</summary>
    internal static ulong First(HvmMemmapTableEntry* map, int count)
    {
        ulong end = Lowest;
        for (int i = 0; i < count; i++)
            if (map[i].Addr + map[i].Size > end)
                end = map[i].Addr + map[i].Size;
        return end + Layout.LargePageSize - 1 >> 21 << 9;
    }

    /// <summary>How many of them there are, at most <paramref name="wanted"/>, for a CPU with so many bits of physical address.</summary>
    internal static ulong Count(ulong first, int addressBits, ulong wanted)
    {
        ulong end = 1ul << addressBits - 12;
        ulong available = end > first ? end - first : 0;
        return available < wanted ? available : wanted;
    }
}
