// The program's address space: regions say what is allowed where, page tables hold what has been touched.
//
// Reserving is free: pages come, zeroed, when they are first touched. What the program may touch is charged (Commit.cs) when it becomes so, and
// stays charged until it is unmapped; thread stacks (RegionFlags.NoReserve) are charged page by page as they are touched.
// AddressSpace.Fault.cs brings pages in; AddressSpace.Shared.cs has the pages that are shared with other domains, AddressSpace.Files.cs the
// files that are mapped.
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Entropy;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Memory;

internal static unsafe partial class AddressSpace
{
    private const RegionProtection ReadWrite = RegionProtection.Read | RegionProtection.Write;
    // The C library makes a thread's stack by reserving it whole and then opening all but a guard at its low end.
    private const ulong LargestGuard = 64 * 1024, LargestStack = 64 << 20;

    private const ulong LargeMapping = 4 << 20;

    // As many regions as Linux has (vm.max_map_count), in a 32nd of the memory at most: what they take is never given back.
    private const int MostRegions = 65530, NodesShift = 5;

    private static RegionTree regions;
    // Where the search for free addresses begins in each window.
    private static ulong mappingBase, reservationBase, largeBase, foreignBase;
    private static bool constantsSealed;
    // Pages that nodes of the tree have taken.
    private static ulong nodePages;
    // Keeps reservations apart that happen to touch, so that each can be recognised when it is opened.
    private static ulong lastTag;

    /// <summary>Builds the image's mappings with their exact permissions; the boot's identity map goes with it.</summary>
    internal static void Initialize()
    {
        regions.Initialize(&TakePage);
        // The code runs on the identity map until the image is mapped anew, page by page, in tables that then take its place.
        ulong newRoot = Frames.AllocateZeroed(FrameUse.PageTables);
        if (newRoot == 0)
            Panic.Stop("no memory for page tables");
        PageTables.Initialize((ulong*)(Layout.DirectMap + newRoot));
        MapImage(Asm.TextStart, Asm.TextEnd, RegionProtection.Read | RegionProtection.Execute);
        MapImage(Asm.RodataStart, Asm.RodataEnd, RegionProtection.Read);
        MapImage(Asm.DataStart, Asm.DataEnd, ReadWrite);
        for (int stack = 0; stack < DescriptorTables.GuardCount; stack++)
            SealKernelPage(DescriptorTables.Guard(stack), RegionProtection.None);
        SealKernelPage(Asm.InterruptTable, RegionProtection.Read);
        MapSecondUpcallStack();
        Asm.RootTable[0] = *(ulong*)(Layout.DirectMap + newRoot);
        Asm.FlushTranslations();
        PageTables.Initialize(Asm.RootTable);
        Frames.Free(newRoot, 0, FrameUse.PageTables);
    }

    /// <summary>
    /// Places the windows of the program's mappings at random, each by itself, so that the address of one thing tells nothing of another's. 28
    /// bits, as many as Linux takes, or 22 where mappings begin at multiples of 4 MiB.
    /// </summary>
    internal static void Randomize()
    {
        const ulong pages = 1 << 28, largePages = 1 << 22;
        ulong* random = stackalloc ulong[4];
        EntropyPool.Fill(new System.Span<byte>(random, 4 * sizeof(ulong)));
        mappingBase = Layout.Mappings + random[0] % pages * Layout.PageSize;
        reservationBase = Layout.Reservations + random[1] % pages * Layout.PageSize;
        largeBase = Layout.LargeMappings + random[2] % largePages * LargeMapping;
        foreignBase = Layout.ForeignWindow + random[3] % pages * Layout.PageSize;
    }

    /// <summary>Maps fresh memory at the lowest free place of its window. The address, or a negative errno.</summary>
    internal static long Map(ulong size, RegionProtection protection, bool isStack)
    {
        // What is large begins where a large page can; the collector's reservation, cut into regions of up to 4 MiB, also wastes none.
        if (size >= LargeMapping)
            return MapFrom(largeBase, LargeMapping, size, protection, isStack);
        return MapFrom(protection == RegionProtection.None ? reservationBase : mappingBase, Layout.PageSize, size, protection, isStack);
    }

    /// <summary>
    /// Maps the first thread's stack above a guard, both as the C library makes those of further threads: without the guard, whatever the
    /// program maps next could lie right below the stack and take its overflow. The stack's lowest address, or a negative errno.
    /// </summary>
    internal static long MapStack(ulong size)
    {
        long guard = MapFrom(reservationBase, Layout.PageSize, LargestGuard + size, RegionProtection.None, isStack: false);
        if (guard < 0)
            return guard;
        ulong stack = (ulong)guard + LargestGuard;
        long result = Protect(stack, size, ReadWrite);
        return result < 0 ? result : (long)stack;
    }

