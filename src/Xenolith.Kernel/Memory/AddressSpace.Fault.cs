// Bringing pages in: what the fault handlers ask of the address space.
namespace Xenolith.Kernel.Memory;

internal enum FaultResult
{
    Handled,
    NotMapped,
    NotAllowed,
    OutOfMemory,

    /// <summary>A mapped file has nothing there, or there is no space for it.</summary>
    BeyondFile,
}

internal static unsafe partial class AddressSpace
{
    // Error code of a page fault.
    private const ulong FaultPresent = 1, FaultWrite = 2, FaultFetch = 16;
    // Pages brought in by one fault, an aligned run: its neighbours are usually touched next, and a fault costs more than a page.
    private const ulong RunPages = 4;
    // A 2 MiB page is used while at least this much memory would be left.
    private const ulong AmpleFrames = 64 << 20 >> 12;

    /// <summary>
    /// Brings in the page at an address that the program (or the kernel on its behalf) touched. Interrupts are off; may run on an
    /// interrupt stack.
    /// </summary>
    internal static FaultResult Fault(ulong address, ulong error)
    {
        Region* region = regions.Find(address);
        if (region == null)
            return FaultResult.NotMapped;
        RegionProtection needed = (error & FaultFetch) != 0 ? RegionProtection.Execute
            : (error & FaultWrite) != 0 ? RegionProtection.Write : RegionProtection.Read;
        if ((region->Attributes.Protection & needed) == 0)
            return FaultResult.NotAllowed;
        if (region->Attributes.Kind == RegionKind.File)
            return FileFault(region, Layout.RoundDown(address), needed == RegionProtection.Write);
        if ((error & FaultPresent) != 0)
            return FaultResult.NotAllowed;
        if (region->Attributes.Kind != RegionKind.Anonymous)
            return FaultResult.NotMapped;

        ulong block = address & ~(Layout.LargePageSize - 1);
        if (region->Start <= block && region->End >= block + Layout.LargePageSize
            && (region->Attributes.Flags & RegionFlags.Charged) != 0
            && Frames.FreeCount > AmpleFrames && PageTables.IsLargeFree(block) && MapLarge(block, region->Attributes.Protection))
            return FaultResult.Handled;
        return MapRun(region, Layout.RoundDown(address));
    }

    /// <summary>
    /// Sees to it that the pages of a range, which is covered, are there: the kernel cannot be told that one is not to be had. False if a file has
    /// nothing there, or no memory is left.
    /// </summary>
    internal static bool BringIn(ulong address, ulong length, bool write)
    {
        ulong needed = write ? PageTables.Present | PageTables.Writable : PageTables.Present, end = address + length;
        for (ulong page = Layout.RoundDown(address); page < end; page += Layout.PageSize)
            if ((PageTables.Translate(page) & needed) != needed && Fault(page, write ? FaultWrite : 0) != FaultResult.Handled)
                return false;
        return true;
    }

    private static FaultResult MapRun(Region* region, ulong faulting)
    {
        const ulong runSize = RunPages * Layout.PageSize;
        ulong flags = PageFlags(region->Attributes.Protection);
        bool countTouched = (region->Attributes.Flags & RegionFlags.NoReserve) != 0;
        ulong start = faulting & ~(runSize - 1), end = start + runSize;
        if (start < region->Start)
            start = region->Start;
        if (end > region->End)
            end = region->End;
        // A run lies in one table.
        ulong* entry = PageTables.Find(start, create: true);
        if (entry == null)
            return FaultResult.OutOfMemory;
        for (ulong page = start; page < end; page += Layout.PageSize, entry++)
        {
            if (*entry != 0)
                continue;
            ulong frame = Frames.AllocateZeroed(FrameUse.Program);
            if (frame == 0)
            {
                if (page <= faulting)
                    return FaultResult.OutOfMemory;
                break;
            }
            *entry = frame | flags;
            if (countTouched)
                Commit.ChargeTouched();
        }
        return FaultResult.Handled;
    }

    private static bool MapLarge(ulong block, RegionProtection protection)
    {
        ulong frame = Frames.Allocate(9, FrameUse.Program);
        if (frame == 0)
            return false;
        for (ulong offset = 0; offset < Layout.LargePageSize; offset += Layout.PageSize)
            Frames.Zero(frame + offset);
        if (PageTables.MapLarge(block, frame, PageFlags(protection)))
            return true;
        Frames.Free(frame, 9, FrameUse.Program);
        return false;
    }
}
