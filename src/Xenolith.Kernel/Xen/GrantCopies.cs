// Copies between pages of this domain and granted ones, which Xen carries out (GNTTABOP_copy).
using Xenolith.Abi;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Xen;

internal static unsafe class GrantCopies
{
    /// <summary>Copies a batch, in order; each request gets its result.</summary>
    /// <param name="requests">In the program's memory, checked to be writable.</param>
    /// <param name="count">At most <see cref="GrantOperation.Batch"/>.</param>
    internal static void Copy(GrantCopyRequest* requests, int count)
    {
        GnttabCopy* copies = stackalloc GnttabCopy[GrantOperation.Batch];
        int* parts = stackalloc int[GrantOperation.Batch];
        int prepared = 0;
        for (int i = 0; i < count; i++)
        {
            GrantCopyRequest request = requests[i];
            int status = Prepare(request, copies + prepared);
            if (status == GrantStatus.Okay)
                parts[prepared++] = i;
            else
                requests[i].Result = status;
        }
        GrantOperation.Call(GrantTableOp.Copy, copies, prepared);
        for (int i = 0; i < prepared; i++)
        {
            GrantOperation.Retry(GrantTableOp.Copy, copies + i, &copies[i].Status);
            requests[parts[i]].Result = copies[i].Status;
        }
    }

    private static int Prepare(in GrantCopyRequest request, GnttabCopy* copy)
    {
        *copy = default;
        if ((request.Flags & ~(GrantFlag.SourceReference | GrantFlag.DestinationReference)) != 0)
            return GrantStatus.GeneralError;
        int status = Prepare(&copy->Source, request.Source, request.SourceDomain, request.SourceOffset, request.Length,
            (request.Flags & GrantFlag.SourceReference) != 0);
        if (status != GrantStatus.Okay)
            return status;
        status = Prepare(&copy->Dest, request.Destination, request.DestinationDomain, request.DestinationOffset, request.Length,
            (request.Flags & GrantFlag.DestinationReference) != 0);
        // The flags are Xen's own: the source is bit 0, the destination bit 1.
        copy->Flags = request.Flags;
        copy->Len = request.Length;
        copy->Status = GrantStatus.GeneralError;
        return status;
    }

    /// <summary>One side: a reference as it is, or a local address as frame and offset.</summary>
    private static int Prepare(GnttabCopyPtr* side, ulong at, ushort domain, ushort offset, ushort length, bool isReference)
    {
        if (isReference)
        {
            if (at > uint.MaxValue)
                return GrantStatus.BadReference;
            side->Gmfn = at;
            side->Domid = domain;
            side->Offset = offset;
        }
        else
        {
            ulong* page = AddressSpace.FindIoPage(at);
            if (page == null || offset != 0)
                return GrantStatus.BadVirtualAddress;
            side->Gmfn = (*page & PageTables.AddressMask) >> 12;
            side->Domid = DomainId.Self;
            side->Offset = (ushort)(at & Layout.PageMask);
        }
        return side->Offset + length > (int)Layout.PageSize ? GrantStatus.BadCopyArgument : GrantStatus.Okay;
    }
}
