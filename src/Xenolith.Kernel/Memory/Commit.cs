// Commit accounting: memory that is promised writable never exceeds what there is, so that running out is ENOMEM where memory is
// asked for (an OutOfMemoryException) and not a dead domain where it is touched.
//
// Thread stacks are the exception: 1.5 MB each, of which a few pages are ever used. They are charged as they are touched, and a small
// reserve that nothing else may take makes that touch succeed.
//
// Page tables are not charged either: how many there will be shows only when memory is touched. Half of the reserve is theirs. A program that has
// mapped much, or far apart, has more of them, and they stay when the memory becomes small; what they take beyond that half can be promised no more.
//
// The collector fills its heap to the last page that it gets. What it and the rest of the runtime want of the C library meanwhile they
// take for granted: a collection crashes without, and no thread can start. So the heap, which is the largest reservation there is, does
// not get the last of what can be promised.
namespace Xenolith.Kernel.Memory;

internal static class Commit
{
    // Kept for page tables, kernel stacks and the growth of stacks: a 32nd of memory, at least 512 KiB.
    private const ulong ReserveShift = 5;
    private const ulong MinimumReserve = 128;

    // What the kernel's own nodes may take of it when nothing can be promised any more: an eighth. Giving memory back can need one.
    private const int NodesShift = 3;

    // Kept from the heap: a 64th of what can be promised, at least 256 KiB.
    private const int KeptShift = 6;
    private const ulong MinimumKept = 64;

    private static ulong nodesReserved;

    // Frames that the kernel had taken before it promised any, and the page tables among them.
    private static ulong taken;
    private static ulong firstTables;

    // The largest reservation so far; smaller ones than 64 MiB are no heap.
    private static ulong heapStart;
    private static ulong heapSize;
    private const ulong SmallestHeap = 64 << 20;

    /// <summary>Pages promised: writable private mappings, and stacks as far as touched.</summary>
    internal static ulong Charged { get; private set; }

    /// <summary>Pages that can be promised.</summary>
    internal static ulong Limit
    {
        get
        {
            ulong reserve = Reserve, expected = firstTables + reserve / 2, tables = Frames.Used(FrameUse.PageTables);
            ulong kept = taken + reserve + (tables > expected ? tables - expected : 0);
            return Frames.Total > kept ? Frames.Total - kept : 0;
        }
    }

    internal static ulong Available
    {
        get
        {
            ulong limit = Limit;
            return limit > Charged ? limit - Charged : 0;
        }
    }

    /// <summary>Called when the kernel has taken what it needs to start: the rest, less the reserve, can be promised.</summary>
    internal static void Initialize()
    {
        taken = Frames.Total - Frames.FreeCount;
        firstTables = Frames.Used(FrameUse.PageTables);
    }

    /// <summary>
    /// Frames that the domain can give back and still keep its promises, with what the heap does not get and the reserve left over.
    /// </summary>
    internal static ulong Spare
    {
        get
        {
            ulong kept = Kept, reserve = Reserve;
            ulong unpromised = Available > kept ? Available - kept : 0;
            ulong free = Frames.FreeCount > reserve ? Frames.FreeCount - reserve : 0;
            return unpromised < free ? unpromised : free;
        }
    }

    private static ulong Reserve => AtLeast(Frames.Total >> (int)ReserveShift, MinimumReserve);

    private static ulong Kept => AtLeast(Limit >> KeptShift, MinimumKept);

    private static ulong AtLeast(ulong value, ulong least) => value > least ? value : least;

    internal static bool TryCharge(ulong pages)
    {
        if (pages > Available)
            return false;
        Charged += pages;
        return true;
    }

    /// <summary>For a page that the kernel takes for what it knows of the program's files and mappings, and never gives back.</summary>
    internal static bool TryChargeNodes()
    {
        // Before there is an account: what is taken then is not promised afterwards.
        if (taken == 0 || TryCharge(1))
            return true;
        if (nodesReserved >= Reserve >> NodesShift)
            return false;
        nodesReserved++;
        Charged++;
        return true;
    }

    /// <summary>Takes note of addresses that were reserved, with nothing behind them.</summary>
    internal static void NoteReservation(ulong start, ulong size)
    {
        if (size < SmallestHeap || size <= heapSize)
            return;
        heapStart = start;
        heapSize = size;
    }

    /// <summary>For a piece of a reservation that becomes writable.</summary>
    internal static bool TryChargeOpened(ulong start, ulong pages)
    {
        ulong kept = start - heapStart >= heapSize ? 0 : Kept;
        return pages + kept <= Available && TryCharge(pages);
    }

    /// <summary>For a page of a stack: taken from the reserve when need be.</summary>
    internal static void ChargeTouched() => Charged++;

    internal static void Uncharge(ulong pages) => Charged -= pages;
}
