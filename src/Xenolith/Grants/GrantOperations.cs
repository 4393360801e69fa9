using Xenolith.Abi;

namespace Xenolith.Grants;

/// <summary>
/// Xen's grant table operations and pages that can be granted, as one place reaches them. <see cref="GrantTable"/> is built on this and keeps
/// ownership, pools and reclamation; drivers use that.
/// </summary>
/// <remarks>Safe from any thread. No operation throws: a refusal is its result. All work on batches, because each may be a hypercall.</remarks>
public abstract class GrantOperations : IDisposable
{
    /// <summary>How large the table is and may become.</summary>
    public abstract GrantTableSize GetSize();

    /// <summary>Makes the table larger by what suits Xen, usually 512 references.</summary>
    /// <returns>The new size; as before where it cannot grow.</returns>
    public abstract GrantTableSize Grow();

    /// <summary>Pages that can be granted: page-aligned, contiguous in the address space, present. What they contain is not defined.</summary>
    /// <returns>Their address, or 0 when there is no memory.</returns>
    public abstract nint AllocatePages(int count);

    /// <summary>Gives pages back, as they were allocated.</summary>
    /// <returns><see cref="XenError.Busy"/> if one of them is granted: then nothing happened.</returns>
    public abstract XenError FreePages(nint address, int count);

    /// <summary>
    /// Whether it is the place that numbers what it grants. Then <see cref="Grant"/> puts the number that the other domain needs in the place of the
    /// reference, which is only this library's name for the grant.
    /// </summary>
    public virtual bool NumbersGrants => false;

    /// <summary>Grants pages to other domains. Each request has its own result.</summary>
    public abstract void Grant(Span<GrantAccessRequest> requests);

    /// <summary>Ends grants.</summary>
    /// <param name="references">What to end.</param>
    /// <param name="results">
    /// For each: <see cref="XenError.None"/>, or <see cref="XenError.Busy"/> while the other domain has the page mapped.
    /// </param>
    public abstract void End(ReadOnlySpan<uint> references, Span<XenError> results);

    /// <summary>Maps other domains' pages, contiguously and in order: all, or none if one fails.</summary>
    /// <param name="requests">What to map; each has its own result.</param>
    /// <param name="readOnly">Maps so that writing faults.</param>
    /// <param name="address">Where they are, page-aligned.</param>
    public abstract XenError Map(Span<GrantMapRequest> requests, bool readOnly, out nint address);

    /// <summary>Ends a mapping as a whole.</summary>
    /// <param name="address">What <see cref="Map"/> gave.</param>
    /// <param name="count">Pages of the mapping.</param>
    /// <returns>The first error. Pages that Xen refused to unmap stay as they are, and their addresses are not used again.</returns>
    public abstract XenError Unmap(nint address, int count);

    /// <summary>
    /// What to do when a mapping ends for whatever reason, even the end of this domain: clear a byte in it, notify a port, or both. Replaces an
    /// earlier wish for the same mapping.
    /// </summary>
    /// <param name="address">What <see cref="Map"/> gave.</param>
    /// <param name="clearOffset">Byte of the mapping to set to 0; -1 for none.</param>
    /// <param name="notifyPort">Port to notify; <see langword="null"/> for none.</param>
    public abstract XenError SetUnmapNotification(nint address, long clearOffset, uint? notifyPort);

    /// <summary>Copies between pages of this domain and granted ones without mapping them. Each request has its own result.</summary>
    public abstract void Copy(Span<GrantCopyRequest> requests);

    /// <summary>Gives up what the place holds for this.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives up what the place holds for this.</summary>
    /// <param name="disposing">Always true.</param>
    protected virtual void Dispose(bool disposing)
    {
    }

    internal static XenError ToError(int status) => status switch
    {
        GrantStatus.Okay => XenError.None,
        GrantStatus.BadDomain => XenError.NoSuchDomain,
        GrantStatus.BadReference or GrantStatus.BadHandle => XenError.NoDevice,
        GrantStatus.BadVirtualAddress or GrantStatus.BadPage or GrantStatus.AddressTooBig => XenError.BadAddress,
        GrantStatus.PermissionDenied => XenError.NotPermitted,
        GrantStatus.NoDeviceSpace or GrantStatus.NoSpace => XenError.NoSpace,
        GrantStatus.Again => XenError.Busy,
        _ => XenError.Invalid,
    };
}
