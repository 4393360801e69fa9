// Making, moving and removing names.
using System;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Files;

internal unsafe partial struct FileSystem
{
    internal const uint RenameNoReplace = 1, RenameExchange = 2;

    /// <summary>
    /// Makes a file, a directory, a link or a device of a name that does not exist yet. The inode, with a reference less than it came with.
    /// </summary>
    /// <param name="directory">Where; must not be read-only.</param>
    /// <param name="name">A name, neither "." nor "..".</param>
    /// <param name="mode">Type and permissions.</param>
    /// <param name="error">ENOENT if the directory has been removed, ENOSPC.</param>
    internal Inode* Create(Inode* directory, ReadOnlySpan<byte> name, uint mode, out long error)
    {
        error = CheckParent(directory);
        if (error != 0)
            return null;
        bool isDirectory = (mode & FileType.Mask) == FileType.Directory;
        Inode* inode = isDirectory ? NewDirectory(directory, mode & FileType.Permissions) : NewInode(mode);
        if (inode == null || !AddEntry(directory, name, inode))
        {
            if (inode != null)
                Release(inode);
            error = -Errno.NoSpace;
            return null;
        }
        inode->Links = isDirectory ? 2u : 1;
        inode->References--;
        Touch(directory);
        RaiseName(directory, name, inode, WatchMask.Create);
        return inode;
    }

    /// <summary>
    /// As <see cref="Create"/>, for what a directory has from the start: a name that is there already, from an attempt that ran out of memory, is
    /// taken as it is.
    /// </summary>
    internal Inode* CreateOnce(Inode* directory, ReadOnlySpan<byte> name, uint mode, out long error)
    {
        error = 0;
        Dentry* entry = directory->Directory->Names.Find(directory->Directory->First, NameTable.Hash(name), name);
        return entry != null ? entry->Target : Create(directory, name, mode, out error);
    }

    /// <summary>symlink(2).</summary>
    internal long CreateLink(PathResult* at, ReadOnlySpan<byte> text)
    {
        long error = CheckNew(at);
        if (error != 0)
            return error;
        if (at->EndsWithSlash || text.Length == 0)
            return -Errno.NoEntry;
        return CreateSystemLink(at, text);
    }

    /// <summary>As <see cref="CreateLink"/>, of a name that is known not to exist, in a read-only directory too.</summary>
    internal long CreateSystemLink(PathResult* at, ReadOnlySpan<byte> text)
    {
        byte* copy = TakeText(text);
        if (copy == null)
            return -Errno.NoSpace;
        Inode* inode = Create(at->Parent, at->Name, FileType.Link | 0x1FF, out long error);
        if (inode == null)
        {
            ReturnText(copy, text.Length);
            return error;
        }
        inode->Bytes = copy;
        inode->Size = (ulong)text.Length;
        return 0;
    }

    /// <summary>link(2).</summary>
    internal long Link(Inode* inode, PathResult* at)
    {
        long error = CheckNew(at, inode);
        if (error != 0)
            return error;
        if (at->EndsWithSlash)
            return -Errno.NoEntry;
        if (inode->IsDirectory)
            return -Errno.NotPermitted;
        error = CheckParent(at->Parent);
        if (error != 0)
            return error;
        if (!AddEntry(at->Parent, at->Name, inode))
            return -Errno.NoSpace;
        inode->Links++;
        inode->Changed = host.Now();
        Touch(at->Parent);
        RaiseSelf(inode, WatchMask.Attributes);
        RaiseName(at->Parent, at->Name, inode, WatchMask.Create);
        return 0;
    }

    /// <summary>unlink(2).</summary>
    internal long Unlink(PathResult* at)
    {
        if (at->Last != LastComponent.Name)
            return -Errno.IsDirectory;
        if (at->Target == null)
            return -Errno.NoEntry;
        if (at->Parent->IsReadOnly)
            return -Errno.ReadOnly;
        if (at->Target->IsDirectory)
            return -Errno.IsDirectory;
        if (at->EndsWithSlash)
            return -Errno.NotDirectory;
        if (at->Target->IsReadOnly)
            return -Errno.Busy;
        RemoveName(at->Parent, at->Entry);
        return 0;
    }

    /// <summary>rmdir(2).</summary>
    internal long RemoveDirectory(PathResult* at)
    {
        if (at->Last != LastComponent.Name)
            return at->Last == LastComponent.Parent ? -Errno.NotEmpty : at->Last == LastComponent.Root ? -Errno.Busy : -Errno.Invalid;
        if (at->Target == null)
            return -Errno.NoEntry;
        if (at->Parent->IsReadOnly)
            return -Errno.ReadOnly;
        if (!at->Target->IsDirectory)
            return -Errno.NotDirectory;
        if (at->Target->IsReadOnly)
            return -Errno.Busy;
        long error = EnsurePopulated(at->Target);
        if (error != 0)
            return error;
        if (at->Target->Directory->Count != 0)
            return -Errno.NotEmpty;
        RemoveName(at->Parent, at->Entry);
        return 0;
    }

