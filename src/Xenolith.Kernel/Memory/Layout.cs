// The address space:
//
//   0x0000_0000_0000_0000   page zero and everything below the image: never mapped
//   0x0000_0000_0020_0000   the image, virtual = physical: text R-X, rodata R--, data RW-
//   0x0000_1000_0000_0000   the program's mappings (mmap); this and the next three windows are filled by lowest fit, each from a base
//                           that is moved at boot by a random number of pages
//   0x0000_2000_0000_0000   what the program only reserves: stacks among it
//   0x0000_3000_0000_0000   mappings of 4 MiB and more: the collector's heap among them
//   0x0000_6000_0000_0000   other domains' pages (xl_grant_map), 64 GiB at most
//   0x0000_7FFF_FFFF_F000   end of what a program can map
//   0xFFFF_8000_0000_0000   direct map: all RAM but the image, RW-, mapped when the frame allocator first takes a block
//   0xFFFF_C000_0000_0000   thread slots of 32 KiB: 16 KiB unmapped (guard), 16 KiB kernel stack and thread structure
//   0xFFFF_D000_0000_0000   device window: pages shared with Xen (shared info, console and xenstore rings)
//   0xFFFF_D000_4000_0000   the grant table, 4 MiB at most, then what the kernel knows of its entries, then the handles of mapped grants
//   0xFFFF_D001_0000_0000   the ring of the trace, 16 MiB at most, while there is one
namespace Xenolith.Kernel.Memory;

internal static class Layout
{
    internal const ulong PageSize = 4096;
    internal const ulong PageMask = PageSize - 1;
    internal const ulong LargePageSize = 2 << 20;

    internal const ulong LowestMappable = 0x20_0000;
    /// <summary>The code selector, shifted left by 32: see Cpu/Traps.S. The page below it is mapped.</summary>
    internal const ulong SecondUpcallStack = 0x8_0000_0000;
    internal const ulong Mappings = 0x1000_0000_0000;
    internal const ulong Reservations = 0x2000_0000_0000;
    internal const ulong LargeMappings = 0x3000_0000_0000;
    internal const ulong ForeignWindow = 0x6000_0000_0000;
    internal const ulong ForeignWindowPages = 1 << 24;
    internal const ulong ProgramEnd = 0x7FFF_FFFF_F000;

    internal const ulong DirectMap = 0xFFFF_8000_0000_0000;
    internal const ulong ThreadSlots = 0xFFFF_C000_0000_0000;
    internal const ulong DeviceWindow = 0xFFFF_D000_0000_0000;
    internal const ulong GrantTable = 0xFFFF_D000_4000_0000;
    internal const ulong GrantedPages = 0xFFFF_D000_4040_0000;
    internal const ulong GrantHandles = 0xFFFF_D000_8000_0000;
    internal const ulong TraceRing = 0xFFFF_D001_0000_0000;

    internal static ulong RoundUp(ulong value) => (value + PageMask) & ~PageMask;
    internal static ulong RoundDown(ulong value) => value & ~PageMask;
}
