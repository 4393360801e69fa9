// Opening: what the flags of open(2) ask of a path, and the attributes that stat(2) and its kin read and change.
using System;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Files;

/// <summary>The flags of open(2) on x86-64.</summary>
internal static class OpenFlags
{
    internal const uint WriteOnly = 1, ReadWrite = 2, AccessMask = 3, Create = 0x40, Exclusive = 0x80, Truncate = 0x200, Append = 0x400;
    internal const uint NonBlocking = 0x800, Directory = 0x10000, NoFollow = 0x20000, CloseOnExec = 0x80000, Path = 0x200000, Unnamed = 0x400000;
}

internal unsafe partial struct FileSystem
{
    /// <summary>
    /// open(2), but for what a descriptor is: the inode, with a reference for the caller. O_TMPFILE makes one without a name, O_PATH opens
    /// nothing but finds it.
    /// </summary>
    /// <param name="start">The directory from which a relative path leads.</param>
    /// <param name="path">Without its NUL.</param>
    /// <param name="flags">Those of <see cref="OpenFlags"/>.</param>
    /// <param name="permissions">Of a file that is made.</param>
    /// <param name="error">0, or why there is none.</param>
    internal Inode* Open(Inode* start, ReadOnlySpan<byte> path, uint flags, uint permissions, out long error)
    {
        PathResult found;
        if ((flags & OpenFlags.Path) != 0)
            flags &= OpenFlags.Path | OpenFlags.Directory | OpenFlags.NoFollow;
        bool create = (flags & OpenFlags.Create) != 0, exclusive = create && (flags & OpenFlags.Exclusive) != 0;
        bool unnamed = (flags & OpenFlags.Unnamed) != 0;
        if (create && (flags & OpenFlags.Directory) != 0
            || unnamed && ((flags & OpenFlags.Directory) == 0 || create || (flags & OpenFlags.AccessMask) == 0))
        {
            error = -Errno.Invalid;
            return null;
        }
        error = Walk(start, path, (flags & OpenFlags.NoFollow) == 0 && !exclusive, isName: create, &found);
        if (create && found.EndsWithSlash)
            error = -Errno.IsDirectory;
        if (error != 0)
            return null;
        bool isNew = found.Target == null;
        if (isNew)
        {
            if (!create)
                error = -Errno.NoEntry;
            else if (found.Parent->IsReadOnly)
                error = -Errno.ReadOnly;
            else
                found.Target = Create(found.Parent, found.Name, FileType.Regular | permissions & FileType.Permissions, out error);
        }
        else if (exclusive)
            error = -Errno.Exists;
        if (error != 0)
            return null;

        Inode* inode = found.Target;
        if (unnamed)
            return OpenUnnamed(inode, permissions, out error);
        if (!isNew)
            error = CheckOpen(inode, flags);
        if (error == 0 && (flags & OpenFlags.Path) == 0)
            Raise(inode, WatchMask.Open);
        if (error == 0 && !isNew && (flags & OpenFlags.Truncate) != 0 && inode->IsRegular)
            error = Truncate(inode, 0);
        if (error != 0)
            return null;
        inode->References++;
        return inode;
    }

    private static long CheckOpen(Inode* inode, uint flags)
    {
        bool writes = (flags & OpenFlags.AccessMask) != 0;
        if (inode->IsLink && (flags & OpenFlags.Path) == 0)
            return (flags & OpenFlags.Directory) != 0 ? -Errno.NotDirectory : -Errno.TooManyLinks;
        if ((flags & OpenFlags.Directory) != 0 && !inode->IsDirectory)
            return -Errno.NotDirectory;
        if (inode->IsDirectory && (writes || (flags & (OpenFlags.Create | OpenFlags.Truncate)) != 0))
            return -Errno.IsDirectory;
        return inode->IsRegular && inode->IsReadOnly && (writes || (flags & OpenFlags.Truncate) != 0) ? -Errno.ReadOnly : 0;
    }

    private Inode* OpenUnnamed(Inode* directory, uint permissions, out long error)
    {
        error = !directory->IsDirectory ? -Errno.NotDirectory : directory->IsReadOnly ? -Errno.ReadOnly : 0;
        Inode* inode = error == 0 ? NewInode(FileType.Regular | permissions & FileType.Permissions) : null;
        if (error == 0 && inode == null)
            error = -Errno.NoSpace;
        return inode;
    }

    /// <summary>chmod(2).</summary>
    internal long SetPermissions(Inode* inode, uint permissions)
    {
        if (inode->IsReadOnly)
            return -Errno.ReadOnly;
        if (inode->IsLink)
            return -Errno.NotSupported;
        inode->Mode = inode->Type | permissions & FileType.Permissions;
        inode->Changed = host.Now();
        Raise(inode, WatchMask.Attributes);
        return 0;
    }

    /// <summary>chown(2): a number that is all ones leaves what there is.</summary>
    internal long SetOwner(Inode* inode, uint owner, uint group)
    {
        if (inode->IsReadOnly)
            return -Errno.ReadOnly;
        if (owner != uint.MaxValue)
            inode->Owner = owner;
        if (group != uint.MaxValue)
            inode->Group = group;
        inode->Changed = host.Now();
        Raise(inode, WatchMask.Attributes);
        return 0;
    }

    /// <summary>utimensat(2): a time that is <see cref="KeepTime"/> stays, one that is <see cref="CurrentTime"/> is now.</summary>
    internal long SetTimes(Inode* inode, ulong accessed, ulong modified)
    {
        if (inode->IsReadOnly)
            return -Errno.ReadOnly;
        ulong now = host.Now();
        if (accessed != KeepTime)
            inode->Accessed = accessed == CurrentTime ? now : accessed;
        if (modified != KeepTime)
            inode->Modified = modified == CurrentTime ? now : modified;
        inode->Changed = now;
        if (accessed != KeepTime || modified != KeepTime)
            Raise(inode, modified == KeepTime ? WatchMask.Access : accessed == KeepTime ? WatchMask.Modify : WatchMask.Attributes);
        return 0;
    }

    internal const ulong KeepTime = ulong.MaxValue, CurrentTime = ulong.MaxValue - 1;
}
