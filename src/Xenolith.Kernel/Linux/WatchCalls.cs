// Watching files and directories: inotify_init(2), inotify_init1(2), inotify_add_watch(2), inotify_rm_watch(2), and read(2) of what they tell.
//
// Kept: every event and flag, coalescing, the queue's limit with IN_Q_OVERFLOW, IN_ONESHOT, IN_MASK_ADD, IN_MASK_CREATE. A file with several
// hard links is reported under the name that was made last. Refused: nothing; FIONREAD is ENOTTY, as all of ioctl(2).
using Xenolith.Kernel.Files;

namespace Xenolith.Kernel.Linux;

internal static unsafe class WatchCalls
{
    /// <summary>inotify_init1(2), inotify_init(2).</summary>
    /// <kept>IN_NONBLOCK, IN_CLOEXEC. An instance keeps 16384 events, then IN_Q_OVERFLOW; it can be waited for and read.</kept>
    /// <refused>FIONREAD, as all of ioctl.</refused>
    /// <errors>EINVAL, EMFILE, ENOMEM</errors>
    internal static long Create(ulong flags)
    {
        if ((flags & ~(ulong)(OpenFlags.NonBlocking | OpenFlags.CloseOnExec)) != 0)
            return -Errno.Invalid;
        if (!FileTree.IsReady())
            return -Errno.NoMemory;
        Watcher* watcher = FileTree.System->NewWatcher();
        if (watcher == null)
            return -Errno.NoMemory;
        OpenFile* file = OpenFile.Create(FileKind.Watcher, (uint)flags & OpenFlags.NonBlocking);
        if (file == null)
        {
            FileTree.System->EndWatcher(watcher);
            return -Errno.NoMemory;
        }
        file->Watcher = watcher;
        return FileTable.Add(file, 0, (flags & OpenFlags.CloseOnExec) != 0);
    }

    /// <summary>inotify_add_watch(2).</summary>
    /// <kept>Every event and flag, coalescing, IN_ONESHOT, IN_MASK_ADD, IN_MASK_CREATE, IN_ONLYDIR, IN_DONT_FOLLOW.</kept>
    /// <refused>A file with several hard links is reported under the name that was made last. IN_EXCL_UNLINK has no effect.</refused>
    /// <errors>path, EEXIST, EINVAL, ENOSPC</errors>
    internal static long Add(ulong descriptor, ulong path, ulong mask)
    {
        uint wanted = (uint)mask;
        if ((wanted & WatchMask.Known) == 0)
            return -Errno.Invalid;
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null)
            return -Errno.BadFile;
        if ((wanted & WatchMask.Add) != 0 && (wanted & WatchMask.OnlyNew) != 0 || file->Kind != FileKind.Watcher)
            return -Errno.Invalid;
        ulong follow = (wanted & WatchMask.DontFollow) != 0 ? PathArguments.SymlinkNoFollow : 0;
        long error = PathArguments.Find(PathArguments.WorkingDirectory, path, follow, out Inode* inode);
        return error != 0 ? error : FileTree.System->AddWatch(file->Watcher, inode, wanted);
    }

    /// <summary>inotify_rm_watch(2).</summary>
    /// <kept>All.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, EINVAL</errors>
    internal static long Remove(ulong descriptor, ulong number)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null)
            return -Errno.BadFile;
        return file->Kind == FileKind.Watcher ? FileTree.System->RemoveWatch(file->Watcher, (int)number) : -Errno.Invalid;
    }
}
