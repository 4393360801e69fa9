// One range of RAM as the frame allocator keeps it, and where the free-block bitmaps of its 2 MiB blocks lie.
//
//   Start            First                 Next                  End                  Limit
//     | bitmaps        | in the free lists   | untouched           | not there            |
//     +----------------+---------------------+---------------------+----------------------+
//
// Each 2 MiB block that the range touches has 192 bytes of bitmaps, written when the block is introduced: nothing is proportional to RAM.
// 128 bytes say which blocks are free, 64 which frames are not there (FrameAllocator.Balloon.cs).
using System.Runtime.CompilerServices;

namespace Xenolith.Kernel.Memory;

internal struct FrameRange
{
    /// <summary>Words of the bitmap of free blocks, and of that of absent frames behind it.</summary>
    internal const int FreeWords = 16, AbsentWords = 8;

    internal const int BitmapBytes = (FreeWords + AbsentWords) * sizeof(ulong);

    /// <summary>Words of this structure, for a fixed buffer of them.</summary>
    internal const int Words = 6;

    /// <summary>Physical address of the first frame, which holds the first bitmaps.</summary>
    internal ulong Start;

    /// <summary>The first frame that can be allocated.</summary>
    internal ulong First;

    /// <summary>The first frame not yet introduced; a multiple of 2 MiB, or <see cref="First"/> or <see cref="End"/>.</summary>
    internal ulong Next;

    /// <summary>The end of the last frame that is there: <see cref="Limit"/>, or a multiple of 2 MiB.</summary>
    internal ulong End;

    /// <summary>The end of the last frame that can be there.</summary>
    internal ulong Limit;

    /// <summary>The end of the bitmaps that can be touched.</summary>
    internal ulong Mapped;

    /// <summary>A range of whole frames, less those for its bitmaps; false if nothing remains.</summary>
    internal static bool Create(ulong start, ulong end, out FrameRange range)
    {
        range = default;
        // Physical address 0 is the allocator's "none".
        range.Start = start == 0 ? FrameAllocator.FrameSize : start + FrameAllocator.FrameSize - 1 & ~(FrameAllocator.FrameSize - 1);
        range.End = range.Limit = end & ~(FrameAllocator.FrameSize - 1);
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
