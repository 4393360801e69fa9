using System.Buffers;
using Xenolith.Abi;
using Xenolith.Tracing;

namespace Xenolith.Grants;

// Other domains' pages: mapping and copying.
public sealed partial class GrantTable
{
    private const int StackPieces = 16; // of a batch of copies; 768 bytes

    /// <summary>Maps one page of another domain.</summary>
    /// <inheritdoc cref="Map(ReadOnlySpan{ForeignGrant}, GrantAccess)"/>
    public ForeignMapping Map(ForeignGrant grant, GrantAccess access) => Map(new ReadOnlySpan<ForeignGrant>(in grant), access);

    /// <summary>Maps pages of other domains contiguously and in the given order: all of them, or none if one cannot be mapped.</summary>
    /// <param name="grants">The pages; they may belong to several domains.</param>
    /// <param name="access"><see cref="GrantAccess.ReadOnly"/> maps so that writing faults, and suffices for a page granted read-only.</param>
    /// <exception cref="XenException">One of them cannot be mapped; the message says which.</exception>
    public ForeignMapping Map(ReadOnlySpan<ForeignGrant> grants, GrantAccess access)
    {
        ArgumentOutOfRangeException.ThrowIfZero(grants.Length, nameof(grants));
        GrantMapRequest[] requests = new GrantMapRequest[grants.Length];
        for (int i = 0; i < grants.Length; i++)
            requests[i] = new GrantMapRequest { Domain = grants[i].Domain, Reference = grants[i].Reference };
        Generation generation = Platform.Generation;
        long resumes = Operations.ResumeCount;
        XenError error = Operations.Map(requests, access == GrantAccess.ReadOnly, out nint address);
        if (error != XenError.None)
        {
            int failed = Array.FindIndex(requests, request => request.Result != GrantStatus.Okay);
            throw failed < 0
                ? new XenException($"map {grants.Length} granted pages", error)
                : new XenException($"map grant {grants[failed].Reference} of domain {grants[failed].Domain}", GrantOperations.ToError(requests[failed].Result));
        }
        Trace(TraceKind.GrantMap, (uint)grants.Length, grants[0].Reference, grants[0].Domain);
        ForeignMapping mapping = new(this, address, grants.Length, access, generation, resumes, Origin.Here());
        lock (SyncRoot)
        {
            _mappings.Add(mapping);
            _mappedPages += grants.Length;
        }
        return mapping;
    }

    /// <summary>
    /// Copies pieces between pages of this domain and granted pages of others, in one hypercall and in order. Xen checks each piece; one that
    /// fails does not keep the others.
    /// </summary>
    /// <param name="pieces">What to copy. Each gets its <see cref="GrantCopy.Error"/>.</param>
    /// <returns>How many failed.</returns>
    public int Copy(Span<GrantCopy> pieces)
    {
        GrantCopyRequest[]? rented = null;
        Span<GrantCopyRequest> requests = pieces.Length <= StackPieces
            ? stackalloc GrantCopyRequest[StackPieces]
            : rented = ArrayPool<GrantCopyRequest>.Shared.Rent(pieces.Length);
        requests = requests[..pieces.Length];
        HoldLocal(pieces);
        try
        {
            for (int i = 0; i < pieces.Length; i++)
                requests[i] = pieces[i].Request;
            Operations.Copy(requests);
            int failed = 0;
            ulong bytes = 0;
            for (int i = 0; i < pieces.Length; i++)
            {
                bytes += requests[i].Length;
                pieces[i].Request.Result = requests[i].Result;
                failed += requests[i].Result == GrantStatus.Okay ? 0 : 1;
            }
            Trace(TraceKind.GrantCopy, (uint)pieces.Length, 0, bytes);
            return failed;
        }
        finally
        {
            foreach (GrantCopy piece in pieces)
                Release(piece.Local!);
            if (rented is not null)
                ArrayPool<GrantCopyRequest>.Shared.Return(rented);
        }
    }

    internal XenError Unmap(ForeignMapping mapping, nint address)
    {
        XenError error = Operations.Unmap(address, mapping.PageCount);
        if (error == XenError.None)
            Trace(TraceKind.GrantUnmap, (uint)mapping.PageCount, 0, 0);
        lock (SyncRoot)
        {
            _mappings.Remove(mapping);
            _mappedPages -= mapping.PageCount;
            if (error != XenError.None)
                _failedUnmaps++;
        }
        return error;
    }

    /// <summary>Records what happens to grants, where the kernel does not.</summary>
    private void Trace(ushort kind, uint count, uint reference, ulong value)
    {
        if (Platform.Tracing.IsOn(TraceCategories.Grants))
            Platform.Tracing.Write(kind, count, reference, value);
    }

    /// <summary>The hypervisor writes to these pages by their address: they must not be given to another while it does.</summary>
    private void HoldLocal(ReadOnlySpan<GrantCopy> pieces)
    {
        lock (SyncRoot)
        {
            foreach (GrantCopy piece in pieces)
            {
                IoPages local = piece.Local ?? throw new ArgumentException("A piece was not made by GrantCopy.FromForeign or ToForeign.", nameof(pieces));
                ObjectDisposedException.ThrowIf(local.IsDisposed, local);
            }
            foreach (GrantCopy piece in pieces)
                piece.Local!.AddHold();
        }
    }
}
