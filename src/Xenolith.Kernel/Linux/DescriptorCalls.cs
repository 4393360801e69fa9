// Descriptors: dup(2), fcntl(2), flock(2), pipe(2), ioctl(2).
//
// Kept: locks between open files (flock), which .NET's FileShare is made of. Record locks (fcntl F_SETLK) never conflict within one
// process, and there is no other: they are checked and granted. Refused: locks of open file descriptions (F_OFD_SETLK), with EINVAL.
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Linux;

internal static unsafe class DescriptorCalls
{
    private const ulong DuplicateFd = 0, GetFd = 1, SetFd = 2, GetFlags = 3, SetFlags = 4, GetLock = 5, SetLock = 6, SetLockWait = 7;
    private const ulong DuplicateFdCloseOnExec = 1030, SetPipeSize = 1031, GetPipeSize = 1032;
    private const ulong LockShared = 1, LockExclusive = 2, LockNonBlocking = 4, LockUnlock = 8;

    /// <summary>ioctl(2).</summary>
    /// <kept>
    /// FIONREAD of files, pipes, inotify and the console; FIONBIO, FIOCLEX and FIONCLEX of everything. Nothing here is a terminal, and it says so.
    /// </kept>
    /// <refused>All other requests.</refused>
    /// <errors>EBADF, EFAULT, ENOTTY</errors>
    internal static long Control(ulong descriptor, ulong request, ulong argument)
    {
        const uint bytesToRead = 0x541B, nonBlocking = 0x5421, keepOnExec = 0x5450, closeOnExec = 0x5451;
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null || file->Kind == FileKind.Path)
            return -Errno.BadFile;
        switch ((uint)request)
        {
            case closeOnExec or keepOnExec:
                FileTable.SetCloseOnExec(descriptor, (uint)request == closeOnExec);
                return 0;
            case nonBlocking:
                if (!UserMemory.IsReadable(argument, sizeof(int)))
                    return -Errno.Fault;
                file->Flags = file->Flags & ~OpenFlags.NonBlocking | (*(int*)argument != 0 ? OpenFlags.NonBlocking : 0);
                return 0;
            case bytesToRead:
                if (!TryBytesToRead(file, out long count))
                    return -Errno.NotTerminal;
                if (!UserMemory.IsWritable(argument, sizeof(int)))
                    return -Errno.Fault;
                *(int*)argument = (int)count;
                return 0;
            default:
                return -Errno.NotTerminal;
        }
    }

    // What is behind the position in a file may be less than nothing, as on Linux.
    private static bool TryBytesToRead(OpenFile* file, out long count)
    {
        switch (file->Kind)
        {
            case FileKind.PipeReader or FileKind.PipeWriter: count = PipeBuffer.Available(file->Pipe); return true;
            case FileKind.Console: count = ConsoleRing.InputLength; return true;
            case FileKind.Watcher: count = FileSystem.EventBytes(file->Watcher); return true;
            case FileKind.Regular: count = (long)(file->Inode->Size - file->Position); return true;
            default: count = 0; return false;
        }
    }

    /// <summary>flock(2). Pipes and the console's first descriptors have nothing that a lock would guard.</summary>
    /// <kept>Shared and exclusive locks of open files, LOCK_NB, waiting.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EAGAIN, EBADF, EINTR, EINVAL</errors>
    internal static long Lock(ulong descriptor, ulong operation)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null || file->Kind == FileKind.Path)
            return -Errno.BadFile;
        FileLock wanted;
        switch (operation & ~LockNonBlocking)
        {
            case LockShared: wanted = FileLock.Shared; break;
            case LockExclusive: wanted = FileLock.Exclusive; break;
            case LockUnlock: wanted = FileLock.None; break;
            default: return -Errno.Invalid;
        }
        if (file->Inode == null)
            return 0;
        file->References++; // it may be closed while this waits
        long result = FileTree.Lock(file, wanted, (operation & LockNonBlocking) == 0);
        OpenFile.Release(file);
        return result;
    }

    /// <summary>pipe2(2) and pipe(2).</summary>
    /// <kept>O_NONBLOCK, O_CLOEXEC; writes of up to 4096 bytes are atomic. A pipe holds 4096 bytes.</kept>
    /// <refused>O_DIRECT, O_NOTIFICATION_PIPE.</refused>
    /// <errors>EFAULT, EINVAL, EMFILE, ENOMEM</errors>
    internal static long Pipe(ulong descriptors, ulong flags)
    {
        if ((flags & ~(ulong)(OpenFlags.NonBlocking | OpenFlags.CloseOnExec)) != 0)
            return -Errno.Invalid;
        if (!UserMemory.IsWritable(descriptors, 2 * sizeof(int)))
            return -Errno.Fault;
        PipeBuffer* pipe = PipeBuffer.Create();
        if (pipe == null)
            return -Errno.NoMemory;
        uint nonBlocking = (uint)flags & OpenFlags.NonBlocking;
        OpenFile* reader = OpenFile.Create(FileKind.PipeReader, nonBlocking);
        OpenFile* writer = OpenFile.Create(FileKind.PipeWriter, nonBlocking | OpenFlags.WriteOnly);
        if (reader != null)
            reader->Pipe = pipe;
        if (writer != null)
            writer->Pipe = pipe;
        if (reader == null || writer == null)
        {
            if (reader == null)
                PipeBuffer.CloseEnd(pipe, FileKind.PipeReader);
            else
                OpenFile.Release(reader);
            if (writer == null)
                PipeBuffer.CloseEnd(pipe, FileKind.PipeWriter);
            else
                OpenFile.Release(writer);
            return -Errno.NoMemory;
        }
        bool closeOnExec = (flags & OpenFlags.CloseOnExec) != 0;
        long first = FileTable.Add(reader, 0, closeOnExec);
        if (first < 0)
        {
            OpenFile.Release(writer);
            return first;
        }
        long second = FileTable.Add(writer, 0, closeOnExec);
        if (second < 0)
        {
            FileTable.Close((ulong)first);
            return second;
        }
        ((int*)descriptors)[0] = (int)first;
        ((int*)descriptors)[1] = (int)second;
        return 0;
    }

    /// <summary>dup(2).</summary>
    /// <kept>All.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, EINVAL, EMFILE, ENOMEM</errors>
    internal static long Duplicate(ulong descriptor, ulong lowest, bool closeOnExec)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null)
            return -Errno.BadFile;
        if (lowest >= FileTable.Capacity)
            return -Errno.Invalid;
        file->References++;
        return FileTable.Add(file, lowest, closeOnExec);
    }

    /// <summary>dup2(2).</summary>
    /// <kept>All.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, ENOMEM</errors>
    internal static long DuplicateTo(ulong descriptor, ulong target)
    {
        if (descriptor != target)
            return Replace(descriptor, target, closeOnExec: false);
        return FileTable.Get(descriptor) == null ? -Errno.BadFile : (long)target;
    }

    /// <summary>dup3(2).</summary>
    /// <kept>O_CLOEXEC.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, EINVAL, ENOMEM</errors>
    internal static long DuplicateTo(ulong descriptor, ulong target, ulong flags) =>
        (flags & ~(ulong)OpenFlags.CloseOnExec) != 0 || descriptor == target ? -Errno.Invalid : Replace(descriptor, target, flags != 0);

    /// <summary>fcntl(2).</summary>
    /// <kept>
    /// F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL (O_APPEND, O_NONBLOCK), F_GETPIPE_SZ; F_SETPIPE_SZ says 4096. Record locks
    /// (F_SETLK) are checked and granted: within one process they never conflict.
    /// </kept>
    /// <refused>Locks of open file descriptions (F_OFD_SETLK), leases, seals, owners.</refused>
    /// <errors>EBADF, EFAULT, EINVAL, EMFILE</errors>
    internal static long FileControl(ulong descriptor, ulong command, ulong argument)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null)
            return -Errno.BadFile;
        switch (command)
        {
            case DuplicateFd: return Duplicate(descriptor, argument, closeOnExec: false);
            case DuplicateFdCloseOnExec: return Duplicate(descriptor, argument, closeOnExec: true);
            case GetFd: return FileTable.IsCloseOnExec(descriptor) ? 1 : 0;
            case SetFd:
                FileTable.SetCloseOnExec(descriptor, (argument & 1) != 0);
                return 0;
            case GetFlags:
                return file->Flags | (file->Kind == FileKind.Path ? OpenFlags.Path : 0);
            case SetFlags:
                file->Flags = file->Flags & ~OpenFile.Changeable | (uint)argument & OpenFile.Changeable;
                return 0;
            case GetPipeSize or SetPipeSize:
                return file->Pipe == null ? -Errno.BadFile : PipeBuffer.Capacity;
            case GetLock or SetLock or SetLockWait:
                return RecordLock(file, argument, isQuery: command == GetLock);
            default:
                return -Errno.Invalid;
        }
    }

    private static long Replace(ulong descriptor, ulong target, bool closeOnExec)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null || target >= FileTable.Capacity)
            return -Errno.BadFile;
        file->References++;
        FileTable.Close(target);
        if (FileTable.Set(target, file, closeOnExec))
            return (long)target;
        OpenFile.Release(file);
        return -Errno.NoMemory;
    }

    /// <summary>struct flock: type and whence in 16 bits each, then start and length at 8 and 16.</summary>
    private static long RecordLock(OpenFile* file, ulong address, bool isQuery)
    {
        const ushort read = 0, write = 1, unlock = 2, fromEnd = 2;
        if (!(isQuery ? UserMemory.IsWritable(address, 32) : UserMemory.IsReadable(address, 32)))
            return -Errno.Fault;
        ushort* fields = (ushort*)address;
        long start = ((long*)address)[1], length = ((long*)address)[2];
        if (fields[0] > unlock || fields[1] > fromEnd || fields[1] == 0 && (start < 0 || start + length < 0 && length < 0))
            return -Errno.Invalid;
        if (file->Kind == FileKind.Path || !isQuery && (fields[0] == read && !file->CanRead || fields[0] == write && !file->CanWrite))
            return -Errno.BadFile;
        if (isQuery)
            fields[0] = unlock;
        return 0;
    }
}
