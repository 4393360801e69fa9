using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Tests.Files;

/// <summary>What inotify tells: the same events in the same order as on the host.</summary>
public sealed unsafe class WatchTests
{
    private static readonly string[] Paths = ["a", "b", "d", "d/a", "d/b", "d/e", "d/e/c", ""];

    private static readonly uint[] Masks =
    [
        WatchMask.Events, WatchMask.Events | WatchMask.OnlyDirectory, WatchMask.Create | WatchMask.Delete | WatchMask.MovedFrom | WatchMask.MovedTo,
        WatchMask.Modify | WatchMask.CloseWrite, WatchMask.Events | WatchMask.OneShot, WatchMask.Attributes | WatchMask.Add, WatchMask.DeleteSelf | WatchMask.MoveSelf,
        WatchMask.Events | WatchMask.OnlyNew,
    ];

    private readonly record struct Step(int Kind, int A, int B, int M);

    private static readonly Gen<Step[]> Steps =
        Gen.Select(Gen.Int[0, 13], Gen.Int[0, Paths.Length - 1], Gen.Int[0, Paths.Length - 1], Gen.Int[0, Masks.Length - 1], (k, a, b, m) => new Step(k, a, b, m)).Array[1, 80];

    [Fact]
    public void Watchers_are_told_what_Linux_tells() => Steps.Sample(steps =>
    {
        using Pair pair = new();
        foreach (Step step in steps)
            pair.Do(step);
        pair.Finish();
    }, iter: 500, threads: 1);

    [Fact]
    public void Events_that_do_not_fit_are_lost_and_the_last_one_says_so()
    {
        using HostFileSystem files = new();
        Watcher* watcher = files.System->NewWatcher();
        Assert.Equal(1, files.System->AddWatch(watcher, files.Root, WatchMask.Create | WatchMask.Delete));
        for (int i = 0; i < Watcher.MaximumEvents; i++)
        {
            files.System->Release(files.Open("f"));
            Assert.Equal(0, files.Unlink("f"));
        }
        List<Event> events = Read(files, watcher);
        Assert.Equal(Watcher.MaximumEvents + 1, events.Count);
        Assert.Equal(new Event(-1, WatchMask.Overflow, false, ""), events[^1]);

        files.MakeDirectory("new");
        Assert.Equal([new Event(1, WatchMask.Create | WatchMask.IsDirectory, false, "new")], Read(files, watcher));
        files.System->EndWatcher(watcher);
    }

    [Fact]
    public void A_buffer_too_small_for_the_next_event_is_invalid_and_loses_nothing()
    {
        using HostFileSystem files = new();
        Watcher* watcher = files.System->NewWatcher();
        Assert.Equal(1, files.System->AddWatch(watcher, files.Root, WatchMask.Create));
        files.System->Release(files.Open("sixteen-bytes-is"));
        Assert.Equal(-Errno.Invalid, files.System->ReadEvents(watcher, new byte[47]));
        Assert.Equal(48, files.System->ReadEvents(watcher, new byte[48]));
        Assert.Equal(0, files.System->ReadEvents(watcher, new byte[48]));
        files.System->EndWatcher(watcher);
    }

    [Fact]
    public void Of_several_hard_links_the_last_one_is_reported()
    {
        using HostFileSystem files = new();
        Watcher* watcher = files.System->NewWatcher();
        Inode* file = files.Open("first");
        PathResult at = files.Resolve("second");
        Assert.Equal(0, files.System->Link(file, &at));
        Assert.Equal(1, files.System->AddWatch(watcher, files.Root, WatchMask.Modify));
        Assert.Equal(3, files.System->Write(file, 0, "abc"u8));
        Assert.Equal([new Event(1, WatchMask.Modify, false, "second")], Read(files, watcher));
        files.System->Release(file);
        files.System->EndWatcher(watcher);
    }

