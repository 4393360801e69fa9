// The buddy allocator of physical memory: blocks of 2^order frames of 4 KiB, up to 2 MiB. RAM is introduced block by block, lowest
// address first, when the free lists run dry, so neither time at boot nor memory touched grows with the size of the RAM.
//
// The links of a free block lie in the block. Which blocks are free is also kept in a bitmap, 128 bytes for 2 MiB: bit i is a node of the
// binary tree over the block's 512 frames, 1 for the whole (order 9), 2 and 3 for its halves, ..., 512 to 1023 for the frames. A bit is set
// while that very block is in a free list. Therefore a frame is allocated if and only if no node above it is set, a block may be freed in
// parts (a 2 MiB page that was split), and a double free is seen.
//
// Single frames are by far the most frequent request. They come from the run: the smallest free block there was, taken out of its list
// whole and handed out from its start, which is the order in which splitting it would give them. The rest of a run still counts as free,
// and goes back into the lists when nothing else is left.
using System.Runtime.CompilerServices;
using Xenolith.Kernel.Diagnostics;

namespace Xenolith.Kernel.Memory;

/// <summary>
/// Starts zeroed and must not move. Not thread-safe: to be called with interrupts off. Physical address 0 stands for "none" and is never
/// handed out.
/// </summary>
internal unsafe partial struct FrameAllocator
{
    internal const int FrameShift = 12;
    internal const int BlockShift = 21;
    internal const int MaxOrder = BlockShift - FrameShift;
    internal const ulong FrameSize = 1ul << FrameShift;
    internal const ulong BlockSize = 1ul << BlockShift;
    internal const int MaxRanges = 32;

    /// <summary>What a free block begins with: the physical addresses of its neighbours in the free list.</summary>
    private struct FreeBlock
    {
        internal ulong Next;
        internal ulong Previous;
    }

    private fixed ulong heads[MaxOrder + 1];
    // Of FrameAllocator.Account.cs: blocks in the list of each order, frames handed out for each use.
    private fixed ulong listed[MaxOrder + 1];
    private fixed ulong used[(int)FrameUse.Count];
    private fixed ulong ranges[MaxRanges * FrameRange.Words];
    // Bit n: the list of order n is not empty.
    private uint available;
    // The run: frames that are in no list and not handed out yet.
    private ulong runStart;
    private ulong runEnd;
    private int rangeCount;
    // The range that the last address was in, and the first that may have frames to introduce.
    private int lastRange;
    private int freshRange;
    // The block at which the search for holes goes on (FrameAllocator.Balloon.cs): a range, and an address in it.
    private int holeRange;
    private ulong holeAddress;
    private ulong directMap;
    private delegate*<ulong, ulong, bool> makeAccessible;

    /// <summary>Frames that are free, those not yet introduced among them.</summary>
    internal ulong FreeFrames { get; private set; }

    /// <summary>Frames that are there, free or allocated; the allocator's own are not counted.</summary>
    internal ulong TotalFrames { get; private set; }

    /// <summary>Frames that are not there.</summary>
    internal ulong AbsentFrames { get; private set; }

    /// <summary>Those of them that have been introduced.</summary>
    internal ulong Holes { get; private set; }

    /// <param name="directMapBase">Physical address p is reached at <paramref name="directMapBase"/> + p.</param>
    /// <param name="accessible">
    /// Makes a range of physical addresses reachable through the direct map; false when it cannot. The range lies in one 2 MiB block and is
    /// all that the range of RAM has of it. It can be asked for what is reachable already, and must not call the allocator.
    /// </param>
    internal void Initialize(ulong directMapBase, delegate*<ulong, ulong, bool> accessible)
    {
        directMap = directMapBase;
        makeAccessible = accessible;
    }

    /// <summary>
    /// Takes a range of RAM, cut to whole frames, without touching it. False, and nothing taken, if it overlaps another or there are
    /// <see cref="MaxRanges"/> already; a range too small to be of use counts as taken.
    /// </summary>
    internal bool AddRange(ulong start, ulong end)
    {
        if (!FrameRange.Create(start, end, out FrameRange range))
            return true;
        fixed (ulong* storage = ranges)
        {
            FrameRange* all = (FrameRange*)storage;
            int position = 0;
            while (position < rangeCount && all[position].Start < range.Start)
                position++;
            if (rangeCount == MaxRanges || position < rangeCount && all[position].Start < range.End ||
                position > 0 && all[position - 1].Limit > range.Start)
                return false;
            for (int i = rangeCount; i > position; i--)
                all[i] = all[i - 1];
            all[position] = range;
            rangeCount++;
            if (freshRange > position)
                freshRange = position;
        }

        ulong frames = range.End - range.First >> FrameShift;
        TotalFrames += frames;
        FreeFrames += frames;
        return true;
    }