    /// <summary>Maps fresh memory at a given place. The address, or a negative errno: EEXIST if it is taken and not to be replaced.</summary>
    internal static long MapAt(ulong address, ulong size, RegionProtection protection, bool isStack, bool replace)
    {
        if (!IsInProgramRange(address, size))
            return address < Layout.LowestMappable ? -Errno.NotPermitted : -Errno.NoMemory;
        Region* first = regions.FindFirstAtOrAfter(address);
        if (first != null && first->Start < address + size)
        {
            if (!replace)
                return -Errno.Exists;
            long result = Unmap(address, size);
            if (result < 0)
                return result;
        }
        return Insert(address, size, protection, isStack);
    }

    /// <summary>Unmaps a range; what of it is not mapped does not matter. 0 or a negative errno.</summary>
    internal static long Unmap(ulong address, ulong size)
    {
        if (!IsInProgramRange(address, size))
            return -Errno.Invalid;
        ulong end = address + size;
        for (Region* region = regions.FindFirstAtOrAfter(address); region != null && region->Start < end; region = RegionTree.Next(region))
            if (region->Attributes.Kind is not (RegionKind.Anonymous or RegionKind.File))
                return -Errno.Invalid; // the image is sealed; pages shared with other domains have calls of their own
        // First what can fail for want of memory, on a tree that then is as it was.
        if (!SplitAtEdges(address, end))
            return -Errno.NoMemory;
        ReleasePages(address, end, keepCharge: false);
        return regions.Remove(address, end) == RegionResult.Done ? 0 : -Errno.NoMemory;
    }

    /// <summary>Changes what is allowed in a range, all of which must be mapped. 0 or a negative errno.</summary>
    internal static long Protect(ulong address, ulong size, RegionProtection protection)
    {
        ulong end = address + size;
        if (!IsInProgramRange(address, size))
            return -Errno.NoMemory;
        ulong uncharged = 0;
        bool accessible = protection != RegionProtection.None, writable = (protection & RegionProtection.Write) != 0, closesConstants = false;
        Region* first = regions.FindFirstAtOrAfter(address);
        ulong reached = address;
        for (Region* region = first; reached < end; region = RegionTree.Next(region))
        {
            if (region == null || region->Start > reached)
                return -Errno.NoMemory;
            bool isImage = region->Attributes.Kind == RegionKind.Image;
            if (isImage && !MayProtectImage(region, protection))
                return -Errno.Access;
            closesConstants |= isImage && region->Start < Asm.DataStart && (region->Attributes.Protection & RegionProtection.Write) != 0 && !writable;
            if (region->Attributes.Kind == RegionKind.File)
                return ProtectFiles(first, address, end, protection);
            if (!isImage && region->Attributes.Kind != RegionKind.Anonymous)
                return -Errno.Invalid; // shared with other domains as it is
            if (!isImage && (region->Attributes.Flags & (RegionFlags.Charged | RegionFlags.NoReserve)) == 0)
                uncharged += (region->End < end ? region->End : end) - reached;
            reached = region->End;
        }

        // First what can fail for want of memory: with no large page across an edge, the page tables below cannot fail any more.
        if (!PageTables.SplitAt(address) || !PageTables.SplitAt(end))
            return -Errno.NoMemory;
        RegionFlags set = RegionFlags.None;
        if (accessible && uncharged > 0)
        {
            if (IsStackBeingOpened(first, address, end))
                set = RegionFlags.NoReserve;
            else if (Commit.TryChargeOpened(address, uncharged >> 12))
                set = RegionFlags.Charged;
            else
                return -Errno.NoMemory;
        }
        if (regions.SetProtection(address, end, protection, set, RegionFlags.None) != RegionResult.Done)
        {
            if (set == RegionFlags.Charged)
                Commit.Uncharge(uncharged >> 12);
            return -Errno.NoMemory;
        }
        PageTables.Protect(address, end, PageFlags(protection));
        constantsSealed |= closesConstants;
        return 0;
    }

