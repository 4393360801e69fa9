using System.Text;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Tests.Files;

/// <summary>What the comparison with Linux does not show: memory, limits, enumerations, times.</summary>
public sealed unsafe class FileSystemTests : IDisposable
{
    private const int Many = 100_000;

    private readonly HostFileSystem files = new();

    public void Dispose() => files.Dispose();

    [Fact]
    public void A_hundred_thousand_small_files_take_little_and_leave_nothing()
    {
        byte[] content = "content of a small file"u8.ToArray();
        files.MakeDirectory("/many");
        int before = files.PagesTaken;
        for (int i = 0; i < Many; i++)
        {
            Inode* inode = files.Open($"/many/file-{i}");
            Assert.Equal(content.Length, files.System->Write(inode, 0, content));
            files.System->Release(inode);
        }

        Assert.InRange((files.PagesTaken - before) * 4096L / Many, 0, 360);
        Assert.Equal((uint)Many, files.Resolve("/many").Target->Directory->Count);
        for (int i = 0; i < Many; i += 997)
            Assert.Equal(content, files.Read(files.Resolve($"/many/file-{i}").Target));
        for (int i = 0; i < Many; i++)
            Assert.Equal(0, files.Unlink($"/many/file-{i * 7919L % Many}"));
        Assert.Equal(before, files.PagesTaken);
    }

    [Fact]
    public void An_enumeration_meets_every_entry_that_stays_once_whatever_comes_and_goes()
    {
        files.MakeDirectory("/d");
        for (int i = 0; i < 100; i++)
            files.System->Release(files.Open($"/d/{i}"));
        Inode* directory = files.Resolve("/d").Target;
        DirectoryCursor cursor;
        Assert.Equal(0, files.System->OpenCursor(directory, &cursor));
        List<string> found = [];
        DirectoryItem item = default;
        while (FileSystem.Peek(directory, &cursor, ref item))
        {
            string name = Encoding.UTF8.GetString(item.Name);
            FileSystem.Advance(&cursor);
            if (name is "." or "..")
                continue;
            found.Add(name);
            files.System->Release(files.Open($"/d/new-{name}"));
            Assert.Equal(0, files.Unlink($"/d/{name}"));
            int next = int.Parse(name) + 1;
            if (next % 10 == 5)
                Assert.Equal(0, files.Unlink($"/d/{next}"));
        }

        FileSystem.CloseCursor(directory, &cursor);
        Assert.Equal(Enumerable.Range(0, 100).Where(i => i % 10 != 5).Select(i => $"{i}"), found);
    }

    [Fact]
    public void A_position_in_a_directory_can_be_returned_to()
    {
        files.MakeDirectory("/d");
        foreach (string name in new[] { "x", "y", "z" })
            files.System->Release(files.Open($"/d/{name}"));
        Inode* directory = files.Resolve("/d").Target;
        DirectoryCursor cursor;
        Assert.Equal(0, files.System->OpenCursor(directory, &cursor));
        DirectoryItem item = default;
        for (int i = 0; i < 3; i++)
        {
            Assert.True(FileSystem.Peek(directory, &cursor, ref item));
            FileSystem.Advance(&cursor);
        }

        Assert.Equal("x"u8, item.Name);
        ulong behind = item.Next;
        Assert.Equal((long)behind, files.System->Seek(directory, &cursor, behind));
        Assert.True(FileSystem.Peek(directory, &cursor, ref item));
        Assert.Equal("y"u8, item.Name);
        FileSystem.CloseCursor(directory, &cursor);
    }

    [Fact]
    public void A_write_beyond_the_limit_writes_what_fits_and_then_nothing()
    {
        using HostFileSystem small = new(limit: 20);
        Inode* inode = small.Open("/full");
        byte[] data = new byte[200_000];
        long written = small.System->Write(inode, 0, data);
        Assert.InRange(written, 60_000, 19 * 4096);
        Assert.Equal(-Errno.NoSpace, small.System->Write(inode, (ulong)written, data));
        Assert.Equal((ulong)written, inode->Size);
        Assert.Equal(-Errno.NoSpace, small.System->Allocate(inode, 0, 0, 1ul << 40));
        Assert.Equal(0ul, small.System->FreePages);
        Assert.Equal(0, small.System->Truncate(inode, 0));
        Assert.Equal(written, small.System->Write(inode, 0, data));
        small.System->Release(inode);
    }

