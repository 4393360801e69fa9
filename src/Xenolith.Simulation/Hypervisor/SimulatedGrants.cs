using Xenolith.Abi;
using Xenolith.Grants;

namespace Xenolith.Simulation;

/// <summary>The grant table, I/O pages and foreign mappings of one simulated domain.</summary>
/// <remarks>
/// State under the hypervisor's lock. A grant is busy while it is mapped. A page that is mapped by others at the moment of a resume stays with them
/// as it was, and the domain goes on with a copy: on another host it would have no more to do with them.
/// </remarks>
internal sealed class SimulatedGrants : GrantOperations
{
    private const uint FirstUsable = 8; // as Xen reserves them (GNTTAB_NR_RESERVED_ENTRIES)

    private readonly SimulatedHypervisor _hypervisor;
    private readonly SimulatedDomain _domain;
    private readonly Dictionary<nint, int> _frames = []; // of each I/O page, by its address
    private readonly Dictionary<nint, Mapping> _mappings = [];
    private Entry?[] _entries;

    internal SimulatedGrants(SimulatedHypervisor hypervisor, SimulatedDomain domain)
    {
        _hypervisor = hypervisor;
        _domain = domain;
        _entries = new Entry?[hypervisor.Options.InitialReferences];
    }

    private sealed class Entry
    {
        internal required int Frame { get; init; }

        internal required ushort Domain { get; init; }

        internal required bool IsReadOnly { get; init; }

        internal int Mapped { get; set; }
    }

    private sealed record Mapping(Entry[] Entries, int Pages, bool IsReadOnly)
    {
        internal long ClearOffset { get; set; } = -1;

        internal uint? NotifyPort { get; set; }
    }

    public override GrantTableSize GetSize()
    {
        lock (_hypervisor.SyncRoot)
            return new GrantTableSize { FirstUsable = FirstUsable, Current = (uint)_entries.Length, Maximum = (uint)_hypervisor.Options.MaxReferences };
    }

    public override GrantTableSize Grow()
    {
        lock (_hypervisor.SyncRoot)
        {
            if (_domain.Faults.Next(SimulatedOperation.GrowGrantTable) == XenError.None)
                Array.Resize(ref _entries, Math.Min(_entries.Length + _hypervisor.Options.InitialReferences, _hypervisor.Options.MaxReferences));
            return GetSize();
        }
    }

    public override nint AllocatePages(int count)
    {
        int[] frames = new int[count];
        lock (_hypervisor.SyncRoot)
        {
            if (_domain.Faults.Next(SimulatedOperation.AllocatePages) != XenError.None || !_hypervisor.Memory.TryAllocate(frames))
                return 0;
            nint address = _hypervisor.Memory.Map(frames, readOnly: false);
            for (int i = 0; i < count; i++)
                _frames.Add(address + (i * SimulatedMemory.PageSize), frames[i]);
            return address;
        }
    }

    public override XenError FreePages(nint address, int count)
    {
        lock (_hypervisor.SyncRoot)
        {
            for (int i = 0; i < count; i++)
            {
                if (!_frames.TryGetValue(address + (i * SimulatedMemory.PageSize), out int frame))
                    return XenError.Invalid;
                if (_entries.Any(entry => entry?.Frame == frame))
                    return XenError.Busy;
            }
            for (int i = 0; i < count; i++)
            {
                _frames.Remove(address + (i * SimulatedMemory.PageSize), out int frame);
                _hypervisor.Memory.Free(frame);
            }
            _hypervisor.Memory.Unmap(address, count);
            return XenError.None;
        }
    }

    public override void Grant(Span<GrantAccessRequest> requests)
    {
        lock (_hypervisor.SyncRoot)
        {
            foreach (ref GrantAccessRequest request in requests)
                request.Result = -(int)Grant(in request);
        }
    }

