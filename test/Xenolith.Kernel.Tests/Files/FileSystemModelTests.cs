using System.Text;
using CsCheck;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Tests.Files;

/// <summary>Whatever is done, the kernel's file system answers what the host's does, errno by errno and byte by byte.</summary>
public sealed unsafe class FileSystemModelTests
{
    private const int Slots = 3;

    private static readonly string TooLong = new('n', 256);

    private static readonly string[] Paths =
    [
        "a", "b", "d", "d/a", "d/b", "d/e", "d/e/c", "s", "t", "a/", "d/", "d//e/", "./a", "d/../b", "d/e/../../a", "s/x", "s/", "t/a", "..", ".",
        "d/.", "d/e/..", "missing/x", "", "../base/d", new string('n', 255), TooLong, "d/" + new string('n', 300),
        string.Concat(Enumerable.Repeat("./", 2046)) + "a", string.Concat(Enumerable.Repeat("./", 2048)) + "a",
    ];

    private static readonly uint[] Flags =
    [
        OpenFlags.ReadWrite, 0, OpenFlags.ReadWrite | OpenFlags.Create, OpenFlags.Create, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive,
        OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Truncate, OpenFlags.ReadWrite | OpenFlags.Truncate, OpenFlags.NoFollow,
        OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NoFollow, OpenFlags.Directory, OpenFlags.Directory | OpenFlags.NoFollow,
        OpenFlags.ReadWrite | OpenFlags.Unnamed | OpenFlags.Directory, OpenFlags.Unnamed | OpenFlags.Directory, OpenFlags.Path, OpenFlags.Path | OpenFlags.NoFollow,
    ];

    private readonly record struct Step(int Kind, int A, int B, int N, int M);

    private static readonly Gen<Step[]> Steps =
        Gen.Select(Gen.Int[0, 15], Gen.Int[0, Paths.Length - 1], Gen.Int[0, Paths.Length - 1], Gen.Int[0, 9000], Gen.Int[0, 14], (k, a, b, n, m) => new Step(k, a, b, n, m))
            .Array[1, 120];

    [Fact]
    public void Every_operation_answers_what_Linux_answers() => Steps.Sample(steps =>
    {
        using Pair pair = new();
        foreach (Step step in steps)
            pair.Do(step);
        pair.Finish();
    }, iter: 1500, threads: 1);

    /// <summary>The two file systems, and files that are open in both.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly HostFileSystem ours = new();
        private readonly LinuxFiles theirs = new();
        private readonly List<string> history = [];
        private readonly nint start;
        private readonly (nint Ours, long Theirs, bool Writes)[] open = new (nint, long, bool)[Slots];

        public Pair()
        {
            foreach (string directory in new[] { "/a", "/a/b", LinuxFiles.Start })
                ours.MakeDirectory(directory);
            start = (nint)ours.Resolve(LinuxFiles.Start).Target;
        }

