using System.Text;
using Xenolith.Abi;

namespace Xenolith.Grants;

/// <summary>
/// The memory that this domain shares: pages of its own that others may use (<see cref="ShareAsync"/>, <see cref="ReserveAsync"/>), others' pages that it
/// uses (<see cref="Map(ForeignGrant, GrantAccess)"/>, <see cref="Copy"/>), and the table of references behind the former.
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

    private enum SlotState : byte
    {
        Kernel, // below the first usable one, or not in the table yet
        Free,
        Reserved,
        Granted,
        Reclaiming,
    }

    private struct Slot
    {
        internal SlotState State;
        internal ushort Domain;
        internal IoPages? Pages; // held while granted: this reference keeps them from the collector, their count from being used again
        internal Origin Origin;
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

    /// <summary>A text with every grant, page and mapping that is in use; in DEBUG builds of this library with the stack of whoever took it.</summary>
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

    /// <returns>The number that the other domain needs.</returns>
    internal uint Grant(GrantReferences owner, uint reference, ushort domain, IoPages pages, int page, GrantAccess access)
    {
        GrantAccessRequest request = new()
        {
            Address = (ulong)pages.PageAddress(page),
            Reference = reference,
            Domain = domain,
            Flags = access == GrantAccess.ReadOnly ? GrantFlag.ReadOnly : (ushort)0,
        };
        lock (SyncRoot)
        {
            CheckOwner(owner);
            ObjectDisposedException.ThrowIf(pages.IsDisposed, pages);
            ref Slot slot = ref _slots[reference];
            if (slot.State != SlotState.Reserved)
                throw new InvalidOperationException($"Reference {reference} grants a page already. End that first.");
            Operations.Grant(new Span<GrantAccessRequest>(ref request));
            if (request.Result != 0)
                throw new XenException($"grant a page to domain {domain}", (XenError)(-request.Result));
            Trace(TraceKind.GrantAccess, request.Flags == 0 ? 0u : 1, request.Reference, domain);
            slot = new Slot { State = SlotState.Granted, Domain = domain, Pages = pages, Origin = Origin.Here() };
            pages.AddHold();
            _reserved--;
            _granted++;
            return request.Reference;
        }
    }

    internal EndGrantResult TryEnd(GrantReferences owner, uint reference)
    {
        lock (SyncRoot)
        {
            CheckOwner(owner);
            if (_slots[reference].State != SlotState.Granted)
                return EndGrantResult.Ended;
            XenError error = End(reference);
            if (error == XenError.Busy)
                return EndGrantResult.Busy;
            if (error != XenError.None)
                throw new XenException($"end the grant {reference}", error); // still granted: the table says so too
            ReleasePages(ref _slots[reference]);
            _slots[reference] = new Slot { State = SlotState.Reserved };
            _granted--;
            _reserved++;
            return EndGrantResult.Ended;
        }
    }

    /// <summary>The owner has no use for its references any more.</summary>
    internal void Return(GrantReferences owner)
    {
        lock (SyncRoot)
        {
            if (owner.IsDisposed)
                return;
            owner.IsDisposed = true;
            if (owner.Generation != Platform.Generation)
                return; // taken back when the domain was resumed
            foreach (uint reference in owner.All)
            {
                ref Slot slot = ref _slots[reference];
                if (slot.State == SlotState.Reserved)
                {
                    _reserved--;
                    MakeFree(reference);
                    continue;
                }
                _granted--;
                if (End(reference) == XenError.None)
                {
                    MakeFree(reference);
                }
                else
                {
                    // Whatever the reason, the other domain may still have the page: it stays allocated and granted until a try succeeds.
                    slot.State = SlotState.Reclaiming;
                    _reclaimer.Add(reference);
                }
            }
            ServeWaiting();
        }
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

    /// <summary>After a resume, which has emptied the table: every reference is free. Under the lock.</summary>
    internal void ForgetAll()
    {
        _reclaimer.Clear();
        for (int reference = 0; reference < _slots.Length; reference++)
            ReleasePages(ref _slots[reference]);
        _slots = [];
        _free.Clear();
        _reserved = _granted = 0;
        _size = default;
        TakeSize(Operations.GetSize());
        ServeWaiting();
    }

    private XenError End(uint reference)
    {
        XenError error = XenError.None;
        Operations.End(new ReadOnlySpan<uint>(in reference), new Span<XenError>(ref error));
        Trace(TraceKind.GrantEnd, 0, reference, (ulong)error);
        return error;
    }

    private void RetryDue()
    {
        lock (SyncRoot)
        {
            if (_disposed)
                return;
            // Those that fail are due later than now, so this ends.
            while (_reclaimer.TryTakeDue(out GrantReclaimer.Entry entry))
            {
                _tries++;
                if (End(entry.Reference) == XenError.None)
                {
                    _reclaimed++;
                    MakeFree(entry.Reference);
                }
                else
                {
                    _reclaimer.AddAgain(entry);
                }
            }
            ServeWaiting();
        }
    }

    private GrantReferences? TryTake(int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Limit);
        return _waiting.Count == 0 && HasFree(count) ? Take(count) : null;
    }

    private bool HasFree(int count)
    {
        while (_free.Count < count)
        {
            uint before = _size.Current;
            if (before < _size.Maximum)
                TakeSize(Operations.Grow());
            if (_size.Current == before)
                return false;
        }
        return true;
    }

    private GrantReferences Take(int count)
    {
        uint[] references = new uint[count];
        for (int i = 0; i < count; i++)
        {
            references[i] = _free.Pop();
            _slots[references[i]].State = SlotState.Reserved;
        }
        _reserved += count;
        return new GrantReferences(this, references, Platform.Generation);
    }

    private void ServeWaiting()
    {
        while (_waiting.First is { } first && HasFree(first.Value.Count))
        {
            _waiting.RemoveFirst();
            first.Value.Complete(Take(first.Value.Count));
        }
    }

    private void MakeFree(uint reference)
    {
        ReleasePages(ref _slots[reference]);
        _slots[reference] = new Slot { State = SlotState.Free };
        _free.Push(reference);
    }

    private void ReleasePages(ref Slot slot)
    {
        if (slot.Pages is { } pages)
        {
            slot.Pages = null;
            if (pages.RemoveHold())
                Free(pages);
        }
    }

    private void CheckOwner(GrantReferences owner)
    {
        ObjectDisposedException.ThrowIf(owner.IsDisposed, owner);
        if (owner.Generation != Platform.Generation)
            throw new StaleHandleException("A set of grant references");
    }

    private void TakeSize(GrantTableSize size)
    {
        Array.Resize(ref _slots, (int)size.Current);
        // Lower numbers on top: they are used first and the rest of the table stays untouched.
        for (uint reference = size.Current; reference-- > Math.Max(_size.Current, size.FirstUsable);)
        {
            _slots[reference].State = SlotState.Free;
            _free.Push(reference);
        }
        _size = size;
    }

    private void DropCachedPages()
    {
        while (_cachedPages.TryPop(out nint page))
            _ = Operations.FreePages(page, 1);
    }

    /// <summary>Somebody who waits for references.</summary>
    private sealed class Reservation(GrantTable table, int count, CancellationToken cancellationToken)
    {
        private readonly TaskCompletionSource<GrantReferences> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal int Count => count;

        internal LinkedListNode<Reservation>? Node { get; set; }

        internal void Complete(GrantReferences references) => _completion.SetResult(references);

        internal void Fail(Exception error) => _completion.TrySetException(error);

        internal async Task<GrantReferences> WaitAsync()
        {
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static state => ((Reservation)state!).Cancel(), this);
            return await _completion.Task;
        }

        private void Cancel()
        {
            lock (table.SyncRoot)
            {
                if (Node?.List is null)
                    return; // served, or the table was disposed of
                Node.List.Remove(Node);
                _completion.TrySetCanceled(cancellationToken);
                table.ServeWaiting(); // it may have stood before a smaller one
            }
        }
    }
}
