// One range of RAM as the frame allocator keeps it, and where the free-block bitmaps of its 2 MiB blocks lie.
//
//   Start            First                 Next                  End
//     | bitmaps        | in the free lists   | untouched           |
//     +----------------+---------------------+---------------------+
//
// Each 2 MiB block that the range touches has 128 bytes of bitmap, written when the block is introduced: nothing is proportional to RAM.
using System.Runtime.CompilerServices;

namespace Xenolith.Kernel.Memory;

internal struct FrameRange
{
    internal const int BitmapBytes = 128;

    /// <summary>Words of this structure, for a fixed buffer of them.</summary>
    internal const int Words = 5;

    /// <summary>Physical address of the first frame, which holds the first bitmaps.</summary>
    internal ulong Start;

    /// <summary>The first frame that can be allocated.</summary>
    internal ulong First;

    /// <summary>The first frame not yet introduced; a multiple of 2 MiB, or <see cref="First"/> or <see cref="End"/>.</summary>
    internal ulong Next;

    /// <summary>The end of the last frame.</summary>
    internal ulong End;

    /// <summary>The end of the bitmaps that can be touched.</summary>
    internal ulong Mapped;

    /// <summary>A range of whole frames, less those for its bitmaps; false if nothing remains.</summary>
    internal static bool Create(ulong start, ulong end, out FrameRange range)
    {
        range = default;
        // Physical address 0 is the allocator's "none".
        range.Start = start == 0 ? FrameAllocator.FrameSize : start + FrameAllocator.FrameSize - 1 & ~(FrameAllocator.FrameSize - 1);
        range.End = end & ~(FrameAllocator.FrameSize - 1);
        if (start > range.Start || range.Start >= range.End)
            return false;
        ulong blocks = (range.End - 1 >> FrameAllocator.BlockShift) - (range.Start >> FrameAllocator.BlockShift) + 1;
        ulong bitmaps = blocks * BitmapBytes + FrameAllocator.FrameSize - 1 & ~(FrameAllocator.FrameSize - 1);
        range.First = range.Start + bitmaps;
        range.Next = range.First;
        range.Mapped = range.Start;
        return range.First < range.End;
    }

    /// <summary>True for an address of a frame that has been introduced.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly bool Contains(ulong address) => address - First < Next - First;

    /// <summary>Physical address of the bitmap for the 2 MiB block around an address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly ulong BitmapOf(ulong address) =>
        Start + ((address >> FrameAllocator.BlockShift) - (Start >> FrameAllocator.BlockShift)) * BitmapBytes;
}