        public void Do(Step step)
        {
            (int kind, int a, int b, int n, int m) = step;
            string path = Paths[a], other = Paths[b];
            int slot = n % Slots;
            (nint Ours, long Theirs, bool Writes) file = open[slot];
            Inode* inode = (Inode*)file.Ours;
            bool isFile = inode != null && inode->IsRegular && file.Writes;
            ulong offset = (ulong)(n * 3), length = (ulong)(m * 977);
            switch (kind)
            {
                case 0 or 1:
                    Close(slot);
                    Inode* opened = ours.System->Open(Start, Utf8(path), Flags[m], 0x1A4, out long error);
                    long descriptor = theirs.Open(path, Flags[m]);
                    Same(descriptor < 0 ? descriptor : 0, error, step);
                    if (opened != null)
                        open[slot] = ((nint)opened, descriptor, (Flags[m] & OpenFlags.AccessMask) != 0 && (Flags[m] & OpenFlags.Path) == 0);
                    break;
                case 2 or 3 when isFile:
                    byte[] data = new byte[length];
                    Array.Fill(data, (byte)(n | 1));
                    Same(LinuxFiles.Write(file.Theirs, offset, data), ours.System->Write(inode, offset, data), step);
                    break;
                case 4 when isFile:
                    byte[] expected = new byte[length], found = new byte[length];
                    Same(LinuxFiles.Read(file.Theirs, offset, expected), ours.System->Read(inode, offset, found), step);
                    Assert.Equal(expected, found);
                    break;
                case 5 when isFile:
                    Same(LinuxFiles.Truncate(file.Theirs, offset), ours.System->Truncate(inode, offset), step);
                    break;
                case 6 when isFile:
                    ulong mode = (b % 4) switch { 0 => 0, 1 => 1, 2 => 3, _ => 16 };
                    Same(LinuxFiles.Allocate(file.Theirs, mode, offset, length), ours.System->Allocate(inode, mode, offset, length), step);
                    break;
                case 7:
                    Same(theirs.MakeDirectory(path), MakeDirectory(path), step);
                    break;
                case 8 or 9:
                    Same(theirs.Unlink(path, kind == 9), Remove(path, kind == 9), step);
                    break;
                case 10 or 11 when !(path + other).Contains(TooLong, StringComparison.Ordinal): // of two errors at once Linux may report the other
                    uint flags = m < 12 ? 0u : (uint)m - 11; // sometimes NOREPLACE, EXCHANGE or both
                    Same(theirs.Rename(path, other, flags), Rename(path, other, flags), step);
                    break;
                case 12:
                    Same(theirs.Link(path, other), Link(path, other), step);
                    break;
                // A path that grows by longer ones is too long sooner than on Linux; one that leads upwards would leave the directory.
                case 13 when other.Length <= Names.Longest && !other.Contains("..", StringComparison.Ordinal):
                    Same(theirs.Symlink(other.TrimStart('/'), path), Symlink(other.TrimStart('/'), path), step);
                    break;
                case 14:
                    CompareLink(path, step);
                    break;
                default:
                    bool follow = m % 2 == 0;
                    Assert.Equal(theirs.Stat(path, follow), Stat(path, follow));
                    break;
            }
        }

        /// <summary>Compares the trees, then removes all: what was taken must be there again.</summary>
        public void Finish()
        {
            Compare("", Start);
            for (int i = 0; i < Slots; i++)
                Close(i);
            Clear(Start);
            Clear(ours.Root);
            Assert.True(ours.System->InodeCount == 1, $"{ours.System->InodeCount} inodes\n{string.Join('\n', history)}");
            Assert.True(ours.PagesAtStart == ours.PagesTaken, $"{ours.PagesTaken} pages\n{string.Join('\n', history)}");
        }

        public void Dispose()
        {
            foreach ((nint inode, long descriptor, _) in open)
                if (inode != 0)
                    LinuxFiles.Close(descriptor);
            theirs.Dispose();
            ours.Dispose();
        }

        private Inode* Start => (Inode*)start;

        private void Close(int slot)
        {
            if (open[slot].Ours == 0)
                return;
            LinuxFiles.Close(open[slot].Theirs);
            ours.System->Release((Inode*)open[slot].Ours);
            open[slot] = default;
        }

        private long MakeDirectory(string path)
        {
            PathResult at;
            long error = Resolve(path, &at);
            if (error == 0 && (error = FileSystem.CheckNew(&at)) == 0)
                _ = ours.System->Create(at.Parent, at.Name, FileType.Directory | 0x1ED, out error);
            return error;
        }

        private long Remove(string path, bool directory)
        {
            PathResult at;
            long error = Resolve(path, &at);
            return error != 0 ? error : directory ? ours.System->RemoveDirectory(&at) : ours.System->Unlink(&at);
        }

        private long Rename(string from, string to, uint flags)
        {
            if (flags == 3)
                return -Errno.Invalid; // the call's own check
            PathResult source, target;
            long error = Resolve(from, &source);
            if (error == 0)
                error = Resolve(to, &target);
            return error != 0 ? error : ours.System->Rename(&source, &target, flags);
        }

