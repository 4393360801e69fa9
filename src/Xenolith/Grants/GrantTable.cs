using System.Text;
using Xenolith.Abi;

namespace Xenolith.Grants;

/// <summary>
/// The memory that this domain shares: pages of its own that others may use (<see cref="ShareAsync"/>, <see cref="ReserveAsync"/>), others' pages
/// that it uses (<see cref="Map(ForeignGrant, GrantAccess)"/>, <see cref="Copy"/>), and the table of references behind the former.
/// </summary>
/// <remarks>
/// Safe from any thread. A reference goes round in this circle; there is no other way, so none is lost and none is used while a peer has its page:
/// <code>
///            reserve              grant
///    free -----------> reserved -----------> granted
///     ^ ^                 | ^                 |   |
///     | +----- dispose ---+ +--- end: done ---+   | dispose while the peer has it mapped
///     |                                           v
///     +------ a try succeeds --------------- reclaiming (tried again with growing pauses)
/// </code>
/// </remarks>
public sealed partial class GrantTable : IDisposable
{
    private readonly GrantReclaimer _reclaimer;
    private readonly Stack<uint> _free = new();
    private readonly LinkedList<Reservation> _waiting = new();
    private readonly HashSet<IoPages> _pages = [];
    private readonly Stack<nint> _cachedPages = new();
    private readonly HashSet<ForeignMapping> _mappings = [];
    private Slot[] _slots = []; // by reference
    private GrantTableSize _size;
    private int _reserved, _granted, _mappedPages;
    private long _reclaimed, _tries, _failedUnmaps;
    private bool _disposed;

    internal GrantTable(XenPlatform platform, GrantOperations operations, GrantOptions options)
    {
        Platform = platform;
        Operations = operations;
        Options = options;
        _reclaimer = new GrantReclaimer(platform.TimeProvider, options, RetryDue);
        TakeSize(operations.GetSize());
    }

    internal Lock SyncRoot { get; } = new();

    internal XenPlatform Platform { get; }

    internal GrantOptions Options { get; }

    internal GrantOperations Operations { get; }

    /// <summary>References that there can be at once: more cannot even be waited for.</summary>
    public int Limit => (int)(_size.Maximum - _size.FirstUsable);

    /// <summary>Reserves references as soon as there are enough: all of them or none. Who asks first is served first.</summary>
    /// <param name="count">How many, 1 to <see cref="Limit"/>.</param>
    /// <param name="cancellationToken">Gives up the place in the queue; those behind move up.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<GrantReferences> ReserveAsync(int count, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<GrantReferences>(cancellationToken);
        Reservation reservation;
        lock (SyncRoot)
        {
            if (TryTake(count) is { } references)
                return new ValueTask<GrantReferences>(references);
            reservation = new Reservation(this, count, cancellationToken);
            reservation.Node = _waiting.AddLast(reservation);
        }
        return new ValueTask<GrantReferences>(reservation.WaitAsync());
    }

    /// <summary>Reserves references if there are enough now and nobody waits for any.</summary>
    /// <returns><see langword="null"/> if not.</returns>
    public GrantReferences? TryReserve(int count)
    {
        lock (SyncRoot)
            return TryTake(count);
    }

    /// <summary>Grants all of the given pages to one domain, with references of their own.</summary>
    /// <inheritdoc cref="ShareAsync"/>
    public async ValueTask<GrantReferences> GrantAsync(ushort domain, IoPages pages, GrantAccess access, CancellationToken cancellationToken = default)
    {
        GrantReferences references = await ReserveAsync(pages.PageCount, cancellationToken);
        try
        {
            for (int page = 0; page < pages.PageCount; page++)
                references.Grant(page, domain, pages, page, access);
            return references;
        }
        catch
        {
            references.Dispose();
            throw;
        }
    }

    /// <summary>Makes zeroed pages and grants them to one domain.</summary>
    /// <param name="domain">The domain that gets access.</param>
    /// <param name="count">How many pages.</param>
    /// <param name="access">What that domain may do.</param>
    /// <param name="cancellationToken">Gives up waiting for references.</param>
    /// <exception cref="InsufficientMemoryException">The domain has not that much memory.</exception>
    /// <exception cref="XenException">The kernel refused.</exception>
    public async ValueTask<SharedPages> ShareAsync(ushort domain, int count, GrantAccess access, CancellationToken cancellationToken = default)
    {
        IoPages pages = AllocatePages(count);
        try
        {
            return new SharedPages(pages, await GrantAsync(domain, pages, access, cancellationToken));
        }
        catch
        {
            ((IDisposable)pages).Dispose();
            throw;
        }
    }

    /// <summary>Figures for a metric or a test.</summary>
    public GrantStatistics GetStatistics()
    {
        lock (SyncRoot)
        {
            return new GrantStatistics(
                _free.Count, Limit, _reserved, _granted, _reclaimer.Count, _reclaimed, _tries, _waiting.Count,
                _pages.Sum(pages => pages.PageCount), _cachedPages.Count, _mappedPages, _failedUnmaps);
        }
    }

    /// <summary>
    /// A text with every grant, page and mapping that is in use; in DEBUG builds of this library with the stack of whoever took it.
    /// </summary>
    public string Dump()
    {
        StringBuilder text = new();
        text.AppendLine(GetStatistics().ToString());
        lock (SyncRoot)
        {
            for (int reference = 0; reference < _slots.Length; reference++)
            {
                ref Slot slot = ref _slots[reference];
                if (slot.State is SlotState.Granted or SlotState.Reclaiming)
                    text.Append(null, $"reference {reference} to domain {slot.Domain}: {slot.State}\n{slot.Origin}");
            }
            foreach (IoPages pages in _pages)
                text.Append(null, $"{pages.PageCount} pages at {pages.FirstByte:x}: {(pages.IsDisposed ? "waiting for a grant to end" : "in use")}\n{pages.Origin}");
            foreach (ForeignMapping mapping in _mappings)
                text.Append(null, $"{mapping.PageCount} pages of other domains, {mapping.Access}\n{mapping.Origin}");
        }
        return text.ToString();
    }

    /// <summary>Stops the reclamation and gives cached pages back. What is granted stays granted and allocated.</summary>
    public void Dispose()
    {
        lock (SyncRoot)
        {
            if (_disposed)
                return;
            _disposed = true;
            foreach (Reservation reservation in _waiting)
                reservation.Fail(new ObjectDisposedException(nameof(GrantTable)));
            _waiting.Clear();
            DropCachedPages();
        }
        _reclaimer.Dispose();
        Operations.Dispose();
    }
}