    [Fact]
    public void Without_memory_events_are_lost_and_the_files_stay_whole()
    {
        using HostFileSystem files = new();
        Watcher* watcher = files.System->NewWatcher();
        Assert.Equal(1, files.System->AddWatch(watcher, files.Root, WatchMask.Events));
        Inode* file = files.Open("f");
        files.PagesLeft = 0;
        // Other kinds of event one after the other, until what pages there are is full.
        for (uint i = 0; i < 1000; i++)
        {
            Assert.Equal(0, files.System->SetPermissions(file, i & 0x1FF));
            Assert.Equal(0, files.System->Truncate(file, 0));
        }
        files.PagesLeft = int.MaxValue;
        List<Event> events = Read(files, watcher);
        Assert.Equal(WatchMask.Overflow, events[^1].Mask);
        Assert.InRange(events.Count, 2, 1999);
        files.System->Release(file);
        files.System->EndWatcher(watcher);
    }

    private readonly record struct Event(int Number, uint Mask, bool HasCookie, string Name);

    private static List<Event> Read(HostFileSystem files, Watcher* watcher)
    {
        List<Event> events = [];
        byte[] buffer = new byte[4096];
        long count;
        while ((count = files.System->ReadEvents(watcher, buffer)) > 0)
            events.AddRange(Parse(buffer.AsSpan(0, (int)count)));
        Assert.Equal(0, count);
        return events;
    }

