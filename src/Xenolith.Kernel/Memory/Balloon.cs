// Memory given back to Xen, and had from it again.
//
//   the memory map  |  RAM that is there                     |  RAM that is not                        |
//                   0                                        Frames.Ram                                StartInfo.Ram
//                                     <---- Approach(target) ---->
//
// A domain that is started with less memory than its map names (maxmem > memory) has the map populated on demand, from a store of as many pages as it
// was given; it is destroyed when it touches more. So what is too much is given back at the start, before anything is touched.
//
// Frames of which Xen does not say that it took them stay ours; the one at which it stopped counts as gone. One that is gone and of which Xen
// thinks otherwise does no harm: it is populated before it is used again.
using System.Runtime.CompilerServices;
using Xenolith.Abi;
using Xenolith.Kernel.Boot;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Memory;

internal static unsafe class Balloon
{
    private const int FramesPerBlock = 1 << FrameAllocator.MaxOrder;

    // Blocks that one call takes from the untouched RAM, which costs Xen's work alone, or brings back.
    private const ulong BlocksPerCall = 4;

    // At the start nothing waits for an interrupt.
    private const ulong BlocksAtStart = FramesPerBlock;

    // What the domain has beside its RAM is some pages for rings and tables of the toolstack.
    private const int StepAtStart = 16, StepsAtStart = 16;

    private struct List
    {
        internal fixed ulong Frames[FramesPerBlock];
    }

    private static List list;

    private static ulong* Frame => ((List*)Unsafe.AsPointer(ref list))->Frames;

    /// <summary>Gives back what the domain does not have. Called before any frame is touched.</summary>
    internal static void Initialize()
    {
        long there = Hypercalls.CurrentReservation();
        ulong ram = StartInfo.Ram >> FrameAllocator.FrameShift;
        if (there <= 0 || (ulong)there >= ram)
            return;
        ulong tooMany = ram - (ulong)there;
        while (tooMany != 0 && ShrinkOnce(tooMany, BlocksAtStart, clear: false) is > 0 and ulong done)
            tooMany -= done;
        // Some of the pages are no RAM. When the rest of the map is no more than Xen has for it, what it has begins to shrink.
        for (int i = 0; i < StepsAtStart && Hypercalls.CurrentReservation() >= there; i++)
            _ = ShrinkOnce(StepAtStart, BlocksAtStart, clear: false);
    }

    /// <summary>xl_memory_balloon: a bounded step towards so many frames of RAM.</summary>
    internal static long Approach(ulong target)
    {
        if (target == 0 || target > StartInfo.Ram >> FrameAllocator.FrameShift)
            return -Errno.Invalid;
        ulong now = Frames.Ram >> FrameAllocator.FrameShift;
        long result = now > target ? Shrink(now - target) : now < target ? Grow(target - now) : 0;
        Frames.KeepSpareTable();
        return result;
    }

    private static long Shrink(ulong frames)
    {
        ulong spare = Commit.Spare;
        ulong most = frames < spare ? frames : spare;
        if (most == 0)
            return -Errno.NoMemory;
        ulong done = ShrinkOnce(most, BlocksPerCall, clear: true);
        return done == 0 ? -Errno.NoMemory : done < frames ? 1 : 0;
    }

    /// <summary>Gives back at most so many frames: some. 0 if none is free.</summary>
    private static ulong ShrinkOnce(ulong most, ulong blocks, bool clear)
    {
        FrameAllocator* allocator = Frames.Allocator;
        if (allocator->TakeTail(most < blocks << FrameAllocator.MaxOrder ? most : blocks << FrameAllocator.MaxOrder, out ulong start, out ulong frames))
            return GiveTail(start, frames);

        // Single frames, of blocks that can be small: as many as the list has room for.
        ulong first = allocator->TakeFree(most, out int order);
        if (first == 0)
            return 0;
        if (order == FrameAllocator.MaxOrder)
        {
            GiveHoles(first, order, clear);
            return FramesPerBlock;
        }
        int count = Add(0, first, order, clear);
        while ((ulong)count < most && count < FramesPerBlock)
        {
            ulong room = (ulong)(FramesPerBlock - count), left = most - (ulong)count;
            ulong next = allocator->TakeFree(left < room ? left : room, out order);
            if (next == 0)
                break;
            count = Add(count, next, order, clear);
        }
        int given = Hypercalls.ChangeReservation(MemoryOp.DecreaseReservation, Frame, count, 0);
        for (int i = given + 1; i < count; i++)
            allocator->FillHole(Frame[i] << FrameAllocator.FrameShift, 0);
        return given < count ? (ulong)given + 1 : (ulong)count;
    }

