// Reading and writing: read(2), write(2), their vector and positioned forms, lseek(2), copy_file_range(2), sendfile(2).
//
// Kept: positions that duplicates of a descriptor share, O_APPEND, partial transfers, holes (SEEK_DATA, SEEK_HOLE). A transfer on a file
// with content is atomic up to 1 MiB: no other thread runs in between. Refused: copy_file_range of anything but such files, with EINVAL.
using System;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;

namespace Xenolith.Kernel.Linux;

internal static unsafe class TransferCalls
{
    private const int VectorMaximum = 1024;
    private const ulong EntrySize = 16; // of struct iovec
    private const ulong MaximumTransfer = 0x7FFF_F000;
    // What takes no longer than this is done in one go; after more, other threads have their turn.
    private const ulong Piece = 1 << 20;
    // What copies between files do at most: they may end early, and programs call again.
    private const ulong MaximumCopy = 16 << 20;
    private const ulong FromStart = 0, FromHere = 1, FromEnd = 2, Data = 3, Hole = 4;
    // For calls that use the file's own position.
    private const long NoPosition = -1;

    /// <summary>read(2).</summary>
    /// <kept>Files, pipes, the console, devices; the position that duplicates share; 0x7FFFF000 bytes at most.</kept>
    /// <refused>Nothing. A buffer of which any part is not writable is EFAULT before a byte is read.</refused>
    /// <errors>EAGAIN, EBADF, EFAULT, EINTR, EINVAL, EISDIR</errors>
    internal static long Read(ulong descriptor, ulong buffer, ulong length) => Transfer(descriptor, buffer, length, NoPosition, write: false);

    /// <summary>write(2).</summary>
    /// <kept>As read; O_APPEND, SIGPIPE with EPIPE, a part when space runs out.</kept>
    /// <refused>Files larger than 2^63 - 1 bytes; RLIMIT_FSIZE has no effect.</refused>
    /// <errors>EAGAIN, EBADF, EFAULT, EFBIG, EINTR, EINVAL, ENOSPC, EPIPE</errors>
    internal static long Write(ulong descriptor, ulong buffer, ulong length) => Transfer(descriptor, buffer, length, NoPosition, write: true);

    /// <summary>pread(2).</summary>
    /// <kept>A position of its own.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, EFAULT, EINVAL, EISDIR, ESPIPE</errors>
    internal static long ReadAt(ulong descriptor, ulong buffer, ulong length, long position) =>
        position < 0 ? -Errno.Invalid : Transfer(descriptor, buffer, length, position, write: false);

    /// <summary>pwrite(2).</summary>
    /// <kept>With O_APPEND it appends, as on Linux.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, EFAULT, EFBIG, EINVAL, ENOSPC, ESPIPE</errors>
    internal static long WriteAt(ulong descriptor, ulong buffer, ulong length, long position) =>
        position < 0 ? -Errno.Invalid : Transfer(descriptor, buffer, length, position, write: true);

    /// <summary>readv(2).</summary>
    /// <kept>Up to 1024 ranges, each checked when its turn comes.</kept>
    /// <refused>Atomicity over all ranges where the file can block.</refused>
    /// <errors>as read, EINVAL</errors>
    internal static long ReadVector(ulong descriptor, ulong vector, ulong count) => TransferVector(descriptor, vector, count, NoPosition, write: false);

    /// <summary>writev(2).</summary>
    /// <kept>As readv.</kept>
    /// <refused>As readv.</refused>
    /// <errors>as write, EINVAL</errors>
    internal static long WriteVector(ulong descriptor, ulong vector, ulong count) => TransferVector(descriptor, vector, count, NoPosition, write: true);

    /// <summary>preadv(2).</summary>
    /// <kept>As readv, at a position.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>as pread64</errors>
    internal static long ReadVectorAt(ulong descriptor, ulong vector, ulong count, long position) =>
        position < 0 ? -Errno.Invalid : TransferVector(descriptor, vector, count, position, write: false);

    /// <summary>pwritev(2).</summary>
    /// <kept>As writev, at a position.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>as pwrite64</errors>
    internal static long WriteVectorAt(ulong descriptor, ulong vector, ulong count, long position) =>
        position < 0 ? -Errno.Invalid : TransferVector(descriptor, vector, count, position, write: true);

