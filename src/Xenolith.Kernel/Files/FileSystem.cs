// A file system in memory: inodes and names. All that Linux says of paths, names, links and content, and nothing of descriptors, processes
// or waiting; so it also runs on the host, where it is compared with Linux.
//
// FileSystem.Paths.cs finds what a path leads to; FileSystem.Names.cs makes, moves and removes names; FileSystem.Content.cs reads and
// writes; FileSystem.Space.cs shortens, preallocates and punches holes; FileSystem.Directories.cs enumerates; FileSystem.Watches.cs tells who
// wants to know.
using System;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Files;

/// <summary>What a file system asks of its surroundings.</summary>
internal unsafe struct FileSystemHost
{
    /// <summary>Gives a page of unknown content, or null.</summary>
    internal delegate*<byte*> TakePage;

    /// <summary>Takes a page back.</summary>
    internal delegate*<byte*, void> ReturnPage;

    /// <summary>Pages that could be had.</summary>
    internal delegate*<ulong> AvailablePages;

    /// <summary>Nanoseconds since 1970.</summary>
    internal delegate*<ulong> Now;

    /// <summary>Makes the entries of a directory that is <see cref="InodeFlags.Unpopulated"/>; 0 or a negative errno.</summary>
    internal delegate*<Inode*, long> Populate;

    /// <summary>What a link that is <see cref="InodeFlags.Descriptor"/> leads to; null if it can only be told, not opened (ENXIO).</summary>
    internal delegate*<Inode*, Inode*> Follow;

    /// <summary>Takes the pages from a number to before another, which are about to go, out of all mappings of a file.</summary>
    internal delegate*<Inode*, ulong, ulong, void> Unmap;

    /// <summary>A <see cref="Watcher"/> has something to read.</summary>
    internal delegate*<void> EventAdded;
}

/// <summary>Starts zeroed and must not move. Not thread-safe. Results are 0 or more, or a negative <see cref="Errno"/>.</summary>
internal unsafe partial struct FileSystem
{
    private const int ScratchSize = 2 * Names.LongestPath;

    internal FileHeap Heap;
    private FileSystemHost host;
    private ulong lastNumber;
    // Watches that there are: none is the usual case, in which nothing is looked up.
    private uint watchCount;
    // Pairs the two events of a move.
    private uint lastCookie;
    // The path that is being resolved, and the one that takes its place at a symbolic link.
    private fixed byte scratch[ScratchSize];

    /// <summary>The directory "/".</summary>
    internal Inode* Root;

    /// <summary>Inodes that there are.</summary>
    internal ulong InodeCount;

    /// <param name="services">See there.</param>
    /// <param name="limit">Pages that may be taken.</param>
    internal long Initialize(in FileSystemHost services, ulong limit)
    {
        host = services;
        Heap.Initialize(services.TakePage, services.ReturnPage, limit);
        Root = NewDirectory(null, 0x1ED);
        if (Root == null)
            return -Errno.NoSpace;
        Root->Links = 2;
        return 0;
    }

    /// <summary>Pages that files can still take.</summary>
    internal readonly ulong FreePages
    {
        get
        {
            ulong allowed = Heap.Limit > Heap.Used ? Heap.Limit - Heap.Used : 0, available = host.AvailablePages();
            return allowed < available ? allowed : available;
        }
    }

    internal readonly ulong Now => host.Now();

    /// <summary>An inode without a name, with one reference; null when there is no memory.</summary>
    internal Inode* NewInode(uint mode)
    {
        Inode* inode = (Inode*)Heap.Take(sizeof(Inode));
        if (inode == null)
            return null;
        *inode = default;
        inode->Number = ++lastNumber;
        inode->Mode = mode;
        inode->References = 1;
        inode->Accessed = inode->Modified = inode->Changed = inode->Created = host.Now();
        InodeCount++;
        return inode;
    }

    /// <summary>Gives one reference back; the last one, without a name, ends the inode.</summary>
    internal void Release(Inode* inode)
    {
        KernelAssert.That(inode->References > 0, "file system: inode released twice");
        inode->References--;
        EndIfUnused(inode);
    }

    private Inode* NewDirectory(Inode* parent, uint permissions)
    {
        Inode* inode = NewInode(FileType.Directory | permissions);
        if (inode == null)
            return null;
        Directory* directory = (Directory*)Heap.Take(sizeof(Directory));
        if (directory == null)
        {
            Release(inode);
            return null;
        }
        *directory = default;
        directory->NextCookie = 2;
        directory->Parent = parent == null ? inode : parent;
        inode->Bytes = (byte*)directory;
        if (parent != null)
            parent->References++;
        return inode;
    }

    private void EndIfUnused(Inode* inode)
    {
        // A directory's end may be its parent's.
        while (inode->References == 0 && inode->Links == 0)
        {
            EndWatches(inode);
            Inode* parent = null;
            if (inode->IsDirectory && inode->Directory != null)
            {
                parent = inode->Directory->Parent;
                inode->Directory->Names.Clear(HeapOfThis());
                Heap.Return(inode->Directory);
            }
            else if (inode->IsRegular)
                DropContent(inode);
            else if (inode->IsLink && inode->Bytes != null && !inode->IsPacked)
                ReturnText(inode->Bytes, (int)inode->Size);
            InodeCount--;
            bool isRoot = parent == inode;
            Heap.Return(inode);
            if (parent == null || isRoot)
                return;
            parent->References--;
            inode = parent;
        }
    }

    // Nothing moves (see the type's contract), so the pointer outlives the statement.
    private FileHeap* HeapOfThis()
    {
        fixed (FileHeap* heap = &Heap)
            return heap;
    }

    private static void Copy(byte* to, byte* from, ulong length) => Asm.Move(to, from, (nuint)length);
}
