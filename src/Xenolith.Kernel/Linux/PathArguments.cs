// Paths as system calls take them: a string of the program's, from a directory that a descriptor names.
using System;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Linux;

internal static unsafe class PathArguments
{
    /// <summary>For calls that have no descriptor of a directory: the working directory (AT_FDCWD).</summary>
    internal const ulong WorkingDirectory = unchecked((ulong)-100);

    internal const ulong SymlinkNoFollow = 0x100, RemoveDirectory = 0x200, SymlinkFollow = 0x400, EmptyPath = 0x1000;

    // The kernel looks at the lower half, as Linux does.
    internal static bool IsWorkingDirectory(ulong descriptor) => (uint)descriptor == unchecked((uint)WorkingDirectory);

    /// <summary>Resolves a path. 0 also if only the last component is missing; a negative errno.</summary>
    internal static long Resolve(ulong directory, ulong path, bool followLast, PathResult* result)
    {
        long error = Read(path, out ReadOnlySpan<byte> text);
        if (error == 0)
            error = Start(directory, text, out Inode* start) is var code && code != 0 ? code : FileTree.System->Resolve(start, text, followLast, result);
        return error;
    }

    /// <summary>Resolves the path of a name that is to be made, moved or removed.</summary>
    internal static long ResolveName(ulong directory, ulong path, PathResult* result)
    {
        long error = Read(path, out ReadOnlySpan<byte> text);
        if (error == 0)
            error = Start(directory, text, out Inode* start) is var code && code != 0 ? code : FileTree.System->ResolveName(start, text, result);
        return error;
    }

    /// <summary>What a path leads to, which exists. With AT_EMPTY_PATH, an empty path is the descriptor's own file.</summary>
    internal static long Find(ulong directory, ulong path, ulong flags, out Inode* inode)
    {
        inode = null;
        if ((flags & EmptyPath) != 0 && UserMemory.StringLength(path, 1) == 0)
            return FindOpen(directory, out inode);
        PathResult found;
        long error = Resolve(directory, path, (flags & SymlinkNoFollow) == 0, &found);
        inode = found.Target;
        return error != 0 ? error : inode == null ? -Errno.NoEntry : 0;
    }

    /// <summary>The inode of a descriptor. EBADF; EINVAL for what has none: pipes and the console.</summary>
    internal static long FindOpen(ulong descriptor, out Inode* inode)
    {
        inode = null;
        if (IsWorkingDirectory(descriptor) && FileTree.IsReady())
        {
            inode = FileTree.WorkingDirectory;
            return 0;
        }
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null)
            return -Errno.BadFile;
        inode = file->Inode;
        return inode == null ? -Errno.Invalid : 0;
    }

    /// <summary>The text of a path, which stays the program's: EFAULT, ENAMETOOLONG.</summary>
    internal static long Read(ulong path, out ReadOnlySpan<byte> text)
    {
        text = default;
        int length = UserMemory.StringLength(path, Names.LongestPath - 1);
        if (length < 0)
            return length == UserMemory.TooLong ? -Errno.NameTooLong : -Errno.Fault;
        text = UserMemory.Bytes(path, length);
        return FileTree.IsReady() ? 0 : -Errno.NoMemory;
    }

    /// <summary>The directory from which a path leads. EBADF, ENOTDIR.</summary>
    internal static long Start(ulong directory, ReadOnlySpan<byte> path, out Inode* start)
    {
        start = FileTree.WorkingDirectory;
        if (IsWorkingDirectory(directory) || path.Length != 0 && path[0] == '/')
            return 0;
        OpenFile* file = FileTable.Get(directory & uint.MaxValue);
        if (file == null)
            return -Errno.BadFile;
        start = file->Inode;
        return start != null && start->IsDirectory ? 0 : -Errno.NotDirectory;
    }
}
