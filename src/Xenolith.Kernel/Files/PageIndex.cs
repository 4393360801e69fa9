// The pages of a file by their number: a tree of tables with 512 entries, as high as the highest page needs. What is not there is a hole.
//
//      height 0    the page 0 itself
//      height 1    a table of pages 0 to 511
//      height 2    a table of such tables, and so on
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Files;

/// <summary>Starts zeroed. Pages and tables are the heap's, which must be the same at every call.</summary>
internal unsafe struct PageIndex
{
    /// <summary>No page.</summary>
    internal const ulong None = ulong.MaxValue;

    private const int Shift = 9, Entries = 1 << Shift;
    private const int MaximumHeight = 6; // 2^54 pages

    private ulong* root;
    private int height;

    /// <summary>Pages that are there.</summary>
    internal ulong Count { get; private set; }

    /// <summary>A page, or null for a hole.</summary>
    internal readonly byte* Find(ulong number)
    {
        if (root == null || !IsInRange(number, height))
            return null;
        ulong* at = root;
        for (int level = height; level > 0; level--)
        {
            at = (ulong*)at[number >> (level - 1) * Shift & Entries - 1];
            if (at == null)
                return null;
        }
        return (byte*)at;
    }

    /// <summary>Puts a page into a hole. False if there is no memory for tables, or the number is beyond all files.</summary>
    internal bool Add(FileHeap* heap, ulong number, byte* page)
    {
        if (!IsInRange(number, MaximumHeight))
            return false;
        if (root == null)
        {
            height = 0;
            while (!IsInRange(number, height))
                height++;
        }
        while (!IsInRange(number, height))
        {
            ulong* table = (ulong*)heap->TakeZeroedPage();
            if (table == null)
                return false;
            table[0] = (ulong)root;
            root = table;
            height++;
        }
        ulong** link = Root();
        for (int level = height; level > 0; level--)
        {
            if (*link == null && (*link = (ulong*)heap->TakeZeroedPage()) == null)
                return false;
            link = (ulong**)(*link + (number >> (level - 1) * Shift & Entries - 1));
        }
        *link = (ulong*)page;
        Count++;
        return true;
    }

    /// <summary>Gives back the pages from <paramref name="first"/> to before <paramref name="end"/>, and the tables that are empty then.</summary>
    internal void Remove(FileHeap* heap, ulong first, ulong end)
    {
        if (root != null && first < end && IsInRange(first, height))
            Remove(heap, Root(), height, 0, first, end);
    }

    /// <summary>The first page that is there, from a number on; <see cref="None"/> if there is none.</summary>
    internal readonly ulong Next(ulong number) => root == null || !IsInRange(number, height) ? None : Next(root, height, 0, number);

    /// <summary>How many pages are there from <paramref name="first"/> to before <paramref name="end"/>.</summary>
    internal readonly ulong CountIn(ulong first, ulong end)
    {
        ulong count = 0;
        for (ulong at = Next(first); at < end; at = Next(at + 1))
            count++;
        return count;
    }

    private void Remove(FileHeap* heap, ulong** link, int level, ulong start, ulong first, ulong end)
    {
        if (*link == null)
            return;
        if (level == 0)
        {
            heap->ReturnPage((byte*)*link);
            *link = null;
            Count--;
            return;
        }
        ulong* table = *link;
        int shift = (level - 1) * Shift;
        ulong from = first > start ? first - start >> shift : 0, span = 1ul << shift;
        bool isEmpty = true;
        for (ulong i = from; i < Entries && start + i * span < end; i++)
            Remove(heap, (ulong**)(table + i), level - 1, start + i * span, first, end);
        for (int i = 0; i < Entries && isEmpty; i++)
            isEmpty = table[i] == 0;
        if (!isEmpty)
            return;
        heap->ReturnPage((byte*)table);
        *link = null;
    }

    private static ulong Next(ulong* at, int level, ulong start, ulong number)
    {
        if (level == 0)
            return start;
        int shift = (level - 1) * Shift;
        for (ulong i = number > start ? number - start >> shift : 0; i < Entries; i++)
        {
            ulong* below = (ulong*)at[i];
            if (below == null)
                continue;
            ulong found = Next(below, level - 1, start + (i << shift), number);
            if (found != None)
                return found;
        }
        return None;
    }

    private static bool IsInRange(ulong number, int height) => number >> height * Shift == 0;

    // The structure lies in an inode, which does not move.
    private ulong** Root()
    {
        fixed (ulong** link = &root)
            return link;
    }
}
