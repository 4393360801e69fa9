using System.Text;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Tests.Files;

/// <summary>Links that lead to what is open instead of to a path.</summary>
public sealed unsafe class DescriptorLinkTests : IDisposable
{
    private const uint Descriptor = 7;
    private readonly HostFileSystem files = new();

    public DescriptorLinkTests()
    {
        PathResult at = files.Resolve("/link");
        Inode* link = files.System->Create(at.Parent, at.Name, FileType.Link | 0x1C0, out long error);
        Assert.Equal(0, error);
        (link->Tag, link->Flags) = (Descriptor, InodeFlags.ReadOnly | InodeFlags.Descriptor);
    }

    public void Dispose() => files.Dispose();

    [Fact]
    public void A_file_is_reached_after_its_name_has_gone()
    {
        Inode* file = Open("/file");
        Assert.Equal(0, files.Unlink("/file"));
        Assert.Equal((nint)file, (nint)files.Resolve("/link", followLast: true).Target);
        Assert.Equal(-Errno.NotDirectory, Resolve("/link/"));
        Assert.Equal(-Errno.NotDirectory, Resolve("/link/x"));
    }

    [Fact]
    public void A_path_goes_on_below_a_directory()
    {
        files.MakeDirectory("/folder");
        files.System->Release(files.Open("/folder/file"));
        files.Descriptors[Descriptor] = (nint)files.Resolve("/folder").Target;
        Assert.Equal((nint)files.Resolve("/folder/file").Target, (nint)files.Resolve("/link/file").Target);
        Assert.Equal((nint)files.Root, (nint)files.Resolve("/link/..").Target);
        Assert.Equal(0, Resolve("/link/"));
    }

    [Fact]
    public void What_has_no_place_in_the_file_system_cannot_be_opened()
    {
        Assert.Equal(-Errno.NoDevice, Resolve("/link"));
        Assert.True(files.Open("/link", OpenFlags.Create | OpenFlags.ReadWrite, out long error) == null);
        Assert.Equal(-Errno.NoDevice, error);
    }

    [Fact]
    public void The_path_of_an_open_file_is_that_of_its_last_name()
    {
        files.MakeDirectory("/folder");
        Inode* file = Open("/file");
        Assert.Equal("/file", PathOf(file, 100));
        PathResult from = files.Resolve("/file"), to = files.Resolve("/folder/other");
        Assert.Equal(0, files.System->Rename(&from, &to, 0));
        Assert.Equal("/folder/other", PathOf(file, 13));
        Assert.Equal($"{-Errno.Range}", PathOf(file, 12));
        Assert.Equal(0, files.Unlink("/folder/other"));
        Assert.Equal($"{-Errno.NoEntry}", PathOf(file, 100));
        Assert.Equal("/", PathOf(files.Root, 1));
    }

    private Inode* Open(string path)
    {
        Inode* file = files.Open(path);
        files.Descriptors[Descriptor] = (nint)file;
        return file;
    }

    private long Resolve(string path)
    {
        PathResult result;
        return files.System->Resolve(files.Root, Encoding.UTF8.GetBytes(path), followLast: true, &result);
    }

    private string PathOf(Inode* inode, int room)
    {
        byte[] buffer = new byte[room];
        long length = files.System->PathOfAny(inode, buffer);
        return length < 0 ? $"{length}" : Encoding.UTF8.GetString(buffer, 0, (int)length);
    }
}