    /// <summary>Gives back the pages of a range, which reads as zeroes afterwards. 0 or a negative errno.</summary>
    internal static long Discard(ulong address, ulong size)
    {
        if (size == 0)
            return 0;
        if (!IsMapped(address, size))
            return -Errno.NoMemory;
        ulong end = address + size;
        for (Region* region = regions.FindFirstAtOrAfter(address); region != null && region->Start < end; region = RegionTree.Next(region))
            if (region->Attributes.Kind is not (RegionKind.Anonymous or RegionKind.File))
                return -Errno.Invalid;
        return ReleasePages(address, end, keepCharge: true) ? 0 : -Errno.NoMemory;
    }

    /// <summary>Makes a mapping longer in place. Its address, or ENOMEM if what follows is taken.</summary>
    internal static long Extend(ulong address, ulong oldSize, ulong newSize)
    {
        Region* region = regions.Find(address + oldSize - Layout.PageSize);
        if (region->Attributes.Kind != RegionKind.Anonymous)
            return -Errno.Invalid;
        bool isStack = (region->Attributes.Flags & RegionFlags.NoReserve) != 0;
        long result = MapAt(address + oldSize, newSize - oldSize, region->Attributes.Protection, isStack, replace: false);
        return result < 0 ? -Errno.NoMemory : (long)address;
    }

    /// <summary>True if the program may do <paramref name="required"/> with every byte of the range; true for an empty range.</summary>
    internal static bool IsCovered(ulong address, ulong length, RegionProtection required)
    {
        if (length == 0)
            return true;
        ulong end = address + length;
        if (end < address || end > Layout.ProgramEnd)
            return false;
        Region* region = regions.Find(address);
        if (region == null || (region->Attributes.Protection & required) != required)
            return false;
        return region->End >= end || regions.IsCovered(address, end, required);
    }

    /// <summary>True if every byte of the range is mapped, whatever is allowed there.</summary>
    internal static bool IsMapped(ulong address, ulong size) => size != 0 && IsCovered(address, size, RegionProtection.None);

    /// <summary>The region that an address lies in, or null.</summary>
    internal static Region* RegionOf(ulong address) => regions.Find(address);

    /// <summary>True for an address at which nothing is allowed, just below a thread's stack: the stack has overflowed.</summary>
    internal static bool IsBelowStack(ulong address)
    {
        Region* region = regions.FindFirstAtOrAfter(address);
        if (region != null && region->Start <= address && region->Attributes.Protection == RegionProtection.None)
            region = RegionTree.Next(region); // the guard
        return region != null && (region->Attributes.Flags & RegionFlags.NoReserve) != 0
            && region->Start > address && region->Start - address <= LargestGuard;
    }

    private static long MapFrom(ulong window, ulong alignment, ulong size, RegionProtection protection, bool isStack)
    {
        ulong address = size > Layout.ProgramEnd ? 0 : regions.FindGap(size, alignment, window, Layout.ProgramEnd);
        return address == 0 ? -Errno.NoMemory : Insert(address, size, protection, isStack);
    }

    private static long Insert(ulong address, ulong size, RegionProtection protection, bool isStack)
    {
        RegionAttributes attributes = default;
        attributes.Protection = protection;
        attributes.Kind = RegionKind.Anonymous;
        isStack &= size <= LargestStack;
        if (isStack)
            attributes.Flags = RegionFlags.NoReserve;
        else if (protection != RegionProtection.None)
        {
            if (!Commit.TryCharge(size >> 12))
                return -Errno.NoMemory;
            attributes.Flags = RegionFlags.Charged;
        }
        if (protection == RegionProtection.None || isStack)
            attributes.Tag = ++lastTag;
        if (regions.Insert(address, address + size, attributes) == RegionResult.Done)
        {
            if (protection == RegionProtection.None)
                Commit.NoteReservation(address, size);
            return (long)address;
        }
        if ((attributes.Flags & RegionFlags.Charged) != 0)
            Commit.Uncharge(size >> 12);
        return -Errno.NoMemory;
    }

    /// <summary>
    /// The image's code is sealed, and its data never becomes code. Read-only data may be opened for writing once: the runtime does so when it
    /// starts, to set its stack-protection cookie, and closes it again.
    /// </summary>
    private static bool MayProtectImage(Region* region, RegionProtection protection)
    {
        RegionProtection current = region->Attributes.Protection;
        return current == protection
            || ((current | protection) & RegionProtection.Execute) == 0 && (region->Start >= Asm.DataStart || !constantsSealed);
    }

    /// <summary>True for the second step of making a thread's stack: all of a reservation but a guard below becomes writable.</summary>
    private static bool IsStackBeingOpened(Region* region, ulong start, ulong end) =>
        region->Attributes.Kind == RegionKind.Anonymous && region->End == end && region->Start < start && start - region->Start <= LargestGuard && end - start <= LargestStack
        && region->Attributes.Protection == RegionProtection.None && region->Attributes.Tag != 0;

