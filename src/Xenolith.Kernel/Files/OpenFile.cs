// An open file: what descriptors point to, shared by those that dup made.
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Files;

internal enum FileKind
{
    Console,
    Null,
    Zero,
    Full,
    Random,
    PipeReader,
    PipeWriter,

    /// <summary>A file with content and a position.</summary>
    Regular,

    /// <summary>A directory, which can be enumerated.</summary>
    Directory,

    /// <summary>A place in the file system and no more (O_PATH).</summary>
    Path,

    /// <summary>An epoll instance.</summary>
    EventPoll,

    /// <summary>An inotify instance.</summary>
    Watcher,
}

internal unsafe struct OpenFile
{
    /// <summary>What of the open flags fcntl(2) can change.</summary>
    internal const uint Changeable = OpenFlags.NonBlocking | OpenFlags.Append;

    internal FileKind Kind;
    /// <summary>The open flags that matter after open: access mode, O_APPEND, O_NONBLOCK.</summary>
    internal uint Flags;
    internal int References;
    internal PipeBuffer* Pipe;
    internal EventPoll* PollSet;
    internal Watcher* Watcher;

    /// <summary>What it was opened by name for; null for pipes and the console's first descriptors.</summary>
    internal Inode* Inode;
    internal ulong Position;
    internal DirectoryCursor Cursor;
    internal FileLock Lock;

    private static ObjectPool pool;

    /// <summary>A file with one reference, or null when memory has run out.</summary>
    internal static OpenFile* Create(FileKind kind, uint flags)
    {
        OpenFile* file = (OpenFile*)pool.Take((uint)sizeof(OpenFile));
        if (file == null)
            return null;
        *file = default;
        file->Kind = kind;
        file->Flags = flags & (OpenFlags.AccessMask | Changeable);
        file->References = 1;
        return file;
    }

    /// <summary>Gives one reference back; the last one closes the file.</summary>
    internal static void Release(OpenFile* file)
    {
        if (--file->References > 0)
            return;
        EventPoll.Forget(file);
        if (file->PollSet != null)
            EventPoll.Free(file->PollSet);
        if (file->Pipe != null)
            PipeBuffer.CloseEnd(file->Pipe, file->Kind);
        if (file->Watcher != null)
            FileTree.System->EndWatcher(file->Watcher);
        if (file->Inode != null)
        {
            if (file->Kind != FileKind.Path)
                FileTree.System->Raise(file->Inode, file->CanWrite ? WatchMask.CloseWrite : WatchMask.CloseNoWrite);
            if (file->Kind == FileKind.Directory)
                FileSystem.CloseCursor(file->Inode, &file->Cursor);
            FileTree.Unlock(file);
            FileTree.System->Release(file->Inode);
        }
        pool.Return(file);
    }

    internal readonly bool IsNonBlocking => (Flags & OpenFlags.NonBlocking) != 0;
    internal readonly bool CanRead => (Flags & OpenFlags.AccessMask) != OpenFlags.WriteOnly && Kind != FileKind.Path;
    internal readonly bool CanWrite => (Flags & OpenFlags.AccessMask) != 0 && Kind != FileKind.Path;
}
