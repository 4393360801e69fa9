// Opening and closing: open(2), openat(2), creat(2), close(2), memfd_create(2).
//
// Kept: all flags that change what is opened or made (O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_TMPFILE, O_PATH,
// O_NONBLOCK, O_CLOEXEC). Of no meaning here: O_SYNC, O_DSYNC, O_DIRECT, O_NOATIME, O_NOCTTY. There is one user, root, so permissions are
// stored and do not refuse anything. Refused: sealing of memfd_create, with EINVAL.
using System;
using Xenolith.Kernel.Files;

namespace Xenolith.Kernel.Linux;

internal static unsafe class OpenCalls
{
    private const ulong CreateFlags = OpenFlags.Create | OpenFlags.WriteOnly | OpenFlags.Truncate;
    private const ulong MemoryCloseOnExec = 1, MemoryNoExecute = 8;

    /// <summary>open(2).</summary>
    /// <kept>
    /// O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_TMPFILE, O_PATH, O_NONBLOCK, O_CLOEXEC. O_SYNC, O_DSYNC, O_DIRECT, O_NOATIME
    /// and O_NOCTTY mean nothing here.
    /// </kept>
    /// <refused>Devices and named pipes other than those in /dev; pipes by their names in /proc/self/fd.</refused>
    /// <errors>path, EEXIST, EINVAL, EISDIR, EMFILE, ENOSPC, ENXIO, EROFS</errors>
    internal static long Open(ulong path, ulong flags, ulong mode) => OpenAt(PathArguments.WorkingDirectory, path, flags, mode);

    /// <summary>creat(2).</summary>
    /// <kept>As open.</kept>
    /// <refused>As open.</refused>
    /// <errors>as open</errors>
    internal static long Create(ulong path, ulong mode) => OpenAt(PathArguments.WorkingDirectory, path, CreateFlags, mode);

    /// <summary>openat(2).</summary>
    /// <kept>As open.</kept>
    /// <refused>As open.</refused>
    /// <errors>as open</errors>
    internal static long OpenAt(ulong directory, ulong path, ulong flags, ulong mode)
    {
        long error = PathArguments.Read(path, out ReadOnlySpan<byte> text);
        if (error == 0)
            error = PathArguments.Start(directory, text, out Inode* start) is var code && code != 0 ? code : Open(start, text, (uint)flags, (uint)mode);
        return error;
    }

    /// <summary>close(2).</summary>
    /// <kept>All.</kept>
    /// <refused>Nothing. Locks go with the last descriptor of an open file.</refused>
    /// <errors>EBADF</errors>
    internal static long Close(ulong descriptor) => FileTable.Close(descriptor) ? 0 : -Errno.BadFile;

    /// <summary>memfd_create(2): a file without a name; it lives as long as descriptors and mappings of it do.</summary>
    /// <kept>MFD_CLOEXEC, MFD_NOEXEC_SEAL.</kept>
    /// <refused>MFD_ALLOW_SEALING, MFD_HUGETLB.</refused>
    /// <errors>EFAULT, EINVAL, EMFILE, ENOMEM</errors>
    internal static long CreateInMemory(ulong name, ulong flags)
    {
        if ((flags & ~(MemoryCloseOnExec | MemoryNoExecute)) != 0)
            return -Errno.Invalid;
        long error = PathArguments.Read(name, out ReadOnlySpan<byte> text);
        if (error != 0)
            return error == -Errno.NameTooLong ? -Errno.Invalid : error;
        if (text.Length > 249) // as Linux, which puts "memfd:" before it
            return -Errno.Invalid;
        Inode* inode = FileTree.System->NewInode(FileType.Regular | 0x1FF);
        return inode == null ? -Errno.NoMemory : Add(inode, FileKind.Regular, OpenFlags.ReadWrite, (flags & MemoryCloseOnExec) != 0);
    }

    private static long Open(Inode* start, ReadOnlySpan<byte> path, uint flags, uint mode)
    {
        Inode* inode = FileTree.System->Open(start, path, flags, mode & ~FileTree.Umask, out long error);
        if (inode == null)
            return error;
        FileKind kind = FileKind.Path;
        if ((flags & OpenFlags.Path) == 0 && !TryKind(inode, out kind))
            error = -Errno.NoDevice;
        else if (kind == FileKind.Regular && (inode->Flags & InodeFlags.Generated) != 0)
        {
            Inode* generated = GeneratedFiles.Open(inode->Tag, out error);
            FileTree.System->Release(inode);
            inode = generated;
        }
        if (error == 0)
            return Add(inode, kind, flags, (flags & OpenFlags.CloseOnExec) != 0);
        if (inode != null)
            FileTree.System->Release(inode);
        return error;
    }

    /// <summary>Gives an inode, with the reference that is passed, a descriptor.</summary>
    private static long Add(Inode* inode, FileKind kind, uint flags, bool closeOnExec)
    {
        OpenFile* file = OpenFile.Create(kind, flags);
        if (file == null)
        {
            FileTree.System->Release(inode);
            return -Errno.NoMemory;
        }
        file->Inode = inode;
        if (kind == FileKind.Directory)
        {
            long error = FileTree.System->OpenCursor(inode, &file->Cursor);
            if (error != 0)
            {
                OpenFile.Release(file);
                return error;
            }
        }
        long descriptor = FileTable.Add(file, 0, closeOnExec);
        // An enumeration of descriptors begins with its own.
        if (descriptor >= 0 && kind == FileKind.Directory && (inode->Flags & InodeFlags.Unpopulated) != 0)
            _ = FileTree.System->Seek(inode, &file->Cursor, 0);
        return descriptor;
    }

    private static bool TryKind(Inode* inode, out FileKind kind)
    {
        kind = inode->IsDirectory ? FileKind.Directory : FileKind.Regular;
        if (inode->Type != FileType.CharacterDevice)
            return inode->IsDirectory || inode->IsRegular;
        switch (inode->Tag)
        {
            case SystemTree.NullDevice: kind = FileKind.Null; return true;
            case SystemTree.ZeroDevice: kind = FileKind.Zero; return true;
            case SystemTree.FullDevice: kind = FileKind.Full; return true;
            case SystemTree.RandomDevice or SystemTree.UnlimitedRandomDevice: kind = FileKind.Random; return true;
            case SystemTree.TerminalDevice or SystemTree.ConsoleDevice: kind = FileKind.Console; return true;
            default: return false;
        }
    }
}
