// The extent of files: truncate(2), ftruncate(2), fallocate(2), and what would bring content to a disk: fsync(2), fdatasync(2), sync(2),
// syncfs(2), msync(2), posix_fadvise(2), readahead(2).
//
// Kept: holes, preallocation, FALLOC_FL_KEEP_SIZE and PUNCH_HOLE. Files are in memory, so to synchronise does nothing. Refused:
// other modes of fallocate, with EOPNOTSUPP.
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Linux;

internal static unsafe class SpaceCalls
{
    private const ulong SyncAsync = 1, SyncInvalidate = 2, Sync = 4;

    /// <summary>truncate(2).</summary>
    /// <kept>Holes.</kept>
    /// <refused>What is read-only.</refused>
    /// <errors>path, EINVAL, EISDIR, ENOSPC, EROFS</errors>
    internal static long Truncate(ulong path, long size)
    {
        if (size < 0)
            return -Errno.Invalid;
        long error = PathArguments.Find(PathArguments.WorkingDirectory, path, 0, out Inode* inode);
        if (error != 0)
            return error;
        if (inode->IsDirectory)
            return -Errno.IsDirectory;
        if (!inode->IsRegular)
            return -Errno.Invalid;
        return inode->IsReadOnly ? -Errno.ReadOnly : FileTree.System->Truncate(inode, (ulong)size);
    }

    /// <summary>ftruncate(2).</summary>
    /// <kept>As truncate; mapped pages beyond the end go.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, EINVAL, ENOSPC</errors>
    internal static long TruncateOpen(ulong descriptor, long size)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null || file->Kind == FileKind.Path)
            return -Errno.BadFile;
        return size < 0 || file->Kind != FileKind.Regular || !file->CanWrite ? -Errno.Invalid : FileTree.System->Truncate(file->Inode, (ulong)size);
    }

    /// <summary>fallocate(2).</summary>
    /// <kept>Mode 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE.</kept>
    /// <refused>Other modes.</refused>
    /// <errors>EBADF, EFBIG, EINVAL, ENODEV, ENOSPC, EOPNOTSUPP, ESPIPE</errors>
    internal static long Allocate(ulong descriptor, ulong mode, ulong offset, ulong length)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null || !file->CanWrite)
            return -Errno.BadFile;
        return file->Kind == FileKind.Regular ? FileTree.System->Allocate(file->Inode, mode, offset, length)
            : file->Pipe != null ? -Errno.IllegalSeek : -Errno.FileSystemNoDevice;
    }

    /// <summary>fsync(2), fdatasync(2), syncfs(2).</summary>
    /// <kept>Their checks: files are in memory, so there is nothing to bring to a disk.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, EINVAL</errors>
    internal static long Synchronize(ulong descriptor)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null || file->Kind == FileKind.Path)
            return -Errno.BadFile;
        return file->Kind is FileKind.Regular or FileKind.Directory ? 0 : -Errno.Invalid;
    }

    /// <summary>sync(2).</summary>
    /// <kept>Does nothing, as above.</kept>
    /// <refused>Nothing.</refused>
    /// <errors></errors>
    internal static long SynchronizeAll() => 0;

    /// <summary>posix_fadvise(2), readahead(2).</summary>
    /// <kept>Their checks: advice means nothing for memory.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, EINVAL, ESPIPE</errors>
    internal static long Advise(ulong descriptor, ulong advice)
    {
        const ulong highest = 5;
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null || file->Kind == FileKind.Path)
            return -Errno.BadFile;
        return file->Pipe != null ? -Errno.IllegalSeek : advice > highest ? -Errno.Invalid : 0;
    }

    /// <summary>msync(2).</summary>
    /// <kept>Its checks: mapped pages are the file's own.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EINVAL, ENOMEM</errors>
    internal static long SynchronizeMapping(ulong address, ulong length, ulong flags)
    {
        ulong size = Layout.RoundUp(length);
        if ((address & Layout.PageMask) != 0 || (flags & ~(SyncAsync | SyncInvalidate | Sync)) != 0 || (flags & (SyncAsync | Sync)) == (SyncAsync | Sync))
            return -Errno.Invalid;
        return size == 0 && length == 0 || AddressSpace.IsMapped(address, size) ? 0 : -Errno.NoMemory;
    }
}
