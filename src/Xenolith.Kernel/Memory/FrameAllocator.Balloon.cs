// Frames that are not there: RAM of the memory map that the domain has given back to Xen, or was never given.
//
//   Start            First                 Next                End                    Limit
//     | bitmaps        | introduced; holes   | untouched         | never there, or      |
//     |                | are in the bitmaps  |                   | untouched and gone   |
//     +----------------+---------------------+-------------------+----------------------+
//
// What was never introduced goes from the end, 2 MiB at a time, and needs no account but where the end is. What was introduced goes in the
// blocks in which it is free, the largest first, and leaves a hole: a bit for each frame, behind the bitmap of free blocks. Neither counts as free or
// used, nor among all frames there are.
using Xenolith.Kernel.Diagnostics;

namespace Xenolith.Kernel.Memory;

internal unsafe partial struct FrameAllocator
{
    /// <summary>
    /// Takes away the highest frames that were never introduced: whole blocks of 2 MiB, or the piece of one at a range's end. False if there are
    /// none, or only in pieces of more than <paramref name="most"/>.
    /// </summary>
    internal bool TakeTail(ulong most, out ulong start, out ulong frames)
    {
        fixed (ulong* storage = ranges)
        {
            for (int i = rangeCount - 1; i >= 0; i--)
            {
                FrameRange* range = (FrameRange*)storage + i;
                ulong lowest = range->Next + BlockSize - 1 & ~(BlockSize - 1);
                if (lowest >= range->End)
                    continue;
                start = range->End - 1 & ~(BlockSize - 1);
                frames = range->End - start >> FrameShift;
                if (frames > most)
                    continue;
                if (frames << FrameShift == BlockSize)
                {
                    ulong blocks = most << FrameShift >> BlockShift, there = range->End - lowest >> BlockShift;
                    frames = (blocks < there ? blocks : there) << MaxOrder;
                    start = range->End - (frames << FrameShift);
                }
                range->End = start;
                FreeFrames -= frames;
                Remove(frames);
                return true;
            }
        }
        start = frames = 0;
        return false;
    }

    /// <summary>The lowest frames beyond a range's end that are not there, in the pieces of <see cref="TakeTail"/>; nothing changes yet.</summary>
    internal readonly bool FindTail(ulong most, out ulong start, out ulong frames)
    {
        fixed (ulong* storage = ranges)
        {
            for (int i = 0; i < rangeCount; i++)
            {
                FrameRange* range = (FrameRange*)storage + i;
                start = range->End;
                frames = range->Limit - start >> FrameShift;
                if (frames == 0)
                    continue;
                if (frames >> MaxOrder != 0)
                    frames = (most < frames ? most : frames) >> MaxOrder << MaxOrder;
                if (frames != 0 && frames <= most)
                    return true;
            }
        }
        start = frames = 0;
        return false;
    }

    /// <summary>Takes frames of <see cref="FindTail"/> that are there now, from its start.</summary>
    internal void AddTail(ulong start, ulong frames)
    {
        fixed (ulong* storage = ranges)
        {
            for (int i = 0; i < rangeCount; i++)
            {
                FrameRange* range = (FrameRange*)storage + i;
                if (range->End != start || range->Limit - start >> FrameShift < frames)
                    continue;
                range->End += frames << FrameShift;
                FreeFrames += frames;
                TotalFrames += frames;
                AbsentFrames -= frames;
                if (freshRange > i)
                    freshRange = i;
                return;
            }
        }
        KernelAssert.That(false, "frame allocator: no range has room for these frames");
    }

    /// <summary>
    /// Takes away the largest free block of at most <paramref name="most"/> frames, which becomes a hole. Its address, 0 when nothing is free; its
    /// content is whatever it was.
    /// </summary>
    internal ulong TakeFree(ulong most, out int order)
    {
        order = 0;
        while (available == 0)
        {
            if (!Introduce() && !ReturnRun())
                return 0;
        }
        while (order < MaxOrder && available >> order + 1 != 0 && 2ul << order <= most)
            order++;
        ulong address = Allocate(order);
        used[(int)FrameUse.Kernel] -= 1ul << order;
        MarkHole(address, order, absent: true);
        Remove(1ul << order);
        Holes += 1ul << order;
        return address;
    }

    /// <summary>Takes a hole, or an aligned part of one, that is there again.</summary>
    internal void FillHole(ulong address, int order)
    {
        MarkHole(address, order, absent: false);
        ulong frames = 1ul << order;
        TotalFrames += frames;
        AbsentFrames -= frames;
        Holes -= frames;
        Release(address, order);
    }

    /// <summary>
    /// The addresses of holes in one block of 2 MiB; further calls go on from there. Returns how many: 512 are a whole block, and 0 means that there
    /// are none.
    /// </summary>
    internal int FindHoles(ulong* frames, int most)
    {
        if (Holes == 0 || most <= 0)
            return 0;
        fixed (ulong* storage = ranges)
        {
            for (; ; )
            {
                if (holeRange >= rangeCount)
                    holeRange = 0;
                FrameRange* range = (FrameRange*)storage + holeRange;
                if (holeAddress < range->First)
                    holeAddress = range->First & ~(BlockSize - 1);
                // Where nothing has been introduced there is no bitmap yet.
                if (range->Next == range->First || holeAddress >= range->Next)
                {
                    holeRange++;
                    holeAddress = 0;
                    continue;
                }
                int count = Collect(AbsentBits(range, holeAddress), holeAddress, frames, most);
                if (count != 0)
                    return count;
                holeAddress += BlockSize;
            }
        }
    }

    private static int Collect(ulong* bits, ulong block, ulong* frames, int most)
    {
        int count = 0;
        for (int word = 0; word < FrameRange.AbsentWords; word++)
        {
            ulong bit = 1, here = bits[word];
            for (int i = 0; here != 0; i++, bit <<= 1)
            {
                if ((here & bit) == 0)
                    continue;
                here ^= bit;
                frames[count++] = block + ((ulong)(word * 64 + i) << FrameShift);
                if (count == most)
                    return count;
            }
        }
        return count;
    }

    private void Remove(ulong frames)
    {
        TotalFrames -= frames;
        AbsentFrames += frames;
    }

    private void MarkHole(ulong address, int order, bool absent)
    {
        FrameRange* range = RangeOf(address);
        KernelAssert.That(range != null, "frame allocator: a hole where it has no memory");
        ulong* bits = AbsentBits(range, address);
        int first = (int)(address >> FrameShift & 511);
        ulong mask = order >= 6 ? ulong.MaxValue : (1ul << (1 << order)) - 1 << (first & 63);
        for (int word = first >> 6; word <= first + (1 << order) - 1 >> 6; word++)
        {
            KernelAssert.That((bits[word] & mask) == (absent ? 0 : mask), "frame allocator: a hole that is there twice, or not at all");
            bits[word] ^= mask;
        }
    }

    private readonly ulong* AbsentBits(FrameRange* range, ulong address) => Bitmap(range, address) + FrameRange.FreeWords;
}