    [Fact]
    public void Nothing_is_lost_or_broken_when_memory_runs_out_at_any_point()
    {
        for (int pages = 0; pages < 40; pages++)
        {
            using HostFileSystem small = new();
            small.PagesLeft = pages;
            for (int i = 0; i < 60; i++)
            {
                Inode* inode = small.Open($"/f{i}", OpenFlags.Create | OpenFlags.ReadWrite, out long error);
                Assert.True(error is 0 or -Errno.NoSpace);
                if (inode == null)
                    continue;
                _ = small.System->Write(inode, (ulong)(i * 700_000), new byte[i * 40]);
                small.System->Release(inode);
            }

            for (int i = 0; i < 60; i++)
            {
                PathResult at = small.Resolve($"/f{i}");
                if (at.Target != null)
                    Assert.Equal(0, small.System->Unlink(&at));
            }

            Assert.Equal(1ul, small.System->InodeCount);
            Assert.Equal(small.PagesAtStart, small.PagesTaken);
        }
    }

    [Fact]
    public void A_hole_takes_no_memory_and_is_found()
    {
        Inode* inode = files.Open("/sparse");
        int before = files.PagesTaken;
        Assert.Equal(1, files.System->Write(inode, 1ul << 40, "x"u8));
        Assert.InRange(files.PagesTaken - before, 1, 6);
        Assert.Equal((1ul << 40) + 1, inode->Size);
        Assert.Equal(8ul, FileSystem.Blocks(inode));
        Assert.Equal(1L << 40, files.System->Seek(inode, 0, hole: false));
        Assert.Equal(0, files.System->Seek(inode, 0, hole: true));
        Assert.Equal((1L << 40) + 1, files.System->Seek(inode, 1ul << 40, hole: true));
        Assert.Equal(-Errno.NoDevice, files.System->Seek(inode, (1ul << 40) + 1, hole: false));
        Assert.Equal(-Errno.TooLarge, files.System->Write(inode, long.MaxValue, "x"u8));
        files.System->Release(inode);
    }

    [Fact]
    public void An_unlinked_file_lives_until_it_is_closed()
    {
        Inode* inode = files.Open("/gone");
        int before = files.PagesTaken;
        Assert.Equal(100_000, files.System->Write(inode, 0, new byte[100_000]));
        Assert.Equal(0, files.Unlink("/gone"));
        Assert.Equal(0u, inode->Links);
        Assert.Equal(100_000, files.Read(inode).Length);
        files.System->Release(inode);
        Assert.InRange(files.PagesTaken, 0, before);
        Assert.True(files.Resolve("/gone").Target == null);
    }

    [Fact]
    public void A_directory_that_was_removed_while_it_was_open_takes_no_names_and_keeps_its_parent()
    {
        files.MakeDirectory("/d");
        files.MakeDirectory("/d/e");
        Inode* inner = files.Open("/d/e", OpenFlags.Directory);
        PathResult at = files.Resolve("/d/e");
        Assert.Equal(0, files.System->RemoveDirectory(&at));
        at = files.Resolve("/d");
        Assert.Equal(0, files.System->RemoveDirectory(&at));
        Assert.True(files.System->Open(inner, "x"u8, OpenFlags.Create, 0, out long error) == null);
        Assert.Equal(-Errno.NoEntry, error);
        Assert.Equal(0, files.System->Resolve(inner, "../.."u8, followLast: true, &at));
        Assert.True(at.Target == files.Root);
        byte[] path = new byte[64];
        Assert.Equal(-Errno.NoEntry, files.System->PathOf(inner, path));
        files.System->Release(inner);
        Assert.Equal(1ul, files.System->InodeCount);
    }

    [Fact]
    public void The_path_of_a_directory_leads_to_it()
    {
        files.MakeDirectory("/one");
        files.MakeDirectory("/one/two");
        byte[] path = new byte[9];
        Assert.Equal(8, files.System->PathOf(files.Resolve("/one/two").Target, path));
        Assert.Equal("/one/two"u8, path.AsSpan(0, 8));
        Assert.Equal(1, files.System->PathOf(files.Root, path));
        Assert.Equal((byte)'/', path[0]);
        Assert.Equal(-Errno.Range, files.System->PathOf(files.Resolve("/one/two").Target, path.AsSpan(0, 7)));
    }