        private long Link(string from, string to)
        {
            PathResult source, target;
            long error = ours.System->Resolve(Start, Utf8(from), followLast: false, &source);
            if (error == 0 && source.Target == null)
                error = -Errno.NoEntry;
            if (error == 0)
                error = Resolve(to, &target);
            return error != 0 ? error : ours.System->Link(source.Target, &target);
        }

        private long Symlink(string text, string path)
        {
            if (text.Length == 0)
                return -Errno.NoEntry;
            if (text.Length >= Names.LongestPath)
                return -Errno.NameTooLong;
            PathResult at;
            long error = Resolve(path, &at);
            return error != 0 ? error : ours.System->CreateLink(&at, Utf8(text));
        }

        private void CompareLink(string path, Step step)
        {
            byte[] expected = new byte[5000];
            long length = theirs.ReadLink(path, expected);
            PathResult at;
            long error = ours.System->Resolve(Start, Utf8(path), followLast: false, &at);
            if (error == 0)
                error = at.Target == null ? -Errno.NoEntry : at.Target->IsLink ? (long)at.Target->Size : -Errno.Invalid;
            Same(length, error, step);
            if (error > 0)
                Assert.Equal(expected[..(int)length], at.Target->Text.ToArray());
        }

        private (long Error, uint Mode, ulong Links, ulong Size) Stat(string path, bool follow)
        {
            PathResult at;
            long error = ours.System->Resolve(Start, Utf8(path), follow, &at);
            if (error == 0 && at.Target == null)
                error = -Errno.NoEntry;
            return error != 0 ? (error, 0, 0, 0) : (0, at.Target->Mode, at.Target->Links, at.Target->IsDirectory ? 0 : at.Target->Size);
        }

        private long Resolve(string path, PathResult* at) => ours.System->ResolveName(Start, Utf8(path), at);

        private void Compare(string path, Inode* directory)
        {
            List<(string Name, nint Inode)> entries = List(directory);
            Assert.Equal(theirs.List(path), entries.Select(e => e.Name).Order(StringComparer.Ordinal));
            foreach ((string name, nint child) in entries)
            {
                string below = path.Length == 0 ? name : $"{path}/{name}";
                Inode* inode = (Inode*)child;
                Assert.Equal(theirs.Stat(below, follow: false), Stat(below, follow: false));
                if (inode->IsDirectory)
                    Compare(below, inode);
                else if (inode->IsRegular)
                {
                    long descriptor = theirs.Open(below, 0);
                    byte[] expected = new byte[inode->Size];
                    Assert.Equal(expected.Length, LinuxFiles.Read(descriptor, 0, expected));
                    LinuxFiles.Close(descriptor);
                    Assert.Equal(expected, ours.Read(inode));
                }
            }
        }

        private void Clear(Inode* directory)
        {
            foreach ((string name, nint child) in List(directory))
            {
                Inode* inode = (Inode*)child;
                if (inode->IsDirectory)
                    Clear(inode);
                PathResult at;
                Assert.Equal(0, ours.System->Resolve(directory, Utf8(name), followLast: false, &at));
                Assert.Equal(0, inode->IsDirectory ? ours.System->RemoveDirectory(&at) : ours.System->Unlink(&at));
            }
        }

        private List<(string Name, nint Inode)> List(Inode* directory)
        {
            List<(string, nint)> entries = [];
            DirectoryCursor cursor;
            Assert.Equal(0, ours.System->OpenCursor(directory, &cursor));
            DirectoryItem item = default;
            while (FileSystem.Peek(directory, &cursor, ref item))
            {
                if (cursor.Position >= 2)
                    entries.Add((Encoding.UTF8.GetString(item.Name), (nint)item.Target));
                FileSystem.Advance(&cursor);
            }
            FileSystem.CloseCursor(directory, &cursor);
            return entries;
        }

        private void Same(long expected, long found, Step step)
        {
            history.Add($"{step.Kind} {step.M} on {Short(step.A)} and {Short(step.B)}: Linux {expected}, kernel {found}");
            Assert.True(expected == found, string.Join('\n', history));

            static string Short(int path) => Paths[path].Length > 40 ? $"{Paths[path][..3]}..." : Paths[path];
        }

        private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
    }
}