    /// <summary>Frees the frames in a range, and settles the account.</summary>
    private static bool ReleasePages(ulong start, ulong end, bool keepCharge)
    {
        for (Region* region = regions.FindFirstAtOrAfter(start); region != null && region->Start < end; region = RegionTree.Next(region))
        {
            ulong from = region->Start > start ? region->Start : start, to = region->End < end ? region->End : end;
            FrameUse use = region->Attributes.Kind == RegionKind.IoPages ? FrameUse.Shared : FrameUse.Program;
            long pages = PageTables.Unmap(from, to, use);
            if (pages < 0)
                return false;
            if ((region->Attributes.Flags & RegionFlags.NoReserve) != 0)
                Commit.Uncharge((ulong)pages);
            else if (!keepCharge && (region->Attributes.Flags & RegionFlags.Charged) != 0)
                Commit.Uncharge(to - from >> 12);
            if (!keepCharge && region->Attributes.Kind == RegionKind.File)
                FileMapping.Release((FileMapping*)region->Attributes.Tag, to - from >> 12);
        }
        return true;
    }

    /// <summary>
    /// Sees to it that unmapping [start, end) needs no memory: large pages across an edge become small ones, and where it cuts a region in two, a
    /// node is at hand.
    /// </summary>
    private static bool SplitAtEdges(ulong start, ulong end)
    {
        Region* region = regions.Find(start);
        bool cuts = region != null && region->Start < start && region->End > end;
        return PageTables.SplitAt(start) && PageTables.SplitAt(end) && (!cuts || regions.Reserve(1));
    }

    private static bool IsInProgramRange(ulong address, ulong size) =>
        address >= Layout.LowestMappable && address + size > address && address + size <= Layout.ProgramEnd;

    private static ulong PageFlags(RegionProtection protection)
    {
        if (protection == RegionProtection.None)
            return PageTables.NoExecute;
        ulong flags = PageTables.Present;
        if ((protection & RegionProtection.Write) != 0)
            flags |= PageTables.Writable;
        if ((protection & RegionProtection.Execute) == 0)
            flags |= PageTables.NoExecute;
        return flags;
    }

    private static void MapImage(ulong start, ulong end, RegionProtection protection)
    {
        ulong flags = PageFlags(protection) | PageTables.Borrowed;
        for (ulong page = start; page < end; page += Layout.PageSize)
            if (!PageTables.Map(page, page, flags))
                Panic.Stop("no memory to map the image");
        RegionAttributes attributes = default;
        attributes.Protection = protection;
        attributes.Kind = RegionKind.Image;
        if (start < end && regions.Insert(start, end, attributes) != RegionResult.Done)
            Panic.Stop("no memory for the image's regions");
    }

    /// <summary>Leaves the CPU this much of a page of the kernel's data, and the program's calls nothing.</summary>
    private static void SealKernelPage(ulong page, RegionProtection protection)
    {
        PageTables.Protect(page, page + Layout.PageSize, PageFlags(protection));
        RegionAttributes attributes = default;
        attributes.Kind = RegionKind.Kernel;
        if (regions.Replace(page, page + Layout.PageSize, attributes) != RegionResult.Done)
            Panic.Stop("no memory to protect the kernel's pages");
    }

    /// <summary>
    /// The page below the address at which an upcall finds its stack that is delivered twice (Cpu/Traps.S). The program cannot have it.
    /// </summary>
    private static void MapSecondUpcallStack()
    {
        ulong frame = Layout.RoundDown((ulong)Asm.TaskState); // the image lies at virtual = physical
        ulong page = Layout.SecondUpcallStack - Layout.PageSize;
        if (!PageTables.Map(page, frame, PageFlags(ReadWrite) | PageTables.Borrowed))
            Panic.Stop("no memory for an interrupt stack");
        SealKernelPage(page, ReadWrite);
    }

    private static void* TakePage()
    {
        if (nodePages >= MostRegions / (Layout.PageSize / (ulong)sizeof(Region)) || nodePages >= Frames.Total >> NodesShift || !Commit.TryChargeNodes())
            return null;
        ulong frame = Frames.Allocate(0);
        if (frame == 0)
        {
            Commit.Uncharge(1);
            return null;
        }
        nodePages++;
        return (void*)(Layout.DirectMap + frame);
    }
}
