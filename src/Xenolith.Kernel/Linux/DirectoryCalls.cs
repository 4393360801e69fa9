// Directories and names: mkdir(2), rmdir(2), unlink(2), rename(2), link(2), symlink(2), readlink(2) and their *at forms, getdents64(2),
// getcwd(2), chdir(2), fchdir(2).
//
// Kept: renames that replace, RENAME_NOREPLACE and RENAME_EXCHANGE, hard links, symbolic links of up to 4095 bytes, enumeration while
// entries come and go. Refused: links between what is read-only and what is not, with EXDEV, as between file systems.
using System;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Linux;

internal static unsafe class DirectoryCalls
{
    private const int EntryHeader = 19;
    // Longer paths can be used, but not asked for: the kernel's stack is small.
    private const int LongestFoundPath = 1024;

    /// <summary>mkdirat(2) and mkdir(2).</summary>
    /// <kept>Permissions less the umask.</kept>
    /// <refused>Directories in what is read-only.</refused>
    /// <errors>path, EEXIST, ENOSPC, EROFS</errors>
    internal static long MakeDirectory(ulong directory, ulong path, ulong mode)
    {
        PathResult at;
        long error = PathArguments.ResolveName(directory, path, &at);
        if (error == 0)
            error = FileSystem.CheckNew(&at);
        if (error == 0)
            _ = FileTree.System->Create(at.Parent, at.Name, FileType.Directory | (uint)mode & 0x3FF & ~FileTree.Umask, out error);
        return error;
    }

    /// <summary>unlinkat(2), and with AT_REMOVEDIR rmdir(2).</summary>
    /// <kept>A file lives on while it is open or mapped.</kept>
    /// <refused>What is read-only.</refused>
    /// <errors>path, EBUSY, EINVAL, EISDIR, ENOTEMPTY, EROFS</errors>
    internal static long Remove(ulong directory, ulong path, ulong flags)
    {
        if ((flags & ~PathArguments.RemoveDirectory) != 0)
            return -Errno.Invalid;
        PathResult at;
        long error = PathArguments.ResolveName(directory, path, &at);
        if (error != 0)
            return error;
        return flags != 0 ? FileTree.System->RemoveDirectory(&at) : FileTree.System->Unlink(&at);
    }

    /// <summary>renameat2(2), renameat(2) and rename(2).</summary>
    /// <kept>Replacing, RENAME_NOREPLACE, RENAME_EXCHANGE.</kept>
    /// <refused>RENAME_WHITEOUT. Between what is read-only and what is not, as between file systems.</refused>
    /// <errors>path, EBUSY, EEXIST, EINVAL, EISDIR, ENOSPC, ENOTEMPTY, EROFS, EXDEV</errors>
    internal static long Rename(ulong fromDirectory, ulong from, ulong toDirectory, ulong to, ulong flags)
    {
        if (flags > FileSystem.RenameExchange) // both at once, or one that is not offered
            return -Errno.Invalid;
        PathResult source, target;
        long error = PathArguments.ResolveName(fromDirectory, from, &source);
        if (error == 0)
            error = PathArguments.ResolveName(toDirectory, to, &target);
        return error != 0 ? error : FileTree.System->Rename(&source, &target, (uint)flags);
    }

    /// <summary>linkat(2) and link(2).</summary>
    /// <kept>AT_SYMLINK_FOLLOW, AT_EMPTY_PATH.</kept>
    /// <refused>As rename.</refused>
    /// <errors>path, EEXIST, EINVAL, ENOSPC, EPERM, EROFS, EXDEV</errors>
    internal static long Link(ulong fromDirectory, ulong from, ulong toDirectory, ulong to, ulong flags)
    {
        if ((flags & ~(PathArguments.SymlinkFollow | PathArguments.EmptyPath)) != 0)
            return -Errno.Invalid;
        PathResult target;
        ulong find = (flags & PathArguments.EmptyPath) | ((flags & PathArguments.SymlinkFollow) == 0 ? PathArguments.SymlinkNoFollow : 0);
        long error = PathArguments.Find(fromDirectory, from, find, out Inode* inode);
        if (error == 0)
            error = PathArguments.ResolveName(toDirectory, to, &target);
        if (error != 0)
            return error;
        // A file without a name can get one, unless it has lost it.
        return FileTree.System->Link(inode, &target);
    }

    /// <summary>symlinkat(2) and symlink(2).</summary>
    /// <kept>Texts of up to 4095 bytes.</kept>
    /// <refused>Links in what is read-only.</refused>
    /// <errors>path, EEXIST, ENOSPC, EROFS</errors>
    internal static long MakeLink(ulong text, ulong directory, ulong path)
    {
        long error = PathArguments.Read(text, out ReadOnlySpan<byte> target);
        if (error == 0 && target.Length == 0)
            error = -Errno.NoEntry;
        PathResult at;
        if (error == 0)
            error = PathArguments.ResolveName(directory, path, &at);
        return error != 0 ? error : FileTree.System->CreateLink(&at, target);
    }

