// Reading and writing of any open file: what each kind of file does with bytes.
using System;
using Xenolith.Kernel.Entropy;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Files;

internal static unsafe class ByteTransfer
{
    /// <summary>Reads at the file's position, or what comes next. May block; the caller keeps the file open.</summary>
    internal static long Read(OpenFile* file, Span<byte> buffer)
    {
        if (!file->CanRead)
            return -Errno.BadFile;
        switch (file->Kind)
        {
            case FileKind.Console:
                return ConsoleFile.Read(buffer, file->IsNonBlocking);
            case FileKind.PipeReader:
                return PipeBuffer.Read(file->Pipe, buffer, file->IsNonBlocking);
            case FileKind.Watcher:
                return FileTree.ReadEvents(file->Watcher, buffer, file->IsNonBlocking);
            case FileKind.Regular:
                long count = FileTree.System->Read(file->Inode, file->Position, buffer);
                if (count > 0)
                    file->Position += (ulong)count;
                return count;
            default:
                return ReadAt(file, buffer, 0);
        }
    }

    /// <summary>Reads at a position, for files that have one.</summary>
    internal static long ReadAt(OpenFile* file, Span<byte> buffer, ulong position)
    {
        if (!file->CanRead)
            return -Errno.BadFile;
        switch (file->Kind)
        {
            case FileKind.Regular:
                return FileTree.System->Read(file->Inode, position, buffer);
            case FileKind.Null:
                return 0;
            case FileKind.Zero or FileKind.Full:
                buffer.Clear();
                return buffer.Length;
            case FileKind.Random:
                EntropyPool.Fill(buffer);
                return buffer.Length;
            case FileKind.Directory:
                return -Errno.IsDirectory;
            case FileKind.EventPoll:
                return -Errno.Invalid;
            default:
                return -Errno.IllegalSeek;
        }
    }

    /// <summary>Writes at the file's position, or at its end with O_APPEND. May block; the caller keeps the file open.</summary>
    internal static long Write(OpenFile* file, ReadOnlySpan<byte> buffer)
    {
        if (!file->CanWrite)
            return -Errno.BadFile;
        switch (file->Kind)
        {
            case FileKind.Console:
                return ConsoleFile.Write(buffer);
            case FileKind.PipeWriter:
                return PipeBuffer.Write(file->Pipe, buffer, file->IsNonBlocking);
            case FileKind.Regular:
                if ((file->Flags & OpenFlags.Append) != 0)
                    file->Position = file->Inode->Size;
                long count = FileTree.System->Write(file->Inode, file->Position, buffer);
                if (count > 0)
                    file->Position += (ulong)count;
                return count;
            default:
                return WriteAt(file, buffer, 0);
        }
    }

    /// <summary>Writes at a position, for files that have one; with O_APPEND at the end all the same, as Linux does.</summary>
    internal static long WriteAt(OpenFile* file, ReadOnlySpan<byte> buffer, ulong position)
    {
        if (!file->CanWrite)
            return -Errno.BadFile;
        switch (file->Kind)
        {
            case FileKind.Regular:
                return FileTree.System->Write(file->Inode, (file->Flags & OpenFlags.Append) != 0 ? file->Inode->Size : position, buffer);
            case FileKind.Null or FileKind.Zero:
                return buffer.Length;
            case FileKind.Full:
                return -Errno.NoSpace;
            case FileKind.Random:
                EntropyPool.Mix(buffer);
                return buffer.Length;
            default:
                return -Errno.IllegalSeek;
        }
    }
}