    /// <summary>renameat2(2). The two paths were resolved as names.</summary>
    internal long Rename(PathResult* from, PathResult* to, uint flags)
    {
        if (from->Last != LastComponent.Name || to->Last != LastComponent.Name)
            return from->Last == LastComponent.Name && (flags & RenameNoReplace) != 0 ? -Errno.Exists : -Errno.Busy;
        if (from->Parent->IsReadOnly != to->Parent->IsReadOnly)
            return -Errno.OtherDevice;
        if (from->Target == null)
            return -Errno.NoEntry;
        if (from->Parent->IsReadOnly)
            return -Errno.ReadOnly;
        bool isExchange = (flags & RenameExchange) != 0;
        if (isExchange && to->Target == null)
            return -Errno.NoEntry;
        if ((flags & RenameNoReplace) != 0 && to->Target != null)
            return -Errno.Exists;
        Inode* moved = from->Target, replaced = to->Target;
        if (!moved->IsDirectory && (from->EndsWithSlash || to->EndsWithSlash && !isExchange) || isExchange && to->EndsWithSlash && !replaced->IsDirectory)
            return -Errno.NotDirectory;
        if (moved->IsDirectory && IsBelow(to->Parent, moved))
            return -Errno.Invalid;
        if (replaced != null && replaced->IsDirectory && IsBelow(from->Parent, replaced))
            return isExchange ? -Errno.Invalid : -Errno.NotEmpty;
        if (moved == replaced)
            return 0;
        if (moved->IsReadOnly || replaced != null && replaced->IsReadOnly)
            return -Errno.Busy;
        if (isExchange)
            return Exchange(from, to);
        if (replaced != null)
        {
            if (moved->IsDirectory && !replaced->IsDirectory)
                return -Errno.NotDirectory;
            if (!moved->IsDirectory && replaced->IsDirectory)
                return -Errno.IsDirectory;
            if (replaced->IsDirectory)
            {
                long error = EnsurePopulated(replaced);
                if (error != 0)
                    return error;
                if (replaced->Directory->Count != 0)
                    return -Errno.NotEmpty;
            }
        }
        else
        {
            long error = CheckParent(to->Parent);
            if (error != 0)
                return error;
        }

        // The new name first: that is what may find no memory.
        if (replaced != null)
            to->Entry->Target = moved;
        else if (!AddEntry(to->Parent, to->Name, moved))
            return -Errno.NoSpace;
        Dentry* entry = replaced != null ? to->Entry : to->Parent->Directory->Last;
        if (replaced != null && replaced->Name == entry)
            replaced->Name = null;
        uint cookie = ++lastCookie;
        RaiseName(from->Parent, Dentry.NameOf(from->Entry), moved, WatchMask.MovedFrom, cookie);
        RaiseName(to->Parent, Dentry.NameOf(entry), moved, WatchMask.MovedTo, cookie);
        RemoveEntry(from->Parent, from->Entry);
        moved->Name = entry;
        if (moved->IsDirectory)
        {
            SetParent(moved, to->Parent);
            from->Parent->Links--;
            if (replaced == null)
                to->Parent->Links++;
        }
        moved->Changed = host.Now();
        Touch(from->Parent);
        Touch(to->Parent);
        if (replaced != null)
            RaiseSelf(replaced, replaced->IsDirectory ? WatchMask.Attributes | WatchMask.IsDirectory : WatchMask.Attributes);
        RaiseSelf(moved, WatchMask.MoveSelf);
        if (replaced != null)
            DropName(replaced);
        return 0;
    }

    private long Exchange(PathResult* from, PathResult* to)
    {
        Inode* first = from->Target, second = to->Target;
        from->Entry->Target = second;
        to->Entry->Target = first;
        Moved(first, to->Entry, from->Parent, to->Parent);
        Moved(second, from->Entry, to->Parent, from->Parent);
        Touch(from->Parent);
        Touch(to->Parent);
        RaiseMove(from->Parent, from->Entry, to->Parent, to->Entry, first);
        RaiseMove(to->Parent, to->Entry, from->Parent, from->Entry, second);
        return 0;
    }

    private void RaiseMove(Inode* from, Dentry* old, Inode* to, Dentry* entry, Inode* moved)
    {
        uint cookie = ++lastCookie;
        RaiseName(from, Dentry.NameOf(old), moved, WatchMask.MovedFrom, cookie);
        RaiseName(to, Dentry.NameOf(entry), moved, WatchMask.MovedTo, cookie);
        RaiseSelf(moved, WatchMask.MoveSelf);
    }

    private void Moved(Inode* inode, Dentry* entry, Inode* from, Inode* to)
    {
        inode->Changed = host.Now();
        inode->Name = entry;
        if (!inode->IsDirectory)
            return;
        from->Links--;
        to->Links++;
        SetParent(inode, to);
    }

