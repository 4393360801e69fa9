// Descriptors and paths. The file system is what the runtime opens by name: the devices below /dev. The root and the
// program can be asked for, as libraries do that look for files beside it, but neither listed nor opened.
using System;
using Xenolith.Kernel.Entropy;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;

namespace Xenolith.Kernel.Linux;

internal static unsafe class FileCalls
{
    private const ulong OpenNonBlocking = 0x800, OpenCloseOnExec = 0x80000, OpenDirectory = 0x10000;
    private const int PathMaximum = 4096, VectorMaximum = 1024;
    private const ulong MaximumTransfer = 0x7FFF_F000;
    private const ulong DuplicateFd = 0, GetFd = 1, SetFd = 2, GetFlags = 3, SetFlags = 4, DuplicateFdCloseOnExec = 1030, SetPipeSize = 1031, GetPipeSize = 1032;
    private const uint CharacterDevice = 0x2000, Fifo = 0x1000, Directory = 0x4000, RegularFile = 0x8000, ReadWriteAll = 0x1B6, ReadExecuteAll = 0x16D;
    private const long ReadWrite = 2;

    // Where the program seems to lie (ProgramStart): it can be asked for, but not opened.
    private static ReadOnlySpan<byte> Program => "/app"u8;

    internal static long Read(ulong descriptor, ulong buffer, ulong length)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null)
            return -Errno.BadFile;
        if (length > MaximumTransfer)
            length = MaximumTransfer;
        if (!UserMemory.IsWritable(buffer, length))
            return -Errno.Fault;
        Span<byte> span = new((void*)buffer, (int)length);
        switch (file->Kind)
        {
            case FileKind.Console:
                return ConsoleFile.Read(span, file->IsNonBlocking);
            case FileKind.Null:
                return 0;
            case FileKind.Zero:
                span.Clear();
                return (long)length;
            case FileKind.Random:
                EntropyPool.Fill(span);
                return (long)length;
            case FileKind.PipeReader:
                return PipeBuffer.Read(file->Pipe, span, file->IsNonBlocking);
            default:
                return -Errno.BadFile;
        }
    }

    internal static long Write(ulong descriptor, ulong buffer, ulong length)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null)
            return -Errno.BadFile;
        if (length > MaximumTransfer)
            length = MaximumTransfer;
        if (!UserMemory.IsReadable(buffer, length))
            return -Errno.Fault;
        ReadOnlySpan<byte> span = new((void*)buffer, (int)length);
        switch (file->Kind)
        {
            case FileKind.Console:
                return ConsoleFile.Write(span);
            case FileKind.Null or FileKind.Zero:
                return (long)length;
            case FileKind.Random:
                EntropyPool.Mix(span);
                return (long)length;
            case FileKind.PipeWriter:
                return PipeBuffer.Write(file->Pipe, span, file->IsNonBlocking);
            default:
                return -Errno.BadFile;
        }
    }

    internal static long ReadVector(ulong descriptor, ulong vector, ulong count) => Transfer(descriptor, vector, count, write: false);

    internal static long WriteVector(ulong descriptor, ulong vector, ulong count) => Transfer(descriptor, vector, count, write: true);

    private static long Transfer(ulong descriptor, ulong vector, ulong count, bool write)
    {
        if (count > VectorMaximum)
            return -Errno.Invalid;
        if (!UserMemory.IsReadable(vector, count * 16))
            return -Errno.Fault;
        long total = 0;
        for (ulong i = 0; i < count; i++)
        {
            ulong buffer = ((ulong*)vector)[i * 2], length = ((ulong*)vector)[i * 2 + 1];
            if (length == 0)
                continue;
            long done = write ? Write(descriptor, buffer, length) : Read(descriptor, buffer, length);
            if (done < 0)
                return total > 0 ? total : done;
            total += done;
            if ((ulong)done < length)
                break;
        }
        return total;
    }

    internal static long Open(ulong path, ulong flags)
    {
        int length = UserMemory.StringLength(path, PathMaximum);
        if (length < 0)
            return -Errno.Fault;
        if (!TryFind(UserMemory.Bytes(path, length), out FileKind kind))
            return -Errno.NoEntry;
        if ((flags & OpenDirectory) != 0)
            return -Errno.NotDirectory;
        OpenFile* file = OpenFile.Create(kind, (uint)(flags & OpenNonBlocking));
        return file == null ? -Errno.NoMemory : FileTable.Add(file, 0, (flags & OpenCloseOnExec) != 0);
    }

    internal static long Close(ulong descriptor) => FileTable.Close(descriptor) ? 0 : -Errno.BadFile;

    /// <summary>For calls that only ask whether a path is there.</summary>
    internal static long FindPath(ulong path)
    {
        int length = UserMemory.StringLength(path, PathMaximum);
        if (length < 0)
            return -Errno.Fault;
        return Mode(UserMemory.Bytes(path, length)) != 0 ? 0 : -Errno.NoEntry;
    }

    internal static long Stat(ulong path, ulong buffer)
    {
        int length = UserMemory.StringLength(path, PathMaximum);
        if (length < 0)
            return -Errno.Fault;
        uint mode = Mode(UserMemory.Bytes(path, length));
        return mode != 0 ? WriteStat(mode, buffer) : -Errno.NoEntry;
    }

    internal static long StatDescriptor(ulong descriptor, ulong buffer)
    {
        OpenFile* file = FileTable.Get(descriptor);
        return file == null ? -Errno.BadFile : WriteStat(Mode(file->Kind), buffer);
    }

    /// <summary>readlink(2): the program's own name is the only link. realpath(3) asks for every part of a path.</summary>
    internal static long ReadLink(ulong path, ulong buffer, ulong size)
    {
        int length = UserMemory.StringLength(path, PathMaximum);
        if (length < 0)
            return -Errno.Fault;
        ReadOnlySpan<byte> bytes = UserMemory.Bytes(path, length), target = Program;
        if (!Same(bytes, "/proc/self/exe"u8))
            return Mode(bytes) != 0 ? -Errno.Invalid : -Errno.NoEntry;
        int count = size < (ulong)target.Length ? (int)size : target.Length;
        if (!UserMemory.IsWritable(buffer, (ulong)count))
            return -Errno.Fault;
        target.Slice(0, count).CopyTo(new Span<byte>((void*)buffer, count));
        return count;
    }

    /// <summary>lseek(2): nothing here has a position.</summary>
    internal static long Seek(ulong descriptor) => FileTable.Get(descriptor) == null ? -Errno.BadFile : -Errno.IllegalSeek;

    /// <summary>ioctl(2): nothing here is a terminal.</summary>
    internal static long Control(ulong descriptor) => FileTable.Get(descriptor) == null ? -Errno.BadFile : -Errno.NotTerminal;

    /// <summary>flock(2): devices and pipes have nothing that a lock would guard, and there is one process.</summary>
    internal static long Lock(ulong descriptor) => FileTable.Get(descriptor) == null ? -Errno.BadFile : 0;

    internal static long Pipe(ulong descriptors, ulong flags)
    {
        if ((flags & ~(OpenNonBlocking | OpenCloseOnExec)) != 0)
            return -Errno.Invalid;
        if (!UserMemory.IsWritable(descriptors, 2 * sizeof(int)))
            return -Errno.Fault;
        PipeBuffer* pipe = PipeBuffer.Create();
        if (pipe == null)
            return -Errno.NoMemory;
        OpenFile* reader = OpenFile.Create(FileKind.PipeReader, (uint)flags);
        OpenFile* writer = OpenFile.Create(FileKind.PipeWriter, (uint)flags);
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
        bool closeOnExec = (flags & OpenCloseOnExec) != 0;
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

    internal static long DuplicateTo(ulong descriptor, ulong target)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null || target >= FileTable.Capacity)
            return -Errno.BadFile;
        if (descriptor != target)
        {
            file->References++;
            FileTable.Close(target);
            FileTable.Set(target, file);
        }
        return (long)target;
    }

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
                return file->Flags | file->Kind switch { FileKind.PipeReader => 0, FileKind.PipeWriter => 1, _ => ReadWrite };
            case SetFlags:
                file->Flags = (uint)(argument & OpenNonBlocking);
                return 0;
            case GetPipeSize or SetPipeSize:
                return file->Pipe == null ? -Errno.BadFile : PipeBuffer.Capacity;
            default:
                return -Errno.Invalid;
        }
    }

    internal static long CurrentDirectory(ulong buffer, ulong size)
    {
        if (size < 2)
            return -Errno.Range;
        if (!UserMemory.IsWritable(buffer, 2))
            return -Errno.Fault;
        ((byte*)buffer)[0] = (byte)'/';
        ((byte*)buffer)[1] = 0;
        return 2;
    }

    private static bool TryFind(ReadOnlySpan<byte> path, out FileKind kind)
    {
        kind = default;
        if (Same(path, "/dev/urandom"u8) || Same(path, "/dev/random"u8))
            kind = FileKind.Random;
        else if (Same(path, "/dev/null"u8))
            kind = FileKind.Null;
        else if (Same(path, "/dev/zero"u8))
            kind = FileKind.Zero;
        else if (Same(path, "/dev/console"u8) || Same(path, "/dev/tty"u8))
            kind = FileKind.Console;
        else
            return false;
        return true;
    }

    private static bool Same(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length)
            return false;
        for (int i = 0; i < a.Length; i++)
            if (a[i] != b[i])
                return false;
        return true;
    }

    /// <summary>Kind and permissions of what has a name; 0 if nothing has this one.</summary>
    private static uint Mode(ReadOnlySpan<byte> path)
    {
        if (Same(path, "/"u8))
            return Directory | ReadExecuteAll;
        if (Same(path, Program))
            return RegularFile | ReadExecuteAll;
        return TryFind(path, out FileKind kind) ? Mode(kind) : 0;
    }

    private static uint Mode(FileKind kind) => (kind is FileKind.PipeReader or FileKind.PipeWriter ? Fifo : CharacterDevice) | ReadWriteAll;

    /// <summary>struct stat of x86-64.</summary>
    private static long WriteStat(uint mode, ulong buffer)
    {
        const int size = 144, linkOffset = 16, modeOffset = 24, blockSizeOffset = 56;
        if (!UserMemory.IsWritable(buffer, size))
            return -Errno.Fault;
        Cpu.Asm.Fill((void*)buffer, 0, size);
        *(ulong*)(buffer + linkOffset) = 1;
        *(uint*)(buffer + modeOffset) = mode;
        *(ulong*)(buffer + blockSizeOffset) = 4096;
        return 0;
    }
}