    private static List<Event> Parse(ReadOnlySpan<byte> bytes)
    {
        List<Event> events = [];
        while (bytes.Length != 0)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
            string name = Encoding.UTF8.GetString(bytes.Slice(16, length)).TrimEnd('\0');
            events.Add(new(BinaryPrimitives.ReadInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) != 0, name));
            Assert.Equal(length, name.Length == 0 ? 0 : name.Length / 16 * 16 + 16);
            bytes = bytes[(16 + length)..];
        }
        return events;
    }

    /// <summary>The two file systems, each with a watcher.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly HostFileSystem ours = new();
        private readonly LinuxFiles theirs = new();
        private readonly List<string> history = [];
        private readonly nint start, ourWatcher;
        private readonly int theirWatcher = LinuxFiles.Watcher();

        public Pair()
        {
            foreach (string directory in new[] { "/a", "/a/b", LinuxFiles.Start })
                ours.MakeDirectory(directory);
            start = (nint)ours.Resolve(LinuxFiles.Start).Target;
            ourWatcher = (nint)ours.System->NewWatcher();
            Assert.True(theirWatcher >= 0);
        }

        public void Do(Step step)
        {
            (int kind, int a, int b, int m) = step;
            string path = Paths[a], other = Paths[b];
            switch (kind)
            {
                case 0 or 1 or 2:
                    // IN_EXCL_UNLINK: a file without a name is not reported to its directory here.
                    uint mask = Masks[m] | WatchMask.ExcludeUnlinked;
                    Same(theirs.AddWatch(theirWatcher, path, mask), AddWatch(path, mask), step);
                    break;
                case 3:
                    Same(LinuxFiles.RemoveWatch(theirWatcher, m + 1), ours.System->RemoveWatch(Watcher, m + 1), step);
                    break;
                case 4 or 5 or 6:
                    Use(path, m, step);
                    break;
                case 7 or 8:
                    Same(theirs.MakeDirectory(path), Resolved(path, at => Make(at)), step);
                    break;
                case 9:
                    Same(theirs.Unlink(path, directory: false), Resolved(path, at => ours.System->Unlink((PathResult*)at)), step);
                    break;
                case 10:
                    Same(theirs.Unlink(path, directory: true), Resolved(path, at => ours.System->RemoveDirectory((PathResult*)at)), step);
                    break;
                case 11 or 12:
                    uint flags = m == 0 ? FileSystem.RenameExchange : 0u;
                    Same(theirs.Rename(path, other, flags), Resolved(path, from => Resolved(other, to => ours.System->Rename((PathResult*)from, (PathResult*)to, flags))), step);
                    break;
                default:
                    Same(theirs.SetMode(path, 0x1C0), path.Length == 0 ? -Errno.NoEntry : SetMode(path), step);
                    break;
            }
            CompareEvents();
        }

        public void Finish() => ours.System->EndWatcher(Watcher);

        public void Dispose()
        {
            LinuxFiles.Close(theirWatcher);
            theirs.Dispose();
            ours.Dispose();
        }

        private Inode* Start => (Inode*)start;

        private Watcher* Watcher => (Watcher*)ourWatcher;

        /// <summary>Opens a file, writes, shortens or reads it, and closes it.</summary>
        private void Use(string path, int m, Step step)
        {
            uint flags = m < 6 ? OpenFlags.ReadWrite | OpenFlags.Create : 0;
            if (m == 5)
                flags |= OpenFlags.Truncate;
            long descriptor = theirs.Open(path, flags);
            Inode* inode = ours.System->Open(Start, Utf8(path), flags, 0x1A4, out long error);
            Same(descriptor < 0 ? descriptor : 0, error, step);
            if (inode == null)
                return;
            if (inode->IsRegular)
            {
                byte[] data = new byte[10];
                switch (m)
                {
                    case 0 or 1: Same(LinuxFiles.Write(descriptor, 0, data), ours.System->Write(inode, 0, data), step); break;
                    case 2: Same(LinuxFiles.Truncate(descriptor, 3), ours.System->Truncate(inode, 3), step); break;
                    case 3 or 6: Same(LinuxFiles.Read(descriptor, 0, data), ours.System->Read(inode, 0, data), step); break;
                }
            }
            LinuxFiles.Close(descriptor);
            ours.System->Raise(inode, (flags & OpenFlags.AccessMask) != 0 ? WatchMask.CloseWrite : WatchMask.CloseNoWrite);
            ours.System->Release(inode);
        }

        private long AddWatch(string path, uint mask)
        {
            PathResult at = default;
            long error = path.Length == 0 ? 0 : ours.System->Resolve(Start, Utf8(path), followLast: true, &at);
            Inode* inode = path.Length == 0 ? Start : at.Target;
            return error != 0 ? error : inode == null ? -Errno.NoEntry : ours.System->AddWatch(Watcher, inode, mask);
        }

        private long SetMode(string path)
        {
            PathResult at;
            long error = ours.System->Resolve(Start, Utf8(path), followLast: true, &at);
            return error != 0 ? error : at.Target == null ? -Errno.NoEntry : ours.System->SetPermissions(at.Target, 0x1C0);
        }

        private long Make(nint at)
        {
            long error = FileSystem.CheckNew((PathResult*)at);
            if (error == 0)
                _ = ours.System->Create(((PathResult*)at)->Parent, ((PathResult*)at)->Name, FileType.Directory | 0x1ED, out error);
            return error;
        }

        private long Resolved(string path, Func<nint, long> use)
        {
            PathResult at;
            long error = ours.System->ResolveName(Start, Utf8(path), &at);
            return error != 0 ? error : use((nint)(&at));
        }

        private void CompareEvents()
        {
            byte[] buffer = new byte[65536];
            long count = LinuxFiles.ReadEvents(theirWatcher, buffer);
            List<Event> expected = count < 0 ? [] : Parse(buffer.AsSpan(0, (int)count)), found = Read(ours, Watcher);
            Assert.True(expected.SequenceEqual(found), $"{string.Join('\n', history)}\nLinux:\n{string.Join('\n', expected)}\nkernel:\n{string.Join('\n', found)}");
        }

        private void Same(long expected, long found, Step step)
        {
            history.Add($"{step.Kind} {step.M} on {Paths[step.A]} and {Paths[step.B]}: Linux {expected}, kernel {found}");
            Assert.True(expected == found, string.Join('\n', history));
        }

        private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
    }
}
