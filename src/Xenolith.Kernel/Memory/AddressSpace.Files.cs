// Mapped files. A page of a shared mapping is the file's own page; so is one of a private mapping, read-only, until it is first written to:
// then it becomes a copy. What was packed into the image is mapped where it lies. The page tables do not own a file's pages (Borrowed), so
// unmapping leaves them; before a page goes from a file, it is taken out of all mappings.
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Memory;

internal static unsafe partial class AddressSpace
{
    /// <summary>Maps a file. The address, or a negative errno.</summary>
    /// <param name="address">Where; 0 for the lowest free place.</param>
    /// <param name="size">Bytes, whole pages.</param>
    /// <param name="protection">Not executable.</param>
    /// <param name="replace">What is at the address goes; else EEXIST.</param>
    /// <param name="inode">A file with content.</param>
    /// <param name="offset">Where the mapping begins in the file, whole pages.</param>
    /// <param name="isShared">Writes go to the file.</param>
    /// <param name="mayWrite">They may.</param>
    internal static long MapFile(
        ulong address, ulong size, RegionProtection protection, bool replace, Inode* inode, ulong offset, bool isShared, bool mayWrite)
    {
        if (address == 0)
            address = size > Layout.ProgramEnd ? 0 : regions.FindGap(size, Layout.PageSize, mappingBase, Layout.ProgramEnd);
        else
        {
            long error = MakeRoom(address, size, replace);
            if (error != 0)
                return error;
        }
        if (address == 0)
            return -Errno.NoMemory;
        // A packed file that does not begin on a page can only be copied.
        bool isCopied = inode->IsPacked && ((ulong)inode->Bytes & Layout.PageMask) != 0;
        bool isCharged = isCopied || !isShared && (protection & RegionProtection.Write) != 0;
        if (isCharged && !Commit.TryCharge(size >> 12))
            return -Errno.NoMemory;
        FileMapping* mapping = FileMapping.Create(inode, offset - address, size >> 12);
        if (mapping != null)
        {
            mapping->IsShared = isShared;
            mapping->MayWrite = mayWrite;
            RegionAttributes attributes = default;
            attributes.Protection = protection;
            attributes.Kind = RegionKind.File;
            attributes.Flags = isCharged ? RegionFlags.Charged : RegionFlags.None;
            attributes.Tag = (ulong)mapping;
            if (regions.Insert(address, address + size, attributes) == RegionResult.Done)
                return (long)address;
            FileMapping.Release(mapping, size >> 12);
        }
        if (isCharged)
            Commit.Uncharge(size >> 12);
        return -Errno.NoMemory;
    }

    /// <summary>Takes the pages from a number to before another, which are about to go, out of all mappings of a file.</summary>
    internal static void UnmapFile(Inode* inode, ulong first, ulong end)
    {
        for (Region* region = regions.First; region != null; region = RegionTree.Next(region))
        {
            FileMapping* mapping = (FileMapping*)region->Attributes.Tag;
            if (region->Attributes.Kind != RegionKind.File || mapping->Inode != inode)
                continue;
            ulong start = region->Start + mapping->Distance >> 12, stop = start + (region->End - region->Start >> 12);
            ulong from = first > start ? first : start, to = end < stop ? end : stop;
            if (from < to)
                _ = PageTables.Unmap(region->Start + (from - start << 12), region->Start + (to - start << 12), FrameUse.Program);
        }
    }

