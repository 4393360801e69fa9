// Where the frames are: handed out, by use, or free, by the size of the blocks in which they can be had. FreeFrames and the frames of all
// uses add up to TotalFrames; the blocks of all orders have FreeFrames.
namespace Xenolith.Kernel.Memory;

internal unsafe partial struct FrameAllocator
{
    /// <summary>Frames handed out for a use.</summary>
    internal readonly ulong Used(FrameUse use) => used[(int)use];

    /// <summary>
    /// Counts the free blocks of each order: those in the lists, and those into which the run and the RAM not yet introduced would be cut.
    /// Nothing is walked that grows with RAM.
    /// </summary>
    /// <param name="counts">Room for <see cref="MaxOrder"/> + 1 numbers.</param>
    internal readonly void CountFreeBlocks(ulong* counts)
    {
        for (int order = 0; order <= MaxOrder; order++)
            counts[order] = listed[order];
        CountPieces(runStart, runEnd, counts);
        fixed (ulong* storage = ranges)
        {
            FrameRange* all = (FrameRange*)storage;
            for (int i = 0; i < rangeCount; i++)
                CountPieces(all[i].Next, all[i].End, counts);
        }
    }

    private static void CountPieces(ulong start, ulong end, ulong* counts)
    {
        while (start < end)
        {
            int order = LargestOrder(start, end);
            ulong blocks = order == MaxOrder ? end - start >> BlockShift : 1;
            counts[order] += blocks;
            start += blocks * (FrameSize << order);
        }
    }
}
