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
        byte[] archive = ContentArchive.Encode("Program", expected.Select(e => new ContentFile(e.Key, e.Value, time)));
        void* memory = NativeMemory.AlignedAlloc((nuint)archive.Length, 4096);
        archive.CopyTo(new Span<byte>(memory, archive.Length));
        using HostFileSystem files = new();
        files.Archive = (nint)memory;
        files.MakeDirectory("/app");
        files.Resolve("/app").Target->Flags = InodeFlags.ReadOnly | InodeFlags.Unpopulated;

        PackedContent content = new((byte*)memory);
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

    private static byte[] Content(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 31))];
}