    public override void End(ReadOnlySpan<uint> references, Span<XenError> results)
    {
        lock (_hypervisor.SyncRoot)
        {
            for (int i = 0; i < references.Length; i++)
            {
                results[i] = _domain.Faults.Next(SimulatedOperation.EndGrant);
                if (results[i] != XenError.None)
                    continue;
                if (references[i] >= _entries.Length || _entries[references[i]] is not { } entry)
                    results[i] = XenError.NoDevice;
                else if (entry.Mapped > 0)
                    results[i] = XenError.Busy;
                else
                    _entries[references[i]] = null;
            }
        }
    }

    public override XenError Map(Span<GrantMapRequest> requests, bool readOnly, out nint address)
    {
        lock (_hypervisor.SyncRoot)
        {
            address = 0;
            Entry[] entries = new Entry[requests.Length];
            bool failed = false;
            for (int i = 0; i < requests.Length; i++)
            {
                ref GrantMapRequest request = ref requests[i];
                request.Result = _domain.Faults.Next(SimulatedOperation.Map) != XenError.None
                    ? GrantStatus.GeneralError
                    : Find(request.Domain, request.Reference, forWriting: !readOnly, out entries[i]!);
                failed |= request.Result != GrantStatus.Okay;
            }
            if (failed)
                return XenError.Invalid;
            foreach (Entry entry in entries)
                entry.Mapped++;
            address = _hypervisor.Memory.Map([.. entries.Select(entry => entry.Frame)], readOnly);
            _mappings.Add(address, new Mapping(entries, entries.Length, readOnly));
            return XenError.None;
        }
    }

    public override XenError Unmap(nint address, int count)
    {
        lock (_hypervisor.SyncRoot)
        {
            if (!_mappings.TryGetValue(address, out Mapping? mapping) || mapping.Pages != count)
                return XenError.Invalid;
            XenError fault = _domain.Faults.Next(SimulatedOperation.Unmap);
            if (fault != XenError.None)
                return fault;
            EndMapping(address, mapping);
            _hypervisor.Memory.Unmap(address, count);
            return XenError.None;
        }
    }

    public override XenError SetUnmapNotification(nint address, long clearOffset, uint? notifyPort)
    {
        lock (_hypervisor.SyncRoot)
        {
            if (!_mappings.TryGetValue(address, out Mapping? mapping) || (clearOffset >= 0 && mapping.IsReadOnly)
                || clearOffset >= (long)mapping.Pages * SimulatedMemory.PageSize)
            {
                return XenError.Invalid;
            }
            mapping.ClearOffset = clearOffset;
            mapping.NotifyPort = notifyPort;
            return XenError.None;
        }
    }

    public override void Copy(Span<GrantCopyRequest> requests)
    {
        lock (_hypervisor.SyncRoot)
        {
            foreach (ref GrantCopyRequest request in requests)
                request.Result = _domain.Faults.Next(SimulatedOperation.Copy) != XenError.None ? GrantStatus.GeneralError : Copy(in request);
        }
    }

    /// <summary>
    /// The domain is gone: what it had mapped is not mapped any more. Its own pages stay for those who map them. Under the hypervisor's lock.
    /// </summary>
    internal void Destroy()
    {
        foreach ((nint address, Mapping mapping) in _mappings)
        {
            EndMapping(address, mapping, keep: true);
            SimulatedMemory.MapZeroes(address, mapping.Pages, mapping.IsReadOnly); // a thread of the dead domain may still run here
        }
        _mappings.Clear();
    }

    /// <summary>The domain was resumed: an empty table, no mappings, and its pages its own. Under the hypervisor's lock.</summary>
    internal void Resume()
    {
        foreach ((nint address, Mapping mapping) in _mappings.ToArray())
        {
            EndMapping(address, mapping, keep: true);
            SimulatedMemory.MapZeroes(address, mapping.Pages, mapping.IsReadOnly);
            _mappings[address] = new Mapping([], mapping.Pages, mapping.IsReadOnly); // until it is unmapped
        }
        HashSet<int> mapped = [.. _entries.Where(entry => entry?.Mapped > 0).Select(entry => entry!.Frame)];
        foreach ((nint address, int frame) in _frames.Where(page => mapped.Contains(page.Value)).ToArray())
        {
            int[] copy = new int[1];
            if (!_hypervisor.Memory.TryAllocate(copy))
                throw new SimulationException("The simulated host has no memory left for a resume.");
            _hypervisor.Memory[frame].CopyTo(_hypervisor.Memory[copy[0]]);
            _hypervisor.Memory.MapAt(address, copy[0], readOnly: false);
            _frames[address] = copy[0];
        }
        _entries = new Entry?[_hypervisor.Options.InitialReferences];
    }

