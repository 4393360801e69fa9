// Pages for the kernel's callbacks: as many as a test allows, all freed at its end.

using System.Runtime.InteropServices;

namespace Xenolith.Kernel.Tests;

internal sealed unsafe class PageSource : IDisposable
{
    // The callback is a plain function: it serves the source of the test that runs on this thread.
    [ThreadStatic]
    private static PageSource? current;

    private readonly List<nint> pages = [];

    public PageSource(int limit)
    {
        Limit = limit;
        current = this;
    }

    public static delegate*<void*> Take => &TakePage;

    /// <summary>Pages that may be taken in all.</summary>
    public int Limit { get; set; }

    public int Taken => pages.Count;

    public void Dispose()
    {
        current = null;
        foreach (nint page in pages)
            NativeMemory.AlignedFree((void*)page);
    }

    private static void* TakePage()
    {
        PageSource source = current!;
        if (source.pages.Count >= source.Limit)
            return null;
        void* page = NativeMemory.AlignedAlloc(4096, 4096);
        // A page comes with whatever was in it.
        NativeMemory.Fill(page, 4096, 0xCC);
        source.pages.Add((nint)page);
        return page;
    }
}
