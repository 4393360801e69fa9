using System.Buffers;
using System.Globalization;
using Xenolith.Abi;
using Xenolith.Grants;

namespace Xenolith.Linux;

/// <summary>Grants through /dev/xen/gntalloc, other domains' pages through /dev/xen/gntdev.</summary>
/// <remarks>
/// <para>Linux grants no page that a process has: it makes one with its reference and lets the process map it. So a page takes the granted one's
/// place, with its contents, at the address that it has, and memory of the process takes it back at the end:</para>
/// <code>
///   allocate          grant                                    end
///   private memory -> the device's page, mapped at the same -> private memory at the same address
///                     address; its number is the reference     (Linux keeps the other page until the peer lets go of it)
/// </code>
/// <para>What another thread writes to the page in these two moments can be lost. The references of the table above are names for what is granted;
/// the numbers that other domains know are Linux's.</para>
/// <para>Where Xen translates the domain's addresses, mapping a page of the domain itself would take the page away from its first address, and with
/// it memory of the kernel. There the process's own grants are mapped from the device that made them, and no others of the domain.</para>
/// </remarks>
internal sealed unsafe class LinuxGrants : GrantOperations
{
    private const int StackPieces = 16; // of a batch of references or copies; 640 bytes
    private const uint LimitByDefault = 1024;
    private const uint MostReferences = 1 << 17; // more than Xen lets a domain have, unless told: the administrator may have set "no limit"
    private const string LimitFile = "/sys/module/xen_gntalloc/parameters/limit";

    private readonly LinuxDevice _granting;
    private readonly LinuxDevice _mapping;
    private readonly LinuxIdentity _identity;
    private readonly LinuxOwnMappings _own;
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, LinuxGrant> _grants = []; // by reference
    private readonly HashSet<nint> _grantedPages = [];
    private readonly Dictionary<nint, (ulong Offset, int Pages)> _mappings = []; // of the device, by address
    private readonly HashSet<nint> _stale = []; // addresses of mappings of before a resume: memory of this process

    internal LinuxGrants(LinuxIdentity identity, LinuxEventChannels events, LinuxDevice granting, LinuxDevice mapping)
    {
        (_identity, _granting, _mapping) = (identity, granting, mapping);
        _own = new LinuxOwnMappings(_granting, events);
    }

    public override bool NumbersGrants => true;

    /// <summary>What the module lets all processes have together.</summary>
    public override GrantTableSize GetSize()
    {
        uint limit = LimitByDefault;
        try
        {
            if (uint.TryParse(File.ReadAllText(LimitFile), CultureInfo.InvariantCulture, out uint set))
                limit = Math.Min(set, MostReferences);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The module is not loaded yet, or this process must not see it: its default.
        }
        return new GrantTableSize { Current = limit, Maximum = limit };
    }

    public override GrantTableSize Grow() => GetSize();

    public override nint AllocatePages(int count) => LinuxMemory.Allocate(count);

    public override XenError FreePages(nint address, int count)
    {
        lock (_lock)
        {
            for (int i = 0; i < count; i++)
            {
                if (_grantedPages.Contains(address + (i * SharedMemory.PageSize)))
                    return XenError.Busy;
            }
            return LinuxMemory.Free(address, count);
        }
    }

    /// <summary>A page can be granted once at a time: <see cref="XenError.NotSupported"/> for one that is granted already.</summary>
    public override void Grant(Span<GrantAccessRequest> requests)
    {
        lock (_lock)
        {
            foreach (ref GrantAccessRequest request in requests)
                request.Result = -(int)Grant(ref request);
        }
    }

