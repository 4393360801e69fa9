using Xenolith.Abi;
using Xenolith.Grants;

namespace Xenolith.Linux;

/// <summary>A page that the process has granted.</summary>
/// <param name="Number">The reference that other domains know.</param>
/// <param name="Page">Where it is.</param>
/// <param name="Offset">Where it is in the device that made it.</param>
/// <param name="Domain">The domain that may use it.</param>
/// <param name="IsReadOnly">Whether that domain may only read.</param>
internal sealed record LinuxGrant(uint Number, nint Page, ulong Offset, ushort Domain, bool IsReadOnly)
{
    /// <summary>How often this very process has mapped it.</summary>
    internal int Mappings { get; set; }
}

/// <summary>
/// Grants of the process to its own domain that it maps itself, by the rules that Xen has for others: the same page of the device, once more.
/// </summary>
/// <remarks>Under the lock of <see cref="LinuxGrants"/>.</remarks>
internal sealed unsafe class LinuxOwnMappings(LinuxDevice device, LinuxEventChannels events)
{
    private readonly Dictionary<nint, Mapping> _mappings = []; // by address

    private sealed class Mapping(LinuxGrant[] grants, bool readOnly)
    {
        internal LinuxGrant[] Grants { get; } = grants;

        internal bool IsReadOnly { get; } = readOnly;

        internal long ClearOffset { get; set; } = -1;

        internal uint? NotifyPort { get; set; }
    }

    internal bool Has(nint address) => _mappings.ContainsKey(address);

    /// <summary>Forgets all mappings, for the caller to end: after a resume there is nobody whom their end is to be told.</summary>
    internal IReadOnlyList<(nint Address, int Pages)> TakeAll()
    {
        List<(nint Address, int Pages)> all = [.. _mappings.Select(mapping => (mapping.Key, mapping.Value.Grants.Length))];
        _mappings.Clear();
        return all;
    }

    /// <inheritdoc cref="GrantOperations.Map"/>
    internal XenError Map(IReadOnlyCollection<LinuxGrant> grants, Span<GrantMapRequest> requests, bool readOnly, out nint address)
    {
        address = 0;
        LinuxGrant[] mapped = new LinuxGrant[requests.Length];
        bool isRefused = false;
        for (int i = 0; i < requests.Length; i++)
        {
            GrantMapRequest request = requests[i];
            LinuxGrant? grant = grants.FirstOrDefault(grant => grant.Number == request.Reference && grant.Domain == request.Domain);
            requests[i].Result = grant is null ? GrantStatus.BadReference : grant.IsReadOnly && !readOnly ? GrantStatus.PermissionDenied : GrantStatus.Okay;
            isRefused |= requests[i].Result != GrantStatus.Okay;
            mapped[i] = grant!;
        }
        if (isRefused)
            return XenError.Invalid;

        nint start = LinuxMemory.Allocate(requests.Length); // the addresses, until the pages take them
        if (start == 0)
            return XenError.NoMemory;
        for (int i = 0; i < mapped.Length; i++)
        {
            XenError error = LinuxMemory.MapOver(start + (i * SharedMemory.PageSize), device, mapped[i].Offset, readOnly);
            if (error != XenError.None)
            {
                _ = LinuxMemory.Free(start, mapped.Length);
                return error;
            }
        }
        foreach (LinuxGrant grant in mapped)
            grant.Mappings++;
        _mappings.Add(start, new Mapping(mapped, readOnly));
        address = start;
        return XenError.None;
    }

    /// <inheritdoc cref="GrantOperations.Unmap"/>
    internal XenError Unmap(nint address)
    {
        _ = _mappings.Remove(address, out Mapping? mapping);
        if (mapping!.ClearOffset >= 0)
            *((byte*)address + mapping.ClearOffset) = 0; // within the mapping and writable: checked when it was asked for
        XenError error = LinuxMemory.Free(address, mapping.Grants.Length);
        foreach (LinuxGrant grant in mapping.Grants)
            grant.Mappings--;
        if (mapping.NotifyPort is { } port)
            _ = events.Notify(port); // a port that was closed meanwhile is no error
        return error;
    }

    /// <inheritdoc cref="GrantOperations.SetUnmapNotification"/>
    internal XenError SetUnmapNotification(nint address, long clearOffset, uint? notifyPort)
    {
        Mapping mapping = _mappings[address];
        if (clearOffset >= mapping.Grants.Length * (long)SharedMemory.PageSize || (clearOffset >= 0 && mapping.IsReadOnly))
            return XenError.Invalid;
        mapping.ClearOffset = clearOffset;
        mapping.NotifyPort = notifyPort;
        return XenError.None;
    }
}