    /// <summary>0 if a name can be made where a path leads; EEXIST, EROFS.</summary>
    internal static long CheckNew(PathResult* at, Inode* same = null)
    {
        if (at->Last != LastComponent.Name || at->Target != null)
            return -Errno.Exists;
        if (same != null && same->IsReadOnly != at->Parent->IsReadOnly)
            return -Errno.OtherDevice;
        return at->Parent->IsReadOnly ? -Errno.ReadOnly : 0;
    }

    private static long CheckParent(Inode* directory) => directory->Links == 0 && directory->Directory->Parent != directory ? -Errno.NoEntry : 0;

    /// <summary>Adds a name to a directory, whatever its flags: the inode's links are the caller's affair.</summary>
    private bool AddEntry(Inode* parent, ReadOnlySpan<byte> name, Inode* target)
    {
        Dentry* entry = (Dentry*)Heap.Take(sizeof(Dentry) + name.Length);
        if (entry == null)
            return false;
        Directory* directory = parent->Directory;
        entry->Target = target;
        entry->Directory = parent;
        entry->Hash = NameTable.Hash(name);
        entry->NameLength = (byte)name.Length;
        entry->Cookie = directory->NextCookie++;
        entry->NextInBucket = null;
        byte* text = (byte*)(entry + 1);
        for (int i = 0; i < name.Length; i++)
            text[i] = name[i];
        entry->Next = null;
        entry->Previous = directory->Last;
        if (directory->Last == null)
            directory->First = entry;
        else
            directory->Last->Next = entry;
        directory->Last = entry;
        directory->Count++;
        directory->Names.Add(HeapOfThis(), directory->First, entry, directory->Count);
        if (target->IsDirectory && target->Name == null)
            parent->Links++;
        target->Name = entry;
        return true;
    }

    private void RemoveEntry(Inode* parent, Dentry* entry)
    {
        Directory* directory = parent->Directory;
        if (entry->Target->Name == entry)
            entry->Target->Name = null;
        for (DirectoryCursor* cursor = directory->Cursors; cursor != null; cursor = cursor->Next)
            if (cursor->At == entry)
                cursor->At = entry->Next;
        if (entry->Previous == null)
            directory->First = entry->Next;
        else
            entry->Previous->Next = entry->Next;
        if (entry->Next == null)
            directory->Last = entry->Previous;
        else
            entry->Next->Previous = entry->Previous;
        directory->Count--;
        directory->Names.Remove(HeapOfThis(), entry, directory->Count);
        Heap.Return(entry);
    }

    private void RemoveName(Inode* parent, Dentry* entry)
    {
        Inode* inode = entry->Target;
        if (!inode->IsDirectory)
            RaiseSelf(inode, WatchMask.Attributes);
        // As Linux: who watches what goes is told first, unless it is still in use.
        if (inode->References == 0 && inode->Links == (inode->IsDirectory ? 2 : 1))
            EndWatches(inode);
        RaiseName(parent, Dentry.NameOf(entry), inode, WatchMask.Delete);
        RemoveEntry(parent, entry);
        if (inode->IsDirectory)
            parent->Links--;
        Touch(parent);
        DropName(inode);
    }

    /// <summary>Removes a name of the system's own, and of a directory the files in it, whatever its flags.</summary>
    internal void RemoveSystemName(Inode* parent, Dentry* entry)
    {
        if (entry->Target->IsDirectory)
            for (Directory* directory = entry->Target->Directory; directory->First != null;)
                RemoveName(entry->Target, directory->First);
        RemoveName(parent, entry);
    }

    /// <summary>An inode has lost a name, which was a directory's only one.</summary>
    private void DropName(Inode* inode)
    {
        inode->Changed = host.Now();
        inode->Links -= inode->IsDirectory ? 2u : 1;
        EndIfUnused(inode);
    }

    private void SetParent(Inode* directory, Inode* parent)
    {
        Inode* old = directory->Directory->Parent;
        if (old == parent)
            return;
        parent->References++;
        directory->Directory->Parent = parent;
        Release(old);
    }

    /// <summary>True if a directory is another, or lies below it.</summary>
    private readonly bool IsBelow(Inode* directory, Inode* other)
    {
        for (; ; directory = directory->Directory->Parent)
        {
            if (directory == other)
                return true;
            if (directory->Directory->Parent == directory)
                return false;
        }
    }

    private void Touch(Inode* directory) => directory->Modified = directory->Changed = host.Now();

    // A text that is longer than the largest block has a page of its own.
    private byte* TakeText(ReadOnlySpan<byte> text)
    {
        byte* copy = text.Length <= FileHeap.LargestBlock ? (byte*)Heap.Take(text.Length) : Heap.TakePage();
        for (int i = 0; copy != null && i < text.Length; i++)
            copy[i] = text[i];
        return copy;
    }

    private void ReturnText(byte* text, int length)
    {
        if (length <= FileHeap.LargestBlock)
            Heap.Return(text);
        else
            Heap.ReturnPage(text);
    }
}
