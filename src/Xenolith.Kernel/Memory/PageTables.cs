// The four-level page tables: mapping, protecting and unmapping pages. Knows nothing of regions or who owns a frame.
using System;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;

namespace Xenolith.Kernel.Memory;

internal static unsafe class PageTables
{
    internal const ulong Present = 1, Writable = 2, Large = 0x80;
    /// <summary>A bit that the CPU ignores: the frame is not the allocator's (image, device), so unmapping must not free it.</summary>
    internal const ulong Borrowed = 1ul << 9;
    internal const ulong NoExecute = 1ul << 63;
    internal const ulong AddressMask = 0x000F_FFFF_FFFF_F000;
    private const ulong TableFlags = Present | Writable;
    private const int EntriesPerTable = 512;

    private static ulong* root;
    // The table of the last 4 KiB entry that was looked up: faults come in runs.
    private static ulong cachedBlock;
    private static ulong* cachedTable;
    // Frames that Unmap has given back, ever, and the use that it gives back for.
    private static ulong freed;
    private static FrameUse freedUse;
    // Unmap leaves the frames that it would give back.
    private static bool keepOwned;

    internal static void Initialize(ulong* rootTable)
    {
        root = rootTable;
        cachedBlock = ulong.MaxValue;
    }

    /// <summary>The 4 KiB entry for an address, or null if the tables for it do not exist and cannot (or shall not) be made.</summary>
    internal static ulong* Find(ulong address, bool create)
    {
        if (address >> 21 == cachedBlock)
            return cachedTable + (address >> 12 & 511);
        ulong* table = root;
        for (int shift = 39; shift > 12; shift -= 9)
        {
            ulong* entry = table + (address >> shift & 511);
            if (*entry == 0)
            {
                ulong frame = create ? Frames.AllocateZeroed(FrameUse.PageTables) : 0;
                if (frame == 0)
                    return null;
                *entry = frame | TableFlags;
            }
            else if ((*entry & Large) != 0)
            {
                if (!create || !Split(entry))
                    return null;
            }
            table = TableOf(*entry);
        }
        cachedBlock = address >> 21;
        cachedTable = table;
        return table + (address >> 12 & 511);
    }

    /// <summary>The physical address and flags behind an address, or 0 when it is not mapped.</summary>
    internal static ulong Translate(ulong address)
    {
        ulong* table = root;
        for (int shift = 39; shift > 12; shift -= 9)
        {
            ulong entry = table[address >> shift & 511];
            if (entry == 0)
                return 0;
            if ((entry & Large) != 0)
                return entry + (address & (1ul << shift) - 1 & ~Layout.PageMask) & ~Large;
            table = TableOf(entry);
        }
        return table[address >> 12 & 511];
    }

    internal static bool Map(ulong address, ulong frame, ulong flags)
    {
        ulong* entry = Find(address, create: true);
        if (entry == null)
            return false;
        *entry = frame | flags | Present;
        return true;
    }

    /// <summary>Maps a 2 MiB page; false when there is a table in its place already or none can be had.</summary>
    internal static bool MapLarge(ulong address, ulong frame, ulong flags)
    {
        ulong* entry = FindLarge(address);
        if (entry == null || *entry != 0)
            return false;
        *entry = frame | flags | Present | Large;
        return true;
    }

    /// <summary>True when nothing of the 2 MiB block is mapped and no table stands in a large page's way.</summary>
    internal static bool IsLargeFree(ulong address)
    {
        ulong* table = root;
        for (int shift = 39; shift > 21; shift -= 9)
        {
            ulong entry = table[address >> shift & 511];
            if (entry == 0)
                return true;
            table = TableOf(entry);
        }
        return table[address >> 21 & 511] == 0;
    }

    /// <summary>
    /// Sets the flags (with or without <see cref="Present"/>) of every page in [start, end) that has a frame. False: a large page could not be split
    /// for want of memory.
    /// </summary>
    internal static bool Protect(ulong start, ulong end, ulong flags) => WalkAll(start, end, flags, free: false);

    /// <summary>
    /// Unmaps [start, end), gives the frames back, which have one use, and with them the tables that the range covers whole. Returns the frames
    /// freed; -1 as for <see cref="Protect"/>.
    /// </summary>
    internal static long Unmap(ulong start, ulong end, FrameUse use)
    {
        ulong before = freed;
        freedUse = use;
        return WalkAll(start, end, 0, free: true) ? (long)(freed - before) : -1;
    }

    /// <summary>Unmaps the pages of [start, end) that are <see cref="Borrowed"/>, and leaves the others. None of them is large.</summary>
    internal static void UnmapBorrowed(ulong start, ulong end)
    {
        keepOwned = true;
        _ = WalkAll(start, end, 0, free: true);
        keepOwned = false;
    }

    private static bool WalkAll(ulong start, ulong end, ulong flags, bool free)
    {
        // Above some number of pages, dropping every translation is cheaper than dropping each.
        bool few = end - start <= 32 * Layout.PageSize;
        bool done = Walk(root, 39, start, end, flags, free, few);
        if (!few)
            Asm.FlushTranslations();
        return done;
    }