    /// <summary>
    /// A block of 2^<paramref name="order"/> frames, aligned to its size, of unknown content; 0 when there is none, or none can be made
    /// accessible.
    /// </summary>
    internal ulong Allocate(int order, FrameUse use = FrameUse.Kernel)
    {
        if (order == 0 && runStart != runEnd)
        {
            ulong frame = runStart;
            runStart += FrameSize;
            FreeFrames--;
            used[(int)use]++;
            return frame;
        }

        KernelAssert.That((uint)order <= MaxOrder, "frame allocator: order out of range");
        while (available >> order == 0)
        {
            if (!Introduce() && !ReturnRun())
                return 0;
        }

        int found = order;
        while ((available >> found & 1) == 0)
            found++;
        ulong address = heads[found];
        ulong* bitmap = Bitmap(RangeOf(address), address);
        Unlink(address, found, bitmap);
        FreeFrames -= 1ul << order;
        used[(int)use] += 1ul << order;
        if (order == 0)
        {
            runStart = address + FrameSize;
            runEnd = address + (FrameSize << found);
            return address;
        }

        while (found > order)
        {
            found--;
            Link(address + (FrameSize << found), found, bitmap);
        }

        return address;
    }

    /// <summary>
    /// Gives back a block, or an aligned part of one. A block that is free already, was never allocated, or was not allocated for this use is a
    /// broken invariant; the last is seen when more is given back for a use than it has.
    /// </summary>
    internal void Free(ulong address, int order, FrameUse use = FrameUse.Kernel)
    {
        KernelAssert.That((uint)order <= MaxOrder, "frame allocator: order out of range");
        KernelAssert.That(used[(int)use] >= 1ul << order, "frame allocator: free of memory that its use does not have");
        Release(address, order);
        used[(int)use] -= 1ul << order;
    }

    /// <summary>Puts a block into the free lists, as a part of the largest that it completes.</summary>
    private void Release(ulong address, int order)
    {
        ulong size = FrameSize << order;
        FrameRange* range = RangeOf(address);
        KernelAssert.That((address & size - 1) == 0 && range != null && address + size <= range->Next,
            "frame allocator: free of memory that it does not have");
        ulong* bitmap = Bitmap(range, address);
        uint node = 512 + (uint)(address >> FrameShift & 511) >> order;
        bool inRun = runStart != runEnd && address < runEnd && address + size > runStart;
        KernelAssert.That(!inRun && !AnyFree(bitmap, node, order), "frame allocator: double free");
        FreeFrames += 1ul << order;

        while (node > 1 && IsFree(bitmap, node ^ 1))
        {
            Unlink(address ^ FrameSize << order, order, bitmap);
            address &= ~(FrameSize << order);
            order++;
            node >>= 1;
        }

        Link(address, order, bitmap);
    }

    /// <summary>Puts the next 2 MiB block, or the range's piece of it, into the free lists.</summary>
    private bool Introduce()
    {
        fixed (ulong* storage = ranges)
        {
            FrameRange* range = (FrameRange*)storage + freshRange;
            while (freshRange < rangeCount && range->Next == range->End)
            {
                freshRange++;
                range++;
            }

            if (freshRange >= rangeCount)
                return false;

            ulong start = range->Next;
            ulong bitmapAddress = range->BitmapOf(start);
            // It may lie across the end of a block.
            ulong bitmapEnd = bitmapAddress + FrameRange.BitmapBytes - 1;
            if (bitmapEnd >= range->Mapped)
            {
                if (!MakeAccessible(range, bitmapEnd))
                    return false;
                range->Mapped = BlockEnd(range, bitmapEnd);
            }

            ulong end = BlockEnd(range, start);
            if (end > range->Mapped && !MakeAccessible(range, start))
                return false;

            ulong* bitmap = Bitmap(range, start);
            for (int i = 0; i < FrameRange.BitmapBytes / sizeof(ulong); i++)
                bitmap[i] = 0;
            range->Next = end;
            while (start < end)
            {
                int order = LargestOrder(start, end);
                Link(start, order, bitmap);
                start += FrameSize << order;
            }
        }

        return true;
    }

