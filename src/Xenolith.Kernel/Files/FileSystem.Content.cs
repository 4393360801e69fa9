// Reading and writing. Content of up to 2032 bytes is kept in a block of the heap, so that many small files take little; more is kept in
// pages. Once in pages, it stays there until the file is emptied.
using System;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Files;

internal unsafe partial struct FileSystem
{
    /// <summary>The largest file: an offset fits in 63 bits.</summary>
    internal const ulong LargestFile = long.MaxValue;

    /// <summary>Linux's: an access time that is not older than the last change is renewed once a day (mount option relatime).</summary>
    private const ulong AccessTimeLifetime = 24ul * 3600 * 1_000_000_000;

    /// <summary>Copies content; how many bytes, 0 at the end of the file.</summary>
    internal long Read(Inode* inode, ulong offset, Span<byte> buffer)
    {
        ulong now = host.Now();
        if (!inode->IsReadOnly && buffer.Length != 0
            && (inode->Accessed <= inode->Modified || inode->Accessed <= inode->Changed || now - inode->Accessed >= AccessTimeLifetime))
            inode->Accessed = now;
        if (offset >= inode->Size || buffer.Length == 0)
            return 0;
        Raise(inode, WatchMask.Access);
        ulong count = inode->Size - offset;
        if (count > (ulong)buffer.Length)
            count = (ulong)buffer.Length;
        fixed (byte* to = buffer)
        {
            if (inode->Bytes != null)
            {
                Copy(to, inode->Bytes + offset, count);
                return (long)count;
            }
            for (ulong done = 0; done < count;)
            {
                ulong within = offset + done & Layout.PageMask, piece = Layout.PageSize - within;
                if (piece > count - done)
                    piece = count - done;
                byte* page = inode->Pages.Find(offset + done >> 12);
                if (page != null)
                    Copy(to + done, page + within, piece);
                else
                    Asm.Fill(to + done, 0, (nuint)piece);
                done += piece;
            }
        }
        return (long)count;
    }

    /// <summary>Replaces content and extends the file; how many bytes, fewer when space has run out. ENOSPC for none, EFBIG.</summary>
    internal long Write(Inode* inode, ulong offset, ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length == 0)
            return 0;
        if (offset >= LargestFile)
            return -Errno.TooLarge;
        ulong length = (ulong)buffer.Length;
        if (length > LargestFile - offset)
            length = LargestFile - offset;
        ulong end = offset + length, done = 0;
        fixed (byte* from = buffer)
        {
            if (IsSmall(inode) && end <= FileHeap.LargestBlock)
            {
                if (!EnsureSmall(inode, (uint)end))
                    return -Errno.NoSpace;
                Copy(inode->Bytes + offset, from, length);
                done = length;
            }
            else
            {
                if (!EnsurePages(inode))
                    return -Errno.NoSpace;
                while (done < length)
                {
                    ulong within = offset + done & Layout.PageMask, piece = Layout.PageSize - within;
                    if (piece > length - done)
                        piece = length - done;
                    byte* page = GetPage(inode, offset + done >> 12, zeroed: piece < Layout.PageSize);
                    if (page == null)
                        break;
                    Copy(page + within, from + done, piece);
                    done += piece;
                }
            }
        }
        if (done == 0)
            return -Errno.NoSpace;
        if (offset + done > inode->Size)
            inode->Size = offset + done;
        inode->Modified = inode->Changed = host.Now();
        Raise(inode, WatchMask.Modify);
        return (long)done;
    }

    /// <summary>
    /// Copies content from one place to another that does not overlap it; how many bytes, fewer when space has run out or the source ends.
    /// </summary>
    internal long CopyContent(Inode* from, ulong position, Inode* to, ulong target, ulong length)
    {
        ulong done = 0;
        // No path is being resolved, so the room for that is free.
        fixed (byte* buffer = scratch)
        {
            while (done < length)
            {
                ulong rest = length - done;
                long count = Read(from, position + done, new Span<byte>(buffer, rest < ScratchSize ? (int)rest : ScratchSize));
                if (count <= 0)
                    break;
                long written = Write(to, target + done, new ReadOnlySpan<byte>(buffer, (int)count));
                if (written < 0)
                    return done > 0 ? (long)done : written;
                done += (ulong)written;
                if (written < count)
                    break;
            }
        }
        return (long)done;
    }

    /// <summary>The page of a file's content, made if there is a hole; null when there is no space. The content is in pages afterwards.</summary>
    internal byte* GetPage(Inode* inode, ulong number) => EnsurePages(inode) ? GetPage(inode, number, zeroed: true) : null;

    private byte* GetPage(Inode* inode, ulong number, bool zeroed)
    {
        byte* page = inode->Pages.Find(number);
        if (page != null)
            return page;
        page = zeroed ? Heap.TakeZeroedPage() : Heap.TakePage();
        if (page == null || inode->Pages.Add(HeapOfThis(), number, page))
            return page;
        Heap.ReturnPage(page);
        return null;
    }

    /// <summary>True while content is, or may begin, in a block.</summary>
    private static bool IsSmall(Inode* inode) => inode->Bytes != null || inode->Size == 0 && inode->Pages.Count == 0;

    /// <summary>Sees to it that the block has room for so many bytes; those beyond the file's size are zero.</summary>
    private bool EnsureSmall(Inode* inode, uint size)
    {
        if (inode->Bytes != null && size <= inode->Capacity)
            return true;
        byte* block = (byte*)Heap.Take((int)size);
        if (block == null)
            return false;
        uint capacity = (uint)FileHeap.Capacity((int)size);
        Asm.Fill(block, 0, capacity);
        if (inode->Bytes != null)
        {
            Copy(block, inode->Bytes, inode->Size);
            Heap.Return(inode->Bytes);
        }
        inode->Bytes = block;
        inode->Capacity = capacity;
        return true;
    }

    /// <summary>Moves small content into a page.</summary>
    private bool EnsurePages(Inode* inode)
    {
        if (inode->Bytes == null)
            return true;
        byte* page = Heap.TakeZeroedPage();
        if (page == null)
            return false;
        if (!inode->Pages.Add(HeapOfThis(), 0, page))
        {
            Heap.ReturnPage(page);
            return false;
        }
        Copy(page, inode->Bytes, inode->Size);
        Heap.Return(inode->Bytes);
        inode->Bytes = null;
        inode->Capacity = 0;
        return true;
    }

    private void DropContent(Inode* inode)
    {
        if (inode->IsPacked)
            return;
        if (inode->Bytes != null)
            Heap.Return(inode->Bytes);
        inode->Bytes = null;
        inode->Capacity = 0;
        inode->Pages.Remove(HeapOfThis(), 0, PageIndex.None);
    }
}