    /// <summary>Frames that were never introduced; nothing of the program's has been there.</summary>
    private static ulong GiveTail(ulong start, ulong frames)
    {
        int order = frames < FramesPerBlock ? 0 : FrameAllocator.MaxOrder, count = (int)(frames >> order);
        for (int i = 0; i < count; i++)
            Frame[i] = (start >> FrameAllocator.FrameShift) + ((ulong)(count - 1 - i) << order);
        int given = Hypercalls.ChangeReservation(MemoryOp.DecreaseReservation, Frame, count, order);
        if (order == 0 || given >= count - 1)
            return frames;
        ulong kept = (ulong)(count - 1 - given) << order;
        Frames.Allocator->AddTail(start, kept);
        return frames - kept;
    }

    /// <summary>A whole block that had been introduced.</summary>
    private static void GiveHoles(ulong block, int order, bool clear)
    {
        _ = Add(0, block, order, clear);
        _ = Hypercalls.ChangeReservation(MemoryOp.DecreaseReservation, Frame, 1, order);
    }

    /// <summary>Adds a block's frames to the list. Xen gives memory to others as it gets it: nothing of the program's may be in it.</summary>
    private static int Add(int count, ulong block, int order, bool clear)
    {
        for (ulong frame = 0; frame < 1ul << order; frame++)
        {
            if (clear)
                Frames.Zero(block + (frame << FrameAllocator.FrameShift));
            Frame[count++] = (block >> FrameAllocator.FrameShift) + frame;
        }
        return count;
    }

    private static long Grow(ulong frames)
    {
        FrameAllocator* allocator = Frames.Allocator;
        int count = allocator->FindHoles(Frame, frames < FramesPerBlock ? (int)frames : FramesPerBlock);
        if (count != 0)
            return FillHoles(count) < count ? -Errno.NoSpace : (ulong)count < frames ? 1 : 0;
        ulong most = frames < BlocksPerCall << FrameAllocator.MaxOrder ? frames : BlocksPerCall << FrameAllocator.MaxOrder;
        if (!allocator->FindTail(most, out ulong start, out ulong found))
            return 0; // less than a piece: as near as it gets
        ulong done = FillTail(start, found);
        return done < found ? -Errno.NoSpace : done < frames ? 1 : 0;
    }

    /// <summary>Has memory put at the addresses in the list; returns at how many.</summary>
    private static int FillHoles(int count)
    {
        FrameAllocator* allocator = Frames.Allocator;
        ulong block = Frame[0];
        for (int i = 0; i < count; i++)
            Frame[i] >>= FrameAllocator.FrameShift;
        if (count == FramesPerBlock && Hypercalls.ChangeReservation(MemoryOp.PopulatePhysmap, Frame, 1, FrameAllocator.MaxOrder) == 1)
        {
            allocator->FillHole(block, FrameAllocator.MaxOrder);
            return count;
        }
        int done = Hypercalls.ChangeReservation(MemoryOp.PopulatePhysmap, Frame, count, 0);
        for (int i = 0; i < done; i++)
            allocator->FillHole(Frame[i] << FrameAllocator.FrameShift, 0);
        return done;
    }

    private static ulong FillTail(ulong start, ulong frames)
    {
        ulong first = start >> FrameAllocator.FrameShift;
        if (frames >= FramesPerBlock)
        {
            int blocks = (int)(frames >> FrameAllocator.MaxOrder);
            for (int i = 0; i < blocks; i++)
                Frame[i] = first + ((ulong)i << FrameAllocator.MaxOrder);
            ulong done = (ulong)Hypercalls.ChangeReservation(MemoryOp.PopulatePhysmap, Frame, blocks, FrameAllocator.MaxOrder) << FrameAllocator.MaxOrder;
            if (done != 0)
            {
                Frames.Allocator->AddTail(start, done);
                return done;
            }
            frames = FramesPerBlock; // of single frames, then
        }
        for (int i = 0; i < (int)frames; i++)
            Frame[i] = first + (ulong)i;
        int there = Hypercalls.ChangeReservation(MemoryOp.PopulatePhysmap, Frame, (int)frames, 0);
        if ((ulong)there == frames)
        {
            Frames.Allocator->AddTail(start, frames);
            return frames;
        }
        // A piece is there as a whole or not at all.
        _ = Hypercalls.ChangeReservation(MemoryOp.DecreaseReservation, Frame, there, 0);
        return 0;
    }
}
