// The program's file system: the one instance, made at the first call that needs it. What it takes is charged as the program's memory is
// (Memory/Commit.cs), and is at most half of the memory, so that files cannot starve the heap.
using System;
using System.Runtime.CompilerServices;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Files;

internal static unsafe class FileTree
{
    // As Linux's tmpfs.
    private const int LimitShift = 1;

    private static FileSystem system;
    private static Inode* workingDirectory;
    private static WaitQueue lockWaiters, eventReaders;

    /// <summary>Valid after <see cref="IsReady"/> has said so.</summary>
    internal static FileSystem* System => (FileSystem*)Unsafe.AsPointer(ref system);

    internal static Inode* WorkingDirectory => workingDirectory;

    /// <summary>Permissions that new files do not get (umask(2)).</summary>
    internal static uint Umask;

    /// <summary>Makes the file system if it is not there yet; false if there is no memory.</summary>
    internal static bool IsReady() => workingDirectory != null || Make();

    internal static void SetWorkingDirectory(Inode* directory)
    {
        directory->References++;
        system.Release(workingDirectory);
        workingDirectory = directory;
    }

    /// <summary>Writes the name of the program as a path, without a NUL; its length.</summary>
    internal static int ProgramPath(Span<byte> buffer)
    {
        ReadOnlySpan<byte> name = SystemTree.ProgramName, directory = "/app/"u8;
        int length = directory.Length + name.Length < buffer.Length ? name.Length : buffer.Length - directory.Length;
        directory.CopyTo(buffer);
        name.Slice(0, length).CopyTo(buffer.Slice(directory.Length));
        return directory.Length + length;
    }

    /// <summary>flock(2).</summary>
    internal static long Lock(OpenFile* file, FileLock wanted, bool wait)
    {
        for (; ; )
        {
            bool gaveUp = file->Lock != FileLock.None;
            bool done = FileLocks.TryChange(file->Inode, file->Lock, wanted);
            file->Lock = done ? wanted : FileLock.None;
            if (gaveUp)
                Scheduler.WakeAll(Waiters);
            if (done)
                return 0;
            if (!wait)
                return -Errno.Again;
            if (Scheduler.Block(Waiters, Timers.Never) == WakeReason.Signal)
                return -Errno.RestartSystemCall;
        }
    }

    /// <summary>Gives up what an open file holds.</summary>
    internal static void Unlock(OpenFile* file)
    {
        if (file->Lock != FileLock.None)
            _ = Lock(file, FileLock.None, wait: false);
    }

    /// <summary>read(2) of an inotify descriptor.</summary>
    internal static long ReadEvents(Watcher* watcher, Span<byte> buffer, bool nonBlocking)
    {
        const int most = 64 << 10;
        if (buffer.Length > most)
            buffer = buffer.Slice(0, most);
        for (; ; )
        {
            if (!UserMemory.IsWritable(buffer))
                return -Errno.Fault;
            long count = System->ReadEvents(watcher, buffer);
            if (count != 0)
                return count;
            if (nonBlocking)
                return -Errno.Again;
            if (Scheduler.Block(EventReaders, Timers.Never) == WakeReason.Signal)
                return -Errno.RestartSystemCall;
        }
    }

    private static bool Make()
    {
        FileSystemHost host = default;
        host.TakePage = &TakePage;
        host.ReturnPage = &ReturnPage;
        host.AvailablePages = &AvailablePages;
        host.Now = &Clock.WallClock;
        host.Populate = &SystemTree.Populate;
        host.Follow = &DescriptorDirectory.Follow;
        host.Unmap = &AddressSpace.UnmapFile;
        host.EventAdded = &EventAdded;
        if (system.Root == null && system.Initialize(host, Frames.Total >> LimitShift) != 0)
            return false;
        PathResult found;
        if (SystemTree.PopulateRoot() != 0 || system.Resolve(system.Root, "app"u8, followLast: false, &found) != 0)
            return false;
        workingDirectory = found.Target;
        workingDirectory->References++;
        return true;
    }

    private static byte* TakePage()
    {
        if (!Commit.TryCharge(1))
            return null;
        ulong frame = Frames.Allocate(0, FrameUse.Files);
        if (frame != 0)
            return (byte*)(Layout.DirectMap + frame);
        Commit.Uncharge(1);
        return null;
    }

    private static void ReturnPage(byte* page)
    {
        Frames.Free((ulong)page - Layout.DirectMap, 0, FrameUse.Files);
        Commit.Uncharge(1);
    }

    private static ulong AvailablePages() => Commit.Available;

    private static void EventAdded()
    {
        Scheduler.WakeAll(EventReaders);
        Readiness.Changed();
    }

    private static WaitQueue* Waiters => (WaitQueue*)Unsafe.AsPointer(ref lockWaiters);

    // Few read events, and fewer at once: each looks again when any has come.
    private static WaitQueue* EventReaders => (WaitQueue*)Unsafe.AsPointer(ref eventReaders);
}
