// A file system of the kernel in the test's own memory, which counts what it takes.

using System.Runtime.InteropServices;
using System.Text;
using Xenolith.Kernel.Files;

namespace Xenolith.Kernel.Tests.Files;

internal sealed unsafe class HostFileSystem : IDisposable
{
    // The callbacks are plain functions: they serve the file system of the test that runs on this thread.
    [ThreadStatic]
    private static HostFileSystem? current;

    private readonly HashSet<nint> pages = [];

    public HostFileSystem(ulong limit = 1 << 20)
    {
        current = this;
        System = (FileSystem*)NativeMemory.AllocZeroed((nuint)sizeof(FileSystem));
        FileSystemHost host = default;
        host.TakePage = &TakePage;
        host.ReturnPage = &ReturnPage;
        host.AvailablePages = &AvailablePages;
        host.Now = &Now;
        host.Populate = &Populate;
        host.Follow = &Follow;
        host.Unmap = &Unmap;
        host.EventAdded = &EventAdded;
        Assert.Equal(0, System->Initialize(host, limit));
        PagesAtStart = PagesTaken;
    }

    public FileSystem* System { get; }

    public ulong Time { get; set; } = 1_000_000_000_000_000_000;

    /// <summary>Pages that could be had beside the limit.</summary>
    public int PagesLeft { get; set; } = int.MaxValue;

    public int PagesTaken => pages.Count;

    public int PagesAtStart { get; }

    /// <summary>What directories that are not populated have.</summary>
    public nint Archive { get; set; }

    /// <summary>What each descriptor has open; one that is not there can be told, but not followed.</summary>
    public Dictionary<uint, nint> Descriptors { get; } = [];

    /// <summary>Ranges of pages that were to be taken out of mappings.</summary>
    public List<(ulong First, ulong End)> Unmapped { get; } = [];

    /// <summary>How often a watcher was said to have something to read.</summary>
    public int EventsAdded { get; private set; }

    public Inode* Root => System->Root;

    /// <summary>Opens a path from the root; a negative errno instead of the inode in <paramref name="error"/>.</summary>
    public Inode* Open(string path, uint flags, out long error) => System->Open(Root, Encoding.UTF8.GetBytes(path), flags, 0x1A4, out error);

    /// <summary>Opens a path that must be there or can be made; the caller releases it.</summary>
    public Inode* Open(string path, uint flags = OpenFlags.Create | OpenFlags.ReadWrite)
    {
        Inode* inode = Open(path, flags, out long error);
        Assert.Equal(0, error);
        return inode;
    }

    public PathResult Resolve(string path, bool followLast = false)
    {
        PathResult result;
        Assert.Equal(0, System->Resolve(Root, Encoding.UTF8.GetBytes(path), followLast, &result));
        return result;
    }

    public void MakeDirectory(string path)
    {
        PathResult at = Resolve(path);
        Assert.True(System->Create(at.Parent, at.Name, FileType.Directory | 0x1ED, out long error) != null, $"{error}");
    }

    public long Unlink(string path)
    {
        PathResult at = Resolve(path);
        return System->Unlink(&at);
    }

    public byte[] Read(Inode* inode)
    {
        byte[] content = new byte[inode->Size];
        Assert.Equal(content.Length, System->Read(inode, 0, content));
        return content;
    }

    public void Dispose()
    {
        current = null;
        foreach (nint page in pages)
            NativeMemory.AlignedFree((void*)page);
        NativeMemory.Free(System);
    }

    private static byte* TakePage()
    {
        if (current!.PagesLeft == 0)
            return null;
        current.PagesLeft--;
        void* page = NativeMemory.AlignedAlloc(4096, 4096);
        // A page comes with whatever was in it.
        NativeMemory.Fill(page, 4096, 0xCC);
        current.pages.Add((nint)page);
        return (byte*)page;
    }

    private static void ReturnPage(byte* page)
    {
        Assert.True(current!.pages.Remove((nint)page), "a page that was not taken");
        current.PagesLeft++;
        NativeMemory.AlignedFree(page);
    }

    private static ulong AvailablePages() => (ulong)current!.PagesLeft;

    private static ulong Now() => current!.Time++;

    private static long Populate(Inode* directory) => new PackedContent((byte*)current!.Archive).Populate(current.System, directory, directory->Tag);

    private static Inode* Follow(Inode* link) => (Inode*)current!.Descriptors.GetValueOrDefault(link->Tag);

    private static void EventAdded() => current!.EventsAdded++;

    private static void Unmap(Inode* inode, ulong first, ulong end) => current!.Unmapped.Add((first, end));
}
