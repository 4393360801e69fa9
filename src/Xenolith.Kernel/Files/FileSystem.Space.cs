// The extent of a file: shortening, lengthening, preallocation and holes.
using System;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Files;

internal unsafe partial struct FileSystem
{
    internal const ulong KeepSize = 1, PunchHole = 2;

    /// <summary>ftruncate(2): what is cut off is gone, what is added is a hole.</summary>
    internal long Truncate(Inode* inode, ulong size)
    {
        if (size > LargestFile)
            return -Errno.Invalid;
        if (inode->Bytes != null && size > inode->Capacity && !EnsurePages(inode))
            return -Errno.NoSpace;
        if (size < inode->Size)
        {
            if (inode->Mappings != 0)
                host.Unmap(inode, Layout.RoundUp(size) >> 12, PageIndex.None);
            if (size == 0)
                DropContent(inode);
            else
                Clear(inode, size, Layout.RoundUp(size));
            inode->Pages.Remove(HeapOfThis(), Layout.RoundUp(size) >> 12, PageIndex.None);
        }
        inode->Size = size;
        inode->Modified = inode->Changed = host.Now();
        Raise(inode, WatchMask.Modify);
        return 0;
    }

    /// <summary>
    /// fallocate(2), of which the modes 0, KEEP_SIZE and PUNCH_HOLE are offered, as by Linux's tmpfs. Takes all of the space or none.
    /// </summary>
    internal long Allocate(Inode* inode, ulong mode, ulong offset, ulong length)
    {
        if ((long)offset < 0 || (long)length <= 0)
            return -Errno.Invalid;
        bool punch = (mode & PunchHole) != 0;
        if ((mode & ~(KeepSize | PunchHole)) != 0 || punch && (mode & KeepSize) == 0)
            return -Errno.NotSupported;
        if (length > LargestFile - offset)
            return -Errno.TooLarge;
        ulong end = offset + length, first = offset >> 12, last = Layout.RoundUp(end) >> 12;
        if (!punch)
        {
            if (last - first > FreePages + inode->Pages.Count || !EnsurePages(inode) || last - first > FreePages + inode->Pages.CountIn(first, last))
                return -Errno.NoSpace;
        }
        if (punch)
            Punch(inode, offset, end);
        for (ulong page = first; !punch && page < last; page++)
        {
            if (GetPage(inode, page, zeroed: true) == null)
                return -Errno.NoSpace; // the tables took what there was
        }
        if ((mode & KeepSize) == 0 && end > inode->Size)
            inode->Size = end;
        inode->Modified = inode->Changed = host.Now();
        Raise(inode, WatchMask.Modify);
        return 0;
    }

    /// <summary>lseek(2) with SEEK_DATA or SEEK_HOLE: ENXIO beyond the end, and where no data follows.</summary>
    internal readonly long Seek(Inode* inode, ulong offset, bool hole)
    {
        if (offset >= inode->Size)
            return -Errno.NoDevice;
        if (inode->Bytes != null)
            return hole ? (long)inode->Size : (long)offset;
        ulong page = offset >> 12;
        if (hole)
        {
            while (inode->Pages.Find(page) != null)
                page++;
        }
        else
            page = inode->Pages.Next(page);
        if (!hole && (page == PageIndex.None || page << 12 >= inode->Size))
            return -Errno.NoDevice;
        ulong found = page << 12 > offset ? page << 12 : offset;
        return (long)(found < inode->Size ? found : inode->Size);
    }

    /// <summary>Bytes that the content takes, in units of 512.</summary>
    internal static ulong Blocks(Inode* inode) =>
        inode->IsPacked ? (inode->Size + 511) / 512 : inode->Pages.Count * 8 + (inode->Capacity + 511) / 512;

    private void Punch(Inode* inode, ulong offset, ulong end)
    {
        ulong first = Layout.RoundUp(offset), last = Layout.RoundDown(end);
        if (inode->Mappings != 0 && first < last)
            host.Unmap(inode, first >> 12, last >> 12);
        if (first >= last && offset >> 12 == end >> 12)
        {
            Clear(inode, offset, end);
            return;
        }
        Clear(inode, offset, first);
        Clear(inode, last, end);
        if (first < last)
        {
            if (inode->Bytes != null)
                Clear(inode, first, last);
            inode->Pages.Remove(HeapOfThis(), first >> 12, last >> 12);
        }
    }

    /// <summary>Zeroes a part of one page, or of a block, as far as it is there.</summary>
    private static void Clear(Inode* inode, ulong offset, ulong end)
    {
        if (inode->Bytes != null)
        {
            if (end > inode->Capacity)
                end = inode->Capacity;
            if (offset < end)
                Asm.Fill(inode->Bytes + offset, 0, (nuint)(end - offset));
            return;
        }
        byte* page = offset < end ? inode->Pages.Find(offset >> 12) : null;
        if (page != null)
            Asm.Fill(page + (offset & Layout.PageMask), 0, (nuint)(end - offset));
    }
}