    [Fact]
    public void Forty_links_are_followed_and_no_more()
    {
        files.System->Release(files.Open("/0"));
        for (int i = 1; i <= 41; i++)
        {
            PathResult at = files.Resolve($"/{i}");
            Assert.Equal(0, files.System->CreateLink(&at, Encoding.UTF8.GetBytes($"{i - 1}")));
        }

        files.System->Release(files.Open("/40", 0));
        Assert.True(files.Open("/41", 0, out long error) == null);
        Assert.Equal(-Errno.TooManyLinks, error);
    }

    [Fact]
    public void Times_say_what_was_done()
    {
        Inode* inode = files.Open("/t");
        ulong made = inode->Modified;
        files.Time += 1000;
        files.System->Write(inode, 0, "x"u8);
        Assert.True(inode->Modified > made && inode->Changed == inode->Modified && inode->Created == made && inode->Accessed == made);
        files.Time += 1000;
        files.Read(inode);
        ulong read = inode->Accessed;
        Assert.True(read > inode->Modified);
        files.Time += 1000;
        files.Read(inode);
        Assert.Equal(read, inode->Accessed);
        files.Time += 24ul * 3600 * 1_000_000_000;
        files.Read(inode);
        Assert.True(inode->Accessed > read);
        Assert.Equal(0, files.System->SetTimes(inode, 5, FileSystem.KeepTime));
        Assert.Equal(5ul, inode->Accessed);
        files.System->Release(inode);
    }

    [Fact]
    public void What_is_read_only_cannot_be_changed()
    {
        files.MakeDirectory("/ro");
        files.System->Release(files.Open("/ro/file"));
        files.Resolve("/ro").Target->Flags |= InodeFlags.ReadOnly;
        Inode* file = files.Resolve("/ro/file").Target;
        file->Flags |= InodeFlags.ReadOnly;
        foreach ((string path, uint flags) in new[] { ("/ro/file", OpenFlags.ReadWrite), ("/ro/file", OpenFlags.Truncate), ("/ro/new", OpenFlags.Create | OpenFlags.ReadWrite), ("/ro", OpenFlags.Unnamed | OpenFlags.Directory | OpenFlags.ReadWrite) })
        {
            Assert.True(files.Open(path, flags, out long error) == null);
            Assert.Equal(-Errno.ReadOnly, error);
        }

        PathResult at = files.Resolve("/ro/file"), to = files.Resolve("/moved"), directory = files.Resolve("/ro");
        Assert.Equal(-Errno.ReadOnly, files.System->Unlink(&at));
        Assert.Equal(-Errno.OtherDevice, files.System->Rename(&at, &to, 0));
        Assert.Equal(-Errno.Busy, files.System->Rename(&directory, &to, 0));
        Assert.Equal(-Errno.OtherDevice, files.System->Link(file, &to));
        Assert.Equal(-Errno.ReadOnly, files.System->SetPermissions(file, 0));
        Assert.Equal(-Errno.ReadOnly, files.System->SetTimes(file, 0, 0));
    }

    [Fact]
    public void Locks_exclude_each_other_and_a_change_that_fails_gives_up_what_was_held()
    {
        Inode* inode = files.Open("/lock");
        Assert.True(FileLocks.TryChange(inode, FileLock.None, FileLock.Shared));
        Assert.True(FileLocks.TryChange(inode, FileLock.None, FileLock.Shared));
        Assert.False(FileLocks.TryChange(inode, FileLock.None, FileLock.Exclusive));
        Assert.False(FileLocks.TryChange(inode, FileLock.Shared, FileLock.Exclusive));
        Assert.True(FileLocks.TryChange(inode, FileLock.Shared, FileLock.Exclusive));
        Assert.False(FileLocks.TryChange(inode, FileLock.None, FileLock.Shared));
        Assert.True(FileLocks.TryChange(inode, FileLock.Exclusive, FileLock.None));
        Assert.True(FileLocks.TryChange(inode, FileLock.None, FileLock.Exclusive));
        files.System->Release(inode);
    }

    [Fact]
    public void Pages_that_go_are_taken_out_of_mappings_first()
    {
        Inode* inode = files.Open("/mapped");
        files.System->Write(inode, 0, new byte[5 * 4096]);
        inode->Mappings = 1;
        Assert.Equal(0, files.System->Allocate(inode, FileSystem.PunchHole | FileSystem.KeepSize, 100, 2 * 4096));
        Assert.Equal(0, files.System->Truncate(inode, (3 * 4096) + 1));
        Assert.Equal([(1ul, 2ul), (4ul, PageIndex.None)], files.Unmapped);
        inode->Mappings = 0;
        files.System->Release(inode);
    }
}
