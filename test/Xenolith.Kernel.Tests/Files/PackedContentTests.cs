using System.Runtime.InteropServices;
using System.Text;
using Xenolith.Kernel.Files;
using Xenolith.Sdk.Content;

namespace Xenolith.Kernel.Tests.Files;

/// <summary>The kernel finds in an archive what the build has put there.</summary>
public sealed unsafe class PackedContentTests
{
    [Fact]
    public void Every_file_is_found_with_its_content_and_time()
    {
        DateTimeOffset time = new(2026, 5, 17, 1, 2, 3, TimeSpan.Zero);
        Dictionary<string, byte[]> expected = new()
        {
            ["appsettings.json"] = "{}"u8.ToArray(),
            ["empty"] = [],
            ["wwwroot/index.html"] = Content(5000),
            ["wwwroot/css/site.css"] = Content(2048),
            ["wwwroot/css/größe.css"] = Content(2047),
        };
        using HostFileSystem files = new();
        byte* memory = Place(files, "/app", PackedContent.Application, expected.Select(e => new ContentFile(e.Key, e.Value, time)));

        PackedContent content = new(memory);
        Assert.True(content.IsPresent);
        Assert.Equal("Program", Encoding.UTF8.GetString(content.ProgramName));
        foreach ((string path, byte[] bytes) in expected)
        {
            Inode* inode = files.Open($"/app/{path}", 0);
            Assert.Equal(bytes, files.Read(inode));
            Assert.Equal((ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100, inode->Modified);
            Assert.Equal(FileType.Regular | 0x124u, inode->Mode);
            if (bytes.Length >= 2048)
                Assert.Equal(0ul, (ulong)inode->Bytes & 4095);
            files.System->Release(inode);
        }

        Assert.True(files.Open("/app/wwwroot/new", OpenFlags.Create, out long error) == null);
        Assert.Equal(-Kernel.Linux.Errno.ReadOnly, error);
        Assert.Equal(3u, files.Resolve("/app").Target->Directory->Count);
        NativeMemory.AlignedFree(memory);
    }

    [Fact]
    public void What_was_packed_below_usr_and_etc_lies_there_and_links_lead_there()
    {
        ContentFile[] packed =
        [
            new("app.txt", "1"u8.ToArray(), DateTimeOffset.UnixEpoch),
            new("/usr/share/zone/Town", "2"u8.ToArray(), DateTimeOffset.UnixEpoch),
            new("/etc/localtime", "/usr/share/zone/Town"u8.ToArray(), DateTimeOffset.UnixEpoch) { IsLink = true },
        ];
        using HostFileSystem files = new();
        byte* first = Place(files, "/usr", PackedContent.Shared, packed);
        Assert.Equal("2"u8, files.Read(files.Open("/usr/share/zone/Town", 0)));
        Assert.Equal(1u, files.Resolve("/usr").Target->Directory->Count);

        byte* second = Place(files, "/etc", PackedContent.Configuration, packed);
        Inode* link = files.Resolve("/etc/localtime", followLast: false).Target;
        Assert.Equal((FileType.Link | 0x1FFu, "/usr/share/zone/Town"), (link->Mode, Encoding.UTF8.GetString(link->Bytes, (int)link->Size)));
        Assert.Equal("2"u8, files.Read(files.Open("/etc/localtime", 0)));
        NativeMemory.AlignedFree(first);
        NativeMemory.AlignedFree(second);
    }

    [Fact]
    public void Files_with_the_same_content_take_its_space_once()
    {
        ContentFile[] files = [.. Enumerable.Range(0, 10).Select(i => new ContentFile($"{i}", Content(5000), DateTimeOffset.UnixEpoch))];
        Assert.Equal(ContentArchive.Encode("Program", files[..1]).Length, ContentArchive.Encode("Program", files).Length);
    }

    [Theory]
    [InlineData("/usr/")]
    [InlineData("/etc/../app")]
    [InlineData("/var/x")]
    [InlineData("/usr")]
    public void No_path_leads_elsewhere(string path) =>
        Assert.Throws<ArgumentException>(() => ContentArchive.Encode("Program", [new ContentFile(path, default, DateTimeOffset.UnixEpoch)]));

    [Fact]
    public void An_entry_is_laid_out_as_the_format_says()
    {
        PackedEntry entry = new() { Data = 1, Size = 2, Modified = 3, Name = 4, NameLength = 5, Mode = 6 };
        Assert.Equal(40, sizeof(PackedEntry));
        Assert.Equal([1, 2, 3, 0x5_0000_0004, 6], new ReadOnlySpan<ulong>(&entry, 5).ToArray());
    }

    [Fact]
    public void What_lies_behind_no_archive_is_not_taken_for_one()
    {
        ulong nothing = 0;
        Assert.False(new PackedContent((byte*)&nothing).IsPresent);
    }

    /// <summary>Makes a directory that one of an archive fills.</summary>
    private static byte* Place(HostFileSystem files, string path, uint entry, IEnumerable<ContentFile> packed)
    {
        byte[] archive = ContentArchive.Encode("Program", packed);
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)archive.Length, 4096);
        archive.CopyTo(new Span<byte>(memory, archive.Length));
        files.Archive = (nint)memory;
        files.MakeDirectory(path);
        Inode* directory = files.Resolve(path).Target;
        directory->Flags = InodeFlags.ReadOnly | InodeFlags.Unpopulated;
        directory->Tag = entry;
        return memory;
    }

    private static byte[] Content(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 31))];
}
