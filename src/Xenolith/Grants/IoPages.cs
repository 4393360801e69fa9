namespace Xenolith.Grants;

/// <summary>
/// Pages of this domain that can be granted to others: contiguous, page-aligned, and zero when they are handed out, so that nothing of an earlier use
/// reaches another domain. One owner, who disposes of them.
/// </summary>
/// <remarks>
/// Disposing of pages of which some are still granted is allowed: their memory is used again only when the last grant has ended. Pages are
/// plain memory and survive a resume; their grants do not.
/// </remarks>
public sealed unsafe class IoPages : SharedMemory
{
    private readonly GrantTable _table;
    private int _holds; // grants and pins, under the table's lock
    private volatile bool _disposed;

    internal IoPages(GrantTable table, nint address, int pages, Origin origin)
        : base(address, pages)
    {
        _table = table;
        Origin = origin;
    }

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <summary>Grants of these pages that have not ended, and pins.</summary>
    public int HoldCount => Volatile.Read(ref _holds);

    internal Origin Origin { get; }

    internal bool IsDisposed => _disposed;

    internal nint PageAddress(int page) => (nint)(Start + ((long)CheckPage(page) * PageSize));

    internal nint FirstByte => (nint)Start;

    /// <summary>Under the table's lock.</summary>
    internal void AddHold() => _holds++;

    /// <summary>Under the table's lock.</summary>
    /// <returns>True when that was the last one of pages that have no owner any more: they are free.</returns>
    internal bool RemoveHold() => --_holds == 0 && _disposed;

    private protected override void Hold()
    {
        lock (_table.SyncRoot)
        {
            ThrowIfUnusable(true);
            AddHold();
        }
    }

    private protected override void Release() => _table.Release(this);

    private protected override void ThrowIfUnusable(bool forWriting) => ObjectDisposedException.ThrowIf(_disposed, this);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (_table.SyncRoot)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (_holds == 0)
                _table.Free(this);
        }
    }
}
