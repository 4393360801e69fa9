// The memory of a file system: pages for content, and blocks of a few sizes, cut from pages, for everything smaller. A page whose last
// block is returned is given back, so that what files took is there again when they are gone.
using System;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Files;

/// <summary>Starts zeroed and must not move. Not thread-safe.</summary>
internal unsafe struct FileHeap
{
    /// <summary>The largest block that is not a page of its own.</summary>
    internal const int LargestBlock = 2032;

    private const int Classes = 14;

    /// <summary>Sizes of blocks, in units of 16 bytes: as many of each as fit behind the header of a page.</summary>
    private static ReadOnlySpan<byte> Sixteenths => "\u0002\u0003\u0004\u0006\u0008\u000C\u0010\u0015\u001C\u0024\u0032\u003F\u0054\u007F"u8; // 2, 3, 4, 6, 8, 12, 16, 21, 28, 36, 50, 63, 84, 127

    /// <summary>At the start of a page that is cut into blocks. Pages with a free block are in the list of their size.</summary>
    private struct Slab
    {
        internal Slab* Next, Previous;
        internal void* Free;
        internal ushort Used;
        internal ushort Class;
        // Bytes of the page that have been cut: blocks beyond them have never been used.
        internal uint Cut;
    }

    private fixed ulong partial[Classes];
    private delegate*<byte*> takePage;
    private delegate*<byte*, void> returnPage;

    /// <summary>Pages that may be in use; more is "no space left on device".</summary>
    internal ulong Limit;

    /// <summary>Pages in use.</summary>
    internal ulong Used;

    /// <param name="take">Gives a page of unknown content, or null.</param>
    /// <param name="give">Takes it back.</param>
    /// <param name="limit">See <see cref="Limit"/>.</param>
    internal void Initialize(delegate*<byte*> take, delegate*<byte*, void> give, ulong limit)
    {
        takePage = take;
        returnPage = give;
        Limit = limit;
    }

    /// <summary>A page of unknown content, or null.</summary>
    internal byte* TakePage()
    {
        if (Used >= Limit)
            return null;
        byte* page = takePage();
        if (page != null)
            Used++;
        return page;
    }

    /// <summary>A page of zeroes, or null.</summary>
    internal byte* TakeZeroedPage()
    {
        byte* page = TakePage();
        if (page != null)
            Asm.Fill(page, 0, (nuint)Layout.PageSize);
        return page;
    }

    internal void ReturnPage(byte* page)
    {
        KernelAssert.That(Used > 0, "file heap: more pages returned than taken");
        Used--;
        returnPage(page);
    }

    /// <summary>The bytes that a block for so many has room for; 0 if there is none as large.</summary>
    internal static int Capacity(int size)
    {
        int index = ClassOf(size);
        return index < Classes ? SizeOf(index) : 0;
    }

    /// <summary>
    /// A block of unknown content with room for <paramref name="size"/> bytes, at most <see cref="LargestBlock"/>; null when there is no memory.
    /// </summary>
    internal void* Take(int size)
    {
        int index = ClassOf(size);
        KernelAssert.That(index < Classes, "file heap: block too large");
        Slab* slab = (Slab*)partial[index];
        if (slab == null)
        {
            slab = (Slab*)TakePage();
            if (slab == null)
                return null;
            *slab = default;
            slab->Class = (ushort)index;
            slab->Cut = (uint)sizeof(Slab);
            Link(slab);
        }
        void* block = slab->Free;
        if (block != null)
            slab->Free = *(void**)block;
        else
        {
            block = (byte*)slab + slab->Cut;
            slab->Cut += (uint)SizeOf(index);
        }
        slab->Used++;
        if (IsFull(slab))
            Unlink(slab);
        return block;
    }

    /// <summary>Gives a block back.</summary>
    internal void Return(void* block)
    {
        Slab* slab = (Slab*)((ulong)block & ~Layout.PageMask);
        KernelAssert.That(slab->Used > 0, "file heap: block returned twice");
        bool wasFull = IsFull(slab);
        *(void**)block = slab->Free;
        slab->Free = block;
        slab->Used--;
        if (slab->Used == 0)
        {
            if (!wasFull)
                Unlink(slab);
            ReturnPage((byte*)slab);
        }
        else if (wasFull)
            Link(slab);
    }

    private static int SizeOf(int index) => Sixteenths[index] * 16;

    private static int ClassOf(int size)
    {
        int index = 0;
        while (index < Classes && SizeOf(index) < size)
            index++;
        return index;
    }

    private static bool IsFull(Slab* slab) => slab->Free == null && slab->Cut + (uint)SizeOf(slab->Class) > (uint)Layout.PageSize;

    private void Link(Slab* slab)
    {
        Slab* next = (Slab*)partial[slab->Class];
        slab->Next = next;
        slab->Previous = null;
        if (next != null)
            next->Previous = slab;
        partial[slab->Class] = (ulong)slab;
    }

    private void Unlink(Slab* slab)
    {
        if (slab->Previous != null)
            slab->Previous->Next = slab->Next;
        else
            partial[slab->Class] = (ulong)slab->Next;
        if (slab->Next != null)
            slab->Next->Previous = slab->Previous;
    }
}