    /// <summary>lseek(2).</summary>
    /// <kept>SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE; places in a directory.</kept>
    /// <refused>SEEK_END of a directory.</refused>
    /// <errors>EBADF, EINVAL, ENXIO, ESPIPE</errors>
    internal static long Seek(ulong descriptor, long offset, ulong whence)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null || file->Kind == FileKind.Path)
            return -Errno.BadFile;
        if (file->Kind is FileKind.Null or FileKind.Zero or FileKind.Full or FileKind.Random)
            return 0;
        if (file->Kind is not (FileKind.Regular or FileKind.Directory))
            return -Errno.IllegalSeek;
        long position;
        switch (whence)
        {
            case FromStart: position = offset; break;
            case FromHere: position = (long)file->Position + offset; break;
            case FromEnd when file->Kind == FileKind.Regular: position = (long)file->Inode->Size + offset; break;
            case Data or Hole when file->Kind == FileKind.Regular:
                position = FileTree.System->Seek(file->Inode, (ulong)offset, whence == Hole);
                if (position < 0)
                    return position;
                break;
            default: return -Errno.Invalid;
        }
        if (position < 0)
            return -Errno.Invalid;
        if (file->Kind == FileKind.Directory)
            return FileTree.System->Seek(file->Inode, &file->Cursor, (ulong)position);
        file->Position = (ulong)position;
        return position;
    }

    /// <summary>copy_file_range(2): a null offset is the file's position.</summary>
    /// <kept>Between files with content, also the same one where the ranges do not overlap; 16 MiB a call at most, then it returns short.</kept>
    /// <refused>Anything but files with content.</refused>
    /// <errors>EBADF, EFAULT, EFBIG, EINVAL, EISDIR, ENOSPC</errors>
    internal static long Copy(ulong from, ulong fromOffset, ulong to, ulong toOffset, ulong length, ulong flags)
    {
        OpenFile* source = FileTable.Get(from), target = FileTable.Get(to);
        if (source == null || target == null || !source->CanRead || !target->CanWrite || (target->Flags & OpenFlags.Append) != 0)
            return -Errno.BadFile;
        if (source->Kind == FileKind.Directory || target->Kind == FileKind.Directory)
            return -Errno.IsDirectory;
        if (flags != 0 || source->Kind != FileKind.Regular || target->Kind != FileKind.Regular)
            return -Errno.Invalid;
        if (!TryPosition(source, fromOffset, out ulong position) || !TryPosition(target, toOffset, out ulong targetPosition))
            return -Errno.Fault;
        if ((long)position < 0 || (long)targetPosition < 0)
            return -Errno.Invalid;
        if (length > MaximumCopy)
            length = MaximumCopy;
        ulong end = position < source->Inode->Size ? source->Inode->Size : position;
        if (length > end - position)
            length = end - position;
        if (source->Inode == target->Inode && position < targetPosition + length && targetPosition < position + length)
            return -Errno.Invalid;
        long copied = FileTree.System->CopyContent(source->Inode, position, target->Inode, targetPosition, length);
        if (copied > 0)
        {
            SetPosition(source, fromOffset, position + (ulong)copied);
            SetPosition(target, toOffset, targetPosition + (ulong)copied);
        }
        return copied;
    }

    /// <summary>sendfile(2): from a file with content to any descriptor.</summary>
    /// <kept>16 MiB a call at most, then it returns short.</kept>
    /// <refused>A source without content.</refused>
    /// <errors>EAGAIN, EBADF, EFAULT, EINVAL, ENOMEM, ENOSPC, EPIPE</errors>
    internal static long Send(ulong to, ulong from, ulong offset, ulong length)
    {
        const int piece = 4096;
        OpenFile* source = FileTable.Get(from), target = FileTable.Get(to);
        if (source == null || target == null || !source->CanRead || !target->CanWrite)
            return -Errno.BadFile;
        if (source->Kind != FileKind.Regular || (target->Flags & OpenFlags.Append) != 0)
            return -Errno.Invalid;
        if (!TryPosition(source, offset, out ulong position))
            return -Errno.Fault;
        if ((long)position < 0)
            return -Errno.Invalid;
        if (length > MaximumCopy)
            length = MaximumCopy;
        ulong frame = Frames.Allocate(0);
        if (frame == 0)
            return -Errno.NoMemory;
        Span<byte> buffer = new((byte*)(Layout.DirectMap + frame), piece);
        source->References++;
        target->References++;
        long total = 0, error = 0;
        while ((ulong)total < length)
        {
            ulong rest = length - (ulong)total;
            long count = FileTree.System->Read(source->Inode, position, buffer.Slice(0, rest < piece ? (int)rest : piece));
            if (count <= 0)
                break;
            long written = ByteTransfer.Write(target, buffer.Slice(0, (int)count));
            if (written < 0)
                error = written;
            else
            {
                total += written;
                position += (ulong)written;
            }
            if (written < count)
                break;
        }
        Frames.Free(frame, 0);
        if (total > 0)
            SetPosition(source, offset, position);
        OpenFile.Release(source);
        OpenFile.Release(target);
        return total > 0 ? total : error;
    }

    private static long Transfer(ulong descriptor, ulong buffer, ulong length, long position, bool write)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null)
            return -Errno.BadFile;
        long first = position >= 0 ? position : file->Kind == FileKind.Regular ? (long)file->Position : 0;
        if ((long)length < 0 || first + (long)length < 0)
            return -Errno.Invalid;
        if (length > MaximumTransfer)
            length = MaximumTransfer;
        if (!(write ? UserMemory.MayRead(buffer, length) : UserMemory.MayWrite(buffer, length)))
            return -Errno.Fault;
        file->References++; // it may be closed while this blocks
        // What waits sees to its memory itself.
        bool waits = file->Kind is FileKind.Console or FileKind.PipeReader or FileKind.PipeWriter or FileKind.Watcher;
        long total = 0, result = 0;
        do
        {
            if (total > 0)
                Scheduler.Pause();
            ulong rest = length - (ulong)total, at = buffer + (ulong)total, count = waits || rest < Piece ? rest : Piece;
            result = waits || (write ? UserMemory.IsReadable(at, count) : UserMemory.IsWritable(at, count))
                ? TransferPiece(file, new Span<byte>((void*)at, (int)count), position < 0 ? position : position + total, write)
                : -Errno.Fault;
            if (result < 0)
                break;
            total += result;
            if ((ulong)result < count)
                break;
        }
        while ((ulong)total < length);
        OpenFile.Release(file);
        return total > 0 ? total : result;
    }

    private static long TransferPiece(OpenFile* file, Span<byte> bytes, long position, bool write) => write
        ? position < 0 ? ByteTransfer.Write(file, bytes) : ByteTransfer.WriteAt(file, bytes, (ulong)position)
        : position < 0 ? ByteTransfer.Read(file, bytes) : ByteTransfer.ReadAt(file, bytes, (ulong)position);

    private static long TransferVector(ulong descriptor, ulong vector, ulong count, long position, bool write)
    {
        if (FileTable.Get(descriptor) == null)
            return -Errno.BadFile;
        if (count > VectorMaximum)
            return -Errno.Invalid;
        if (!UserMemory.IsReadable(vector, count * EntrySize))
            return -Errno.Fault;
        for (ulong i = 0; i < count; i++)
            if (((long*)vector)[i * 2 + 1] < 0)
                return -Errno.Invalid;
        long total = 0;
        for (ulong i = 0; i < count; i++)
        {
            // The one before may have waited.
            if (!UserMemory.IsReadable(vector + i * EntrySize, EntrySize))
                return total > 0 ? total : -Errno.Fault;
            ulong buffer = ((ulong*)vector)[i * 2], length = ((ulong*)vector)[i * 2 + 1];
            if (length == 0)
                continue;
            if (length > MaximumTransfer - (ulong)total)
                length = MaximumTransfer - (ulong)total;
            long done = Transfer(descriptor, buffer, length, position < 0 ? position : position + total, write);
            if (done < 0)
                return total > 0 ? total : done;
            total += done;
            if ((ulong)done < length)
                break;
        }
        return total;
    }

    private static bool TryPosition(OpenFile* file, ulong offset, out ulong position)
    {
        position = file->Position;
        if (offset == 0)
            return true;
        if (!UserMemory.IsWritable(offset, sizeof(ulong)))
            return false;
        position = *(ulong*)offset;
        return true;
    }

    // The offset was checked; whoever unmapped it meanwhile gets what Linux would give: nothing.
    private static void SetPosition(OpenFile* file, ulong offset, ulong position)
    {
        if (offset == 0)
            file->Position = position;
        else if (UserMemory.IsWritable(offset, sizeof(ulong)))
            *(ulong*)offset = position;
    }
}