    /// <summary>Puts what is left of the run into the free lists; false if nothing is.</summary>
    private bool ReturnRun()
    {
        ulong start = runStart;
        ulong end = runEnd;
        runStart = runEnd = 0;
        if (start == end)
            return false;
        FreeFrames -= end - start >> FrameShift;
        while (start < end)
        {
            int order = LargestOrder(start, end);
            Release(start, order);
            start += FrameSize << order;
        }

        return true;
    }

    /// <summary>The order of the largest aligned block at the start of a range.</summary>
    private static int LargestOrder(ulong start, ulong end)
    {
        int order = MaxOrder;
        while ((start & (FrameSize << order) - 1) != 0 || end - start < FrameSize << order)
            order--;
        return order;
    }

    private readonly bool MakeAccessible(FrameRange* range, ulong address)
    {
        ulong block = address & ~(BlockSize - 1);
        return makeAccessible(block < range->Start ? range->Start : block, BlockEnd(range, address));
    }

    private static ulong BlockEnd(FrameRange* range, ulong address)
    {
        ulong end = (address | BlockSize - 1) + 1;
        return end < range->End ? end : range->End;
    }

    /// <summary>The range in which an address has been introduced, or null.</summary>
    private FrameRange* RangeOf(ulong address)
    {
        // Nothing moves (see the type's contract), so the pointer outlives the statement.
        fixed (ulong* storage = ranges)
        {
            FrameRange* all = (FrameRange*)storage;
            if (all[lastRange].Contains(address))
                return all + lastRange;
            for (int i = 0; i < rangeCount; i++)
            {
                if (all[i].Contains(address))
                {
                    lastRange = i;
                    return all + i;
                }
            }
        }

        return null;
    }

    private readonly ulong* Bitmap(FrameRange* range, ulong address) => (ulong*)(directMap + range->BitmapOf(address));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsFree(ulong* bitmap, uint node) => (bitmap[node >> 6] >> (int)(node & 63) & 1) != 0;

    /// <summary>True if the node, one above it or one below it is in a free list.</summary>
    private static bool AnyFree(ulong* bitmap, uint node, int order)
    {
        uint above = node;
        for (; above >= 64; above >>= 1)
        {
            if (IsFree(bitmap, above))
                return true;
        }

        // The first word has the larger blocks; when none of them is free it is known at once.
        for (; bitmap[0] != 0 && above != 0; above >>= 1)
        {
            if (IsFree(bitmap, above))
                return true;
        }

        for (int depth = 1; depth <= order; depth++)
        {
            // The nodes 'depth' levels below are neighbours in the bitmap, aligned to their number.
            uint first = node << depth;
            if (depth < 6)
            {
                if ((bitmap[first >> 6] >> (int)(first & 63) & (1ul << (1 << depth)) - 1) != 0)
                    return true;
            }
            else
            {
                for (uint word = first >> 6; word < first + (1u << depth) >> 6; word++)
                {
                    if (bitmap[word] != 0)
                        return true;
                }
            }
        }

        return false;
    }

    private static void Flip(ulong* bitmap, ulong address, int order)
    {
        uint node = 512 + (uint)(address >> FrameShift & 511) >> order;
        bitmap[node >> 6] ^= 1ul << (int)(node & 63);
    }

    private void Link(ulong address, int order, ulong* bitmap)
    {
        FreeBlock* block = (FreeBlock*)(directMap + address);
        ulong next = heads[order];
        block->Next = next;
        block->Previous = 0;
        if (next != 0)
            ((FreeBlock*)(directMap + next))->Previous = address;
        heads[order] = address;
        available |= 1u << order;
        listed[order]++;
        Flip(bitmap, address, order);
    }

    private void Unlink(ulong address, int order, ulong* bitmap)
    {
        FreeBlock* block = (FreeBlock*)(directMap + address);
        ulong next = block->Next;
        ulong previous = block->Previous;
        // A write to memory after it was freed shows here, before the damage spreads.
        KernelAssert.That(previous == 0 ? heads[order] == address : ((FreeBlock*)(directMap + previous))->Next == address,
            "frame allocator: free memory was overwritten");
        KernelAssert.That(next == 0 || ((FreeBlock*)(directMap + next))->Previous == address,
            "frame allocator: free memory was overwritten");
        if (previous != 0)
            ((FreeBlock*)(directMap + previous))->Next = next;
        else
        {
            heads[order] = next;
            if (next == 0)
                available &= ~(1u << order);
        }

        if (next != 0)
            ((FreeBlock*)(directMap + next))->Previous = previous;
        listed[order]--;
        Flip(bitmap, address, order);
    }
}