    /// <summary>
    /// Succeeds if there is memory to put in the place of the page: Linux does not tell whether the peer has the page still mapped, and keeps it
    /// until it has not. <see cref="XenError.Busy"/> only for a page that this very process has mapped.
    /// </summary>
    public override void End(ReadOnlySpan<uint> references, Span<XenError> results)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(results.Length, references.Length);
        lock (_lock)
        {
            for (int i = 0; i < references.Length; i++)
                results[i] = End(references[i]);
        }
    }

    /// <summary>
    /// Linux tells only that one of several references cannot be mapped, not which and why. <see cref="XenError.NotSupported"/> for grants of this
    /// domain together with those of others, where Xen translates addresses.
    /// </summary>
    public override XenError Map(Span<GrantMapRequest> requests, bool readOnly, out nint address)
    {
        address = 0;
        int ownGrants = _identity.IsTranslated ? CountOwn(requests) : 0;
        if (ownGrants > 0)
        {
            lock (_lock)
                return ownGrants == requests.Length ? _own.Map(_grants.Values, requests, readOnly, out address) : XenError.NotSupported;
        }
        int length = sizeof(IoctlGntdevMapGrantRef) + ((requests.Length - 1) * sizeof(IoctlGntdevGrantRef));
        byte[]? rented = null;
        Span<byte> buffer = requests.Length <= StackPieces
            ? stackalloc byte[sizeof(IoctlGntdevMapGrantRef) + (StackPieces * sizeof(IoctlGntdevGrantRef))]
            : rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            fixed (byte* start = buffer)
            {
                IoctlGntdevMapGrantRef* announcement = (IoctlGntdevMapGrantRef*)start; // as long as computed above
                announcement->Count = (uint)requests.Length;
                announcement->Pad = 0;
                for (int i = 0; i < requests.Length; i++)
                    (&announcement->Refs)[i] = new() { Domid = requests[i].Domain, Ref = requests[i].Reference };
                // Both under the lock: after a resume in between, the place would be one in another opening of the device. So in Unmap.
                lock (_lock)
                {
                    XenError error = _mapping.Control(LinuxGntdevIoctl.MapGrantRef, announcement);
                    return error == XenError.None ? Map(announcement->Index, requests.Length, readOnly, out address) : error;
                }
            }
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public override XenError Unmap(nint address, int count)
    {
        lock (_lock)
        {
            if (_own.Has(address))
                return _own.Unmap(address);
            if (_stale.Remove(address))
                return LinuxMemory.Free(address, count);
            if (!_mappings.Remove(address, out (ulong Offset, int Pages) mapped))
                return XenError.NoEntry;
            XenError error = LinuxMemory.Free(address, count);
            XenError withdrawn = Withdraw(mapped.Offset, count);
            return error != XenError.None || withdrawn == XenError.NoDevice ? error : withdrawn; // a device that was closed has nothing mapped
        }
    }

    public override XenError SetUnmapNotification(nint address, long clearOffset, uint? notifyPort)
    {
        lock (_lock)
        {
            if (_own.Has(address))
                return _own.SetUnmapNotification(address, clearOffset, notifyPort);
            if (!_mappings.TryGetValue(address, out (ulong Offset, int Pages) mapped))
                return XenError.NoEntry;
            IoctlGntdevUnmapNotify request = new() // on this stack until the call returns; so below
            {
                Index = mapped.Offset + (ulong)Math.Max(0, clearOffset),
                Action = (clearOffset < 0 ? 0 : LinuxUnmapNotify.ClearByte) | (notifyPort is null ? 0 : LinuxUnmapNotify.SendEvent),
                EventChannelPort = notifyPort ?? 0,
            };
            return _mapping.Control(LinuxGntdevIoctl.SetUnmapNotify, &request);
        }
    }

    public override void Copy(Span<GrantCopyRequest> requests)
    {
        IoctlGntdevGrantCopySegment[]? rented = null;
        Span<IoctlGntdevGrantCopySegment> segments = requests.Length <= StackPieces
            ? stackalloc IoctlGntdevGrantCopySegment[StackPieces]
            : rented = ArrayPool<IoctlGntdevGrantCopySegment>.Shared.Rent(requests.Length);
        for (int i = 0; i < requests.Length; i++)
            segments[i] = Describe(requests[i]);
        fixed (IoctlGntdevGrantCopySegment* first = segments)
        {
            IoctlGntdevGrantCopy copy = new() { Count = (uint)requests.Length, Segments = (ulong)first };
            bool isRefused = _mapping.Control(LinuxGntdevIoctl.GrantCopy, &copy) != XenError.None;
            for (int i = 0; i < requests.Length; i++)
                requests[i].Result = isRefused ? GrantStatus.GeneralError : segments[i].Status;
        }
        if (rented is not null)
            ArrayPool<IoctlGntdevGrantCopySegment>.Shared.Return(rented);
    }

    /// <summary>
    /// The domain was resumed: what it granted and mapped is gone. Pages that were granted become memory of this process, with their contents, and
    /// mappings memory that is zero until they are ended; both at their addresses. The devices begin anew.
    /// </summary>
    internal void Renew()
    {
        lock (_lock)
        {
            foreach (LinuxGrant grant in _grants.Values)
                _ = LinuxMemory.Replace(grant.Page); // without memory it stays what it is: the device's, which belongs to this domain
            _grants.Clear();
            _grantedPages.Clear();
            foreach ((nint address, int pages) in _mappings.Select(mapping => (mapping.Key, mapping.Value.Pages)).Concat(_own.TakeAll()))
            {
                _ = LinuxMemory.ReplaceByZeroes(address, pages); // without memory they stay what they are, until they are ended
                _ = _stale.Add(address);
            }
            _mappings.Clear();
            _granting.Detach()?.Dispose(); // with what it has made
            _mapping.Detach()?.Dispose();
        }
    }

    /// <summary>Closes the devices. What is mapped from them stays, and what is granted with it.</summary>
    protected override void Dispose(bool disposing)
    {
        _granting.Dispose();
        _mapping.Dispose();
    }

    private static IoctlGntdevGrantCopySegment Describe(in GrantCopyRequest request)
    {
        bool fromForeign = (request.Flags & GrantFlag.SourceReference) != 0, toForeign = (request.Flags & GrantFlag.DestinationReference) != 0;
        return new()
        {
            Source = fromForeign ? Foreign(request.Source, request.SourceOffset, request.SourceDomain) : request.Source,
            Dest = toForeign ? Foreign(request.Destination, request.DestinationOffset, request.DestinationDomain) : request.Destination,
            Len = request.Length,
            Flags = (ushort)((fromForeign ? GrantCopyFlag.SourceGref : 0) | (toForeign ? GrantCopyFlag.DestGref : 0)),
        };

        static ulong Foreign(ulong reference, ushort offset, ushort domain) => (uint)reference | ((ulong)offset << 32) | ((ulong)domain << 48);
    }

    private int CountOwn(ReadOnlySpan<GrantMapRequest> requests)
    {
        int count = 0;
        foreach (GrantMapRequest request in requests)
            count += request.Domain == DomainId.Self || request.Domain == _identity.DomainId ? 1 : 0;
        return count;
    }

    /// <summary>Under the lock.</summary>
    private XenError Map(ulong offset, int count, bool readOnly, out nint address)
    {
        XenError error = LinuxMemory.Map(_mapping, offset, count, readOnly, out address);
        if (error != XenError.None)
        {
            _ = Withdraw(offset, count);
            return error;
        }
        _mappings.Add(address, (offset, count));
        return XenError.None;
    }

    private XenError Withdraw(ulong offset, int count)
    {
        IoctlGntdevUnmapGrantRef request = new() { Index = offset, Count = (uint)count };
        return _mapping.Control(LinuxGntdevIoctl.UnmapGrantRef, &request);
    }

    private XenError Grant(ref GrantAccessRequest request)
    {
        nint page = (nint)request.Address;
        if (_grantedPages.Contains(page))
            return XenError.NotSupported;
        IoctlGntallocAllocGref made = new()
        {
            Domid = request.Domain,
            Flags = request.Flags == GrantFlag.ReadOnly ? (ushort)0 : LinuxGntallocFlag.Writable,
            Count = 1,
        };
        XenError error = _granting.Control(LinuxGntallocIoctl.AllocGref, &made);
        if (error != XenError.None)
            return error;
        error = LinuxMemory.Replace(page, _granting, made.Index);
        if (error != XenError.None)
        {
            _ = Deallocate(made.Index);
            return error;
        }
        _grants.Add(request.Reference, new LinuxGrant(made.GrefIds, page, made.Index, request.Domain, request.Flags == GrantFlag.ReadOnly));
        _ = _grantedPages.Add(page);
        request.Reference = made.GrefIds;
        return XenError.None;
    }

    private XenError End(uint reference)
    {
        if (!_grants.TryGetValue(reference, out LinuxGrant? grant))
            return XenError.NoEntry;
        if (grant.Mappings > 0)
            return XenError.Busy;
        XenError error = LinuxMemory.Replace(grant.Page);
        if (error != XenError.None)
            return error;
        _ = _grants.Remove(reference);
        _ = _grantedPages.Remove(grant.Page);
        _ = Deallocate(grant.Offset); // whatever the answer, the page is no longer this process's; what it refuses ends with the device
        return XenError.None;
    }

    private XenError Deallocate(ulong offset)
    {
        IoctlGntallocDeallocGref request = new() { Index = offset, Count = 1 };
        return _granting.Control(LinuxGntallocIoctl.DeallocGref, &request);
    }
}
