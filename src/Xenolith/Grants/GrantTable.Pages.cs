namespace Xenolith.Grants;

// This domain's own pages: made, kept for the next use, given back.
public sealed partial class GrantTable
{
    /// <summary>
    /// Pages that can be granted: contiguous, zeroed, with one owner. Cheap for single pages, which are kept for the next use.
    /// </summary>
    /// <exception cref="InsufficientMemoryException">The domain has not that much memory.</exception>
    public unsafe IoPages AllocatePages(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        nint address = 0;
        lock (SyncRoot)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (count != 1 || !_cachedPages.TryPop(out address))
                address = Operations.AllocatePages(count);
            if (address == 0)
            {
                DropCachedPages();
                address = Operations.AllocatePages(count);
            }
            if (address == 0)
                throw new InsufficientMemoryException($"The domain has no memory for {count} I/O pages.");
        }
        // Always here, whatever the place promises: what an earlier user wrote must not reach another domain. The pages are this caller's alone.
        new Span<byte>((void*)address, checked(count * SharedMemory.PageSize)).Clear();
        IoPages pages = new(this, address, count, Origin.Here());
        lock (SyncRoot)
            _pages.Add(pages);
        return pages;
    }

    /// <summary>Gives back the I/O pages that are kept for the next use.</summary>
    internal void ReleaseCachedPages()
    {
        lock (SyncRoot)
            DropCachedPages();
    }

    /// <summary>A pin or grant of pages has ended.</summary>
    internal void Release(IoPages pages)
    {
        lock (SyncRoot)
        {
            if (pages.RemoveHold())
                Free(pages);
        }
    }

    /// <summary>Nobody has the pages any more. Under the lock.</summary>
    internal void Free(IoPages pages)
    {
        if (!_pages.Remove(pages))
            return;
        if (pages.PageCount == 1 && _cachedPages.Count < Options.CachedPages && !_disposed)
            _cachedPages.Push(pages.FirstByte);
        else
            _ = Operations.FreePages(pages.FirstByte, pages.PageCount); // the place keeps pages that it knows to be granted
    }

    private void DropCachedPages()
    {
        while (_cachedPages.TryPop(out nint page))
            _ = Operations.FreePages(page, 1);
    }
}