    /// <summary>Brings in a page of a mapped file, for an access that the region allows.</summary>
    private static FaultResult FileFault(Region* region, ulong page, bool write)
    {
        FileMapping* mapping = (FileMapping*)region->Attributes.Tag;
        Inode* inode = mapping->Inode;
        ulong offset = page + mapping->Distance;
        if (offset >= Layout.RoundUp(inode->Size))
            return FaultResult.BeyondFile;
        ulong* entry = PageTables.Find(page, create: true);
        if (entry == null)
            return FaultResult.OutOfMemory;
        ulong flags = PageFlags(region->Attributes.Protection);
        if (*entry != 0 && (mapping->IsShared || (*entry & PageTables.Borrowed) == 0))
        {
            // It is there with less than the region allows.
            *entry = *entry & (PageTables.AddressMask | PageTables.Borrowed) | flags;
            Asm.InvalidatePage(page);
            return FaultResult.Handled;
        }
        byte* content = inode->IsPacked ? inode->Bytes + offset : FileTree.System->GetPage(inode, offset >> 12);
        if (content == null)
            return FaultResult.BeyondFile;
        bool isAligned = ((ulong)content & Layout.PageMask) == 0;
        if (isAligned && (mapping->IsShared || !write))
        {
            ulong frame = inode->IsPacked ? (ulong)content : (ulong)content - Layout.DirectMap;
            *entry = frame | PageTables.Borrowed | (mapping->IsShared ? flags : flags & ~PageTables.Writable);
            if (write)
                inode->Modified = inode->Changed = FileTree.System->Now;
            return FaultResult.Handled;
        }
        ulong own = Frames.AllocateZeroed(FrameUse.Program);
        if (own == 0)
            return FaultResult.OutOfMemory;
        ulong length = isAligned ? Layout.PageSize : inode->Size - offset;
        Asm.Move((void*)(Layout.DirectMap + own), content, (nuint)(length < Layout.PageSize ? length : Layout.PageSize));
        *entry = own | flags;
        Asm.InvalidatePage(page);
        return FaultResult.Handled;
    }

    /// <summary>mprotect of a range with mapped files in it: region by region, so that one which fails leaves those before it changed.</summary>
    private static long ProtectFiles(Region* first, ulong address, ulong end, RegionProtection protection)
    {
        if (first == null || first->Start > address)
            return -Errno.NoMemory;
        while (address < end)
        {
            Region* region = regions.Find(address);
            if (region == null)
                return -Errno.NoMemory;
            ulong stop = region->End < end ? region->End : end;
            long result = region->Attributes.Kind == RegionKind.File ? ProtectFile(region, address, stop, protection) : Protect(address, stop - address, protection);
            if (result != 0)
                return result;
            address = stop;
        }
        return 0;
    }

    private static long ProtectFile(Region* region, ulong address, ulong end, RegionProtection protection)
    {
        FileMapping* mapping = (FileMapping*)region->Attributes.Tag;
        bool becomesWritable = (protection & RegionProtection.Write) != 0;
        if ((protection & RegionProtection.Execute) != 0 || becomesWritable && mapping->IsShared && !mapping->MayWrite)
            return -Errno.Access;
        bool charge = becomesWritable && !mapping->IsShared && (region->Attributes.Flags & RegionFlags.Charged) == 0;
        if (charge && !Commit.TryCharge(end - address >> 12))
            return -Errno.NoMemory;
        if (regions.SetProtection(address, end, protection, charge ? RegionFlags.Charged : RegionFlags.None, RegionFlags.None) != RegionResult.Done)
        {
            if (charge)
                Commit.Uncharge(end - address >> 12);
            return -Errno.NoMemory;
        }
        if (!mapping->IsShared && becomesWritable)
            PageTables.UnmapBorrowed(address, end); // the file's own pages: they come again, as copies
        return PageTables.Protect(address, end, PageFlags(protection)) ? 0 : -Errno.NoMemory;
    }

    private static long MakeRoom(ulong address, ulong size, bool replace)
    {
        if (!IsInProgramRange(address, size))
            return address < Layout.LowestMappable ? -Errno.NotPermitted : -Errno.NoMemory;
        Region* first = regions.FindFirstAtOrAfter(address);
        if (first == null || first->Start >= address + size)
            return 0;
        return replace ? Unmap(address, size) : -Errno.Exists;
    }
}