    private static bool Walk(ulong* table, int shift, ulong start, ulong end, ulong flags, bool free, bool invalidateEach)
    {
        ulong span = 1ul << shift;
        for (ulong address = start; address < end;)
        {
            ulong next = (address & ~(span - 1)) + span;
            ulong stop = next < end ? next : end;
            ulong* entry = table + (address >> shift & 511);
            if (*entry != 0)
            {
                bool whole = stop - address == span;
                if (shift == 12 || (*entry & Large) != 0 && whole)
                {
                    if (free && keepOwned && (*entry & Borrowed) == 0)
                    {
                        address = next;
                        continue;
                    }
                    if (free)
                    {
                        if ((*entry & Borrowed) == 0)
                        {
                            Frames.Free(*entry & AddressMask, shift == 12 ? 0 : 9, freedUse);
                            freed += shift == 12 ? 1ul : 512;
                        }
                        *entry = 0;
                    }
                    else
                        *entry = *entry & (AddressMask | Borrowed | Large) | flags;
                    if (invalidateEach)
                        Asm.InvalidatePage(address);
                }
                else
                {
                    if ((*entry & Large) != 0 && !Split(entry))
                        return false;
                    if (!Walk(TableOf(*entry), shift - 9, address, stop, flags, free, invalidateEach))
                        return false;
                    if (free && !keepOwned && whole && shift <= 30)
                    {
                        Frames.Free(*entry & AddressMask, 0, FrameUse.PageTables);
                        *entry = 0;
                        cachedBlock = ulong.MaxValue;
                    }
                }
            }
            address = next;
        }
        return true;
    }

    /// <summary>
    /// Gives back the tables below an address that have nothing in them any more: pages of their ranges were unmapped piece by piece. The walk takes
    /// as long as there are tables. Returns how many.
    /// </summary>
    internal static ulong FreeEmptyTables(ulong end)
    {
        ulong before = Frames.Used(FrameUse.PageTables);
        FreeEmptyBelow(root, 39, (int)(end - 1 >> 39));
        cachedBlock = ulong.MaxValue;
        Asm.FlushTranslations(); // the CPU may remember the tables themselves
        return before - Frames.Used(FrameUse.PageTables);
    }

    /// <summary>Frees the empty tables below a table's entries 0 to <paramref name="last"/>; true if the table is empty then.</summary>
    private static bool FreeEmptyBelow(ulong* table, int shift, int last)
    {
        bool empty = true;
        for (int i = 0; i <= last; i++)
        {
            ulong entry = table[i];
            if (shift > 12 && entry != 0 && (entry & Large) == 0 && !IsInImage(entry & AddressMask)
                && FreeEmptyBelow(TableOf(entry), shift - 9, EntriesPerTable - 1))
            {
                Frames.Free(entry & AddressMask, 0, FrameUse.PageTables);
                table[i] = 0;
            }
            empty &= table[i] == 0;
        }
        return empty;
    }

    /// <summary>Sees to it that no large page lies across an address. False if there is no memory for it.</summary>
    internal static bool SplitAt(ulong address)
    {
        if ((address & Layout.LargePageSize - 1) == 0)
            return true;
        ulong* table = root;
        for (int shift = 39; shift > 12; shift -= 9)
        {
            ulong* entry = table + (address >> shift & 511);
            if (*entry == 0)
                return true;
            if ((*entry & Large) != 0)
                return Split(entry);
            table = TableOf(*entry);
        }
        return true;
    }

    /// <summary>Replaces a large page by a table of 512 small ones with the same flags.</summary>
    private static bool Split(ulong* entry)
    {
        ulong frame = Frames.Allocate(0, FrameUse.PageTables);
        if (frame == 0)
            return false;
        ulong* table = (ulong*)(Layout.DirectMap + frame);
        ulong page = *entry & ~Large;
        for (int i = 0; i < EntriesPerTable; i++)
            table[i] = page + (ulong)i * Layout.PageSize;
        *entry = frame | TableFlags;
        return true;
    }

    private static ulong* FindLarge(ulong address)
    {
        ulong* table = root;
        for (int shift = 39; shift > 21; shift -= 9)
        {
            ulong* entry = table + (address >> shift & 511);
            if (*entry == 0)
            {
                ulong frame = Frames.AllocateZeroed(FrameUse.PageTables);
                if (frame == 0)
                    return null;
                *entry = frame | TableFlags;
            }
            table = TableOf(*entry);
        }
        return table + (address >> 21 & 511);
    }

    // The first tables lie in the image, which the direct map leaves out; it is identity-mapped instead.
    private static ulong* TableOf(ulong entry)
    {
        ulong physical = entry & AddressMask;
        return IsInImage(physical) ? (ulong*)physical : (ulong*)(Layout.DirectMap + physical);
    }

    private static bool IsInImage(ulong physical) => physical >= Asm.DataStart && physical < Asm.DataEnd;
}
