using Xenolith.Abi;
using Xenolith.Tracing;

namespace Xenolith.Grants;

// References on their way round: taken, granted, ended, reclaimed, free again; and who waits for them.
public sealed partial class GrantTable
{
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
