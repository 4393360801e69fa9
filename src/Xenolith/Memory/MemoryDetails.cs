namespace Xenolith.Memory;

/// <summary>All that is known of the domain's memory at one moment. Units are bytes.</summary>
/// <param name="Memory">Where the memory is.</param>
/// <param name="Heap">The garbage collector's heap.</param>
/// <param name="FreeBlocks">
/// Number of free blocks of 4 KiB, 8 KiB, ... up to 2 MiB, each aligned to its size. Together they are <see cref="MemoryStatistics.Free"/>.
/// </param>
/// <param name="Granted">Pages of this domain to which another domain has access, or has not let go of.</param>
/// <param name="Cached">I/O pages that nobody uses, kept for the next who needs one.</param>
/// <param name="Foreign">Pages of other domains that are mapped here. They are no memory of this domain.</param>
public sealed record MemoryDetails(MemoryStatistics Memory, HeapStatistics Heap, IReadOnlyList<long> FreeBlocks, long Granted, long Cached, long Foreign)
{
    private const long SmallestBlock = 4096;

    /// <summary>
    /// The largest block of memory that is free in one piece: at most 2 MiB, which is all that a large page needs. 0 when nothing is free.
    /// </summary>
    public long LargestFreeBlock
    {
        get
        {
            for (int order = FreeBlocks.Count - 1; order >= 0; order--)
            {
                if (FreeBlocks[order] > 0)
                    return SmallestBlock << order;
            }
            return 0;
        }
    }

    /// <summary>The part of the free memory that lies in blocks of at least a size: 1 when all of it does, 0 when none does.</summary>
    /// <param name="size">Bytes, at most 2 MiB.</param>
    public double FreeInBlocksOf(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        long all = 0, large = 0;
        for (int order = 0; order < FreeBlocks.Count; order++)
        {
            long bytes = FreeBlocks[order] * (SmallestBlock << order);
            all += bytes;
            if (SmallestBlock << order >= size)
                large += bytes;
        }
        return all == 0 ? 0 : (double)large / all;
    }
}
