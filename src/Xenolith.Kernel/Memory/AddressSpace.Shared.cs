// Pages that this domain shares with others: its own, which can be granted, and those of others, which it has mapped. Each allocation is one region,
// told apart by its tag; the calls of mmap's family refuse them (EINVAL).
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Memory;

internal static unsafe partial class AddressSpace
{
    /// <summary>Fresh pages at contiguous addresses, all present, of undefined content. Their address; 0 when there is no memory.</summary>
    internal static ulong MapIoPages(ulong count)
    {
        ulong size = count * Layout.PageSize;
        ulong start = regions.FindGap(size, Layout.PageSize, mappingBase, Layout.ProgramEnd);
        if (start == 0 || !Commit.TryCharge(count))
            return 0;
        RegionAttributes attributes = default;
        attributes.Protection = ReadWrite;
        attributes.Kind = RegionKind.IoPages;
        attributes.Flags = RegionFlags.Charged;
        attributes.Tag = ++lastTag;
        if (regions.Insert(start, start + size, attributes) != RegionResult.Done)
        {
            Commit.Uncharge(count);
            return 0;
        }
        for (ulong page = start; page < start + size; page += Layout.PageSize)
        {
            ulong frame = Frames.Allocate(0, FrameUse.Shared);
            if (frame != 0 && PageTables.Map(page, frame, PageFlags(ReadWrite)))
                continue;
            if (frame != 0)
                Frames.Free(frame, 0, FrameUse.Shared);
            Remove(start, start + size);
            return 0;
        }
        return start;
    }

    /// <summary>Gives back pages of one <see cref="MapIoPages"/>. 0; EINVAL if they are not that; EBUSY if one of them is granted.</summary>
    internal static long UnmapIoPages(ulong start, ulong count)
    {
        ulong end = start + count * Layout.PageSize;
        if (FindWhole(start, end, RegionKind.IoPages) == null)
            return -Errno.Invalid;
        for (ulong page = start; page < end; page += Layout.PageSize)
            if (GrantCount.Of(*PageTables.Find(page, create: false)) != 0)
                return -Errno.Busy;
        Remove(start, end);
        return 0;
    }

    /// <summary>The table entry of a page of <see cref="MapIoPages"/>; null for any other address.</summary>
    internal static ulong* FindIoPage(ulong address)
    {
        Region* region = regions.Find(address);
        return region != null && region->Attributes.Kind == RegionKind.IoPages ? PageTables.Find(address, create: false) : null;
    }

    /// <summary>Takes addresses for pages of other domains; nothing is mapped there yet. Their start; 0 when there are none or no memory.</summary>
    /// <param name="pages">How many.</param>
    /// <param name="readOnly">The program may only read them.</param>
    /// <param name="owner">Kept with them; not null, and of this mapping only.</param>
    /// <param name="window">Pages that the window has.</param>
    internal static ulong ReserveForeign(ulong pages, bool readOnly, void* owner, ulong window)
    {
        ulong size = pages * Layout.PageSize;
        ulong start = regions.FindGap(size, Layout.PageSize, ForeignBase, ForeignBase + window * Layout.PageSize);
        if (start == 0)
            return 0;
        RegionAttributes attributes = default;
        attributes.Protection = readOnly ? RegionProtection.Read : ReadWrite;
        attributes.Kind = RegionKind.Foreign;
        attributes.Tag = (ulong)owner;
        return regions.Insert(start, start + size, attributes) == RegionResult.Done ? start : 0;
    }

    /// <summary>The region of one <see cref="ReserveForeign"/>, or null if none starts here.</summary>
    internal static Region* FindForeign(ulong start)
    {
        Region* region = regions.Find(start);
        return region != null && region->Start == start && region->Attributes.Kind == RegionKind.Foreign ? region : null;
    }

    /// <summary>The first region of a <see cref="ReserveForeign"/> at or after an address; null if there is none.</summary>
    internal static Region* NextForeign(ulong address)
    {
        Region* region = regions.FindFirstAtOrAfter(address);
        while (region != null && region->Attributes.Kind != RegionKind.Foreign)
            region = RegionTree.Next(region);
        return region;
    }

    /// <summary>Gives back the addresses of one <see cref="ReserveForeign"/>, where nothing is mapped any more.</summary>
    internal static void ReleaseForeign(ulong start, ulong pages) => Remove(start, start + pages * Layout.PageSize);

    /// <summary>
    /// Closes the addresses of one <see cref="ReserveForeign"/> to system calls, for good: some of its pages may be there, others not.
    /// </summary>
    internal static void AbandonForeign(ulong start, ulong pages) =>
        regions.SetProtection(start, start + pages * Layout.PageSize, RegionProtection.None); // as a whole, so it needs no memory

    /// <summary>Where the window of other domains' pages begins: moved at boot as the other windows are.</summary>
    internal static ulong ForeignBase => foreignBase;

    /// <summary>What the CPU allows in pages of other domains.</summary>
    internal static ulong ForeignPageFlags(bool readOnly) => PageFlags(readOnly ? RegionProtection.Read : ReadWrite) | PageTables.Borrowed;

    private static Region* FindWhole(ulong start, ulong end, RegionKind kind)
    {
        Region* region = regions.Find(start);
        return region != null && region->Start == start && region->End == end && region->Attributes.Kind == kind ? region : null;
    }

    /// <summary>Takes out a region as a whole, which needs no memory.</summary>
    private static void Remove(ulong start, ulong end)
    {
        ReleasePages(start, end, keepCharge: false);
        regions.Remove(start, end);
    }
}