    private XenError Grant(in GrantAccessRequest request)
    {
        XenError fault = _domain.Faults.Next(SimulatedOperation.Grant);
        if (fault != XenError.None)
            return fault;
        if (request.Reference < FirstUsable || request.Reference >= _entries.Length || !_frames.TryGetValue((nint)request.Address, out int frame))
            return XenError.Invalid;
        if (_entries[request.Reference] is not null)
            return XenError.Busy;
        _entries[request.Reference] = new Entry
        {
            Frame = frame,
            Domain = _hypervisor.Resolve(request.Domain, _domain),
            IsReadOnly = (request.Flags & GrantFlag.ReadOnly) != 0,
        };
        return XenError.None;
    }

    private int Find(ushort domain, uint reference, bool forWriting, out Entry? entry)
    {
        entry = null;
        if (_hypervisor.TryGetDomain(_hypervisor.Resolve(domain, _domain)) is not { } granter)
            return GrantStatus.BadDomain;
        Entry?[] entries = granter.GrantOperations._entries;
        entry = reference < entries.Length ? entries[reference] : null;
        if (entry is null || entry.Domain != _domain.Id)
            return GrantStatus.BadReference;
        return forWriting && entry.IsReadOnly ? GrantStatus.PermissionDenied : GrantStatus.Okay;
    }

    private int Copy(in GrantCopyRequest request)
    {
        int status = Locate(request.Source, request.SourceDomain, request.SourceOffset, request.Length,
            (request.Flags & GrantFlag.SourceReference) != 0, forWriting: false, out Span<byte> source);
        if (status != GrantStatus.Okay)
            return status;
        status = Locate(request.Destination, request.DestinationDomain, request.DestinationOffset, request.Length,
            (request.Flags & GrantFlag.DestinationReference) != 0, forWriting: true, out Span<byte> destination);
        if (status == GrantStatus.Okay)
            source.CopyTo(destination);
        return status;
    }

    private int Locate(ulong place, ushort domain, ushort offset, ushort length, bool isReference, bool forWriting, out Span<byte> bytes)
    {
        bytes = default;
        int start = isReference ? offset : (int)(place % SimulatedMemory.PageSize);
        if (start + length > SimulatedMemory.PageSize)
            return GrantStatus.BadCopyArgument;
        int frame;
        if (isReference)
        {
            int status = Find(domain, (uint)place, forWriting, out Entry? entry);
            if (status != GrantStatus.Okay)
                return status;
            frame = entry!.Frame;
        }
        else if (!_frames.TryGetValue((nint)(place - (place % SimulatedMemory.PageSize)), out frame))
        {
            return GrantStatus.BadPage;
        }
        bytes = _hypervisor.Memory[frame].Slice(start, length);
        return GrantStatus.Okay;
    }

    private void EndMapping(nint address, Mapping mapping, bool keep = false)
    {
        foreach (Entry entry in mapping.Entries)
            entry.Mapped--;
        if (mapping.ClearOffset >= 0 && mapping.Entries.Length > 0)
            _hypervisor.Memory[mapping.Entries[mapping.ClearOffset / SimulatedMemory.PageSize].Frame][(int)(mapping.ClearOffset % SimulatedMemory.PageSize)] = 0;
        if (mapping.NotifyPort is { } port)
            _ = _domain.Events.Notify(port);
        if (!keep)
            _mappings.Remove(address);
    }
}