    /// <summary>readlinkat(2) and readlink(2).</summary>
    /// <kept>A text that is longer than the buffer is cut off. A link in /proc/self/fd says where the open file is now.</kept>
    /// <refused>The former names of files that have none any more: /# and a number. Paths of open files of more than 1024 bytes.</refused>
    /// <errors>path, EINVAL</errors>
    internal static long ReadLink(ulong directory, ulong path, ulong buffer, ulong size)
    {
        if ((long)size <= 0)
            return -Errno.Invalid;
        long error = PathArguments.Find(directory, path, PathArguments.SymlinkNoFollow, out Inode* inode);
        if (error != 0)
            return error;
        if (!inode->IsLink)
            return -Errno.Invalid;
        if ((inode->Flags & InodeFlags.Descriptor) == 0)
            return CopyText(inode->Text, buffer, size);
        Span<byte> text = stackalloc byte[LongestFoundPath];
        long length = DescriptorDirectory.Read(inode, text);
        return length < 0 ? length : CopyText(text.Slice(0, (int)length), buffer, size);
    }

    /// <summary>getdents64(2).</summary>
    /// <kept>Entries may come and go meanwhile: each that stays is told once.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, EFAULT, EINVAL, ENOENT, ENOTDIR</errors>
    internal static long Enumerate(ulong descriptor, ulong buffer, ulong size)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null || file->Kind == FileKind.Path)
            return -Errno.BadFile;
        if (file->Kind != FileKind.Directory)
            return -Errno.NotDirectory;
        if (size > int.MaxValue)
            size = int.MaxValue;
        if (file->Inode->Links == 0)
            return -Errno.NoEntry;
        FileTree.System->Raise(file->Inode, WatchMask.Access);
        ulong used = 0;
        DirectoryItem item = default;
        while (FileSystem.Peek(file->Inode, &file->Cursor, ref item))
        {
            ulong length = (ulong)(EntryHeader + item.Name.Length + 1 + 7) & ~7ul;
            if (used + length > size)
                return used == 0 ? -Errno.Invalid : (long)used;
            byte* entry = (byte*)buffer + used;
            if (!UserMemory.IsWritable((ulong)entry, length))
                return used == 0 ? -Errno.Fault : (long)used;
            Asm.Fill(entry, 0, (nuint)length);
            *(ulong*)entry = item.Target->Number;
            *(ulong*)(entry + 8) = item.Next;
            *(ushort*)(entry + 16) = (ushort)length;
            entry[18] = (byte)(item.Target->Type >> 12);
            item.Name.CopyTo(new Span<byte>(entry + EntryHeader, item.Name.Length));
            used += length;
            FileSystem.Advance(&file->Cursor);
        }
        file->Position = file->Cursor.Position;
        return (long)used;
    }

    /// <summary>getcwd(2).</summary>
    /// <kept>All.</kept>
    /// <refused>Paths of more than 1024 bytes.</refused>
    /// <errors>EFAULT, ENOENT, ENOMEM, ERANGE</errors>
    internal static long CurrentDirectory(ulong buffer, ulong size)
    {
        if (!FileTree.IsReady())
            return -Errno.NoMemory;
        byte* text = stackalloc byte[LongestFoundPath];
        long length = FileTree.System->PathOf(FileTree.WorkingDirectory, new Span<byte>(text, LongestFoundPath));
        if (length < 0)
            return length;
        if (size <= (ulong)length)
            return -Errno.Range;
        if (!UserMemory.IsWritable(buffer, (ulong)length + 1))
            return -Errno.Fault;
        Asm.Move((void*)buffer, text, (nuint)length);
        ((byte*)buffer)[length] = 0;
        return length + 1;
    }

    /// <summary>chdir(2).</summary>
    /// <kept>All.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>path</errors>
    internal static long ChangeDirectory(ulong path)
    {
        long error = PathArguments.Find(PathArguments.WorkingDirectory, path, 0, out Inode* inode);
        return error != 0 ? error : ChangeDirectory(inode);
    }

    /// <summary>fchdir(2).</summary>
    /// <kept>All.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, ENOTDIR</errors>
    internal static long ChangeToOpenDirectory(ulong descriptor)
    {
        OpenFile* file = FileTable.Get(descriptor);
        return file == null ? -Errno.BadFile : file->Inode == null ? -Errno.NotDirectory : ChangeDirectory(file->Inode);
    }

    private static long CopyText(ReadOnlySpan<byte> text, ulong buffer, ulong size)
    {
        int count = size < (ulong)text.Length ? (int)size : text.Length;
        if (!UserMemory.IsWritable(buffer, (ulong)count))
            return -Errno.Fault;
        text.Slice(0, count).CopyTo(new Span<byte>((void*)buffer, count));
        return count;
    }

    private static long ChangeDirectory(Inode* inode)
    {
        if (!inode->IsDirectory)
            return -Errno.NotDirectory;
        FileTree.SetWorkingDirectory(inode);
        return 0;
    }
}
