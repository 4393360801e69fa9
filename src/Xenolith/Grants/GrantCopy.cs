using Xenolith.Abi;

namespace Xenolith.Grants;

/// <summary>
/// One piece of a batch that Xen copies between a page of this domain and a granted page of another, without mapping it. A piece stays within one
/// page on either side.
/// </summary>
public struct GrantCopy
{
    internal GrantCopyRequest Request;
    internal IoPages? Local;

    private GrantCopy(GrantCopyRequest request, IoPages local)
    {
        Request = request;
        Local = local;
    }

    /// <summary>Why the piece could not be copied, or <see cref="XenError.None"/>; set by <see cref="GrantTable.Copy"/>.</summary>
    public readonly XenError Error => GrantOperations.ToError(Request.Result);

    /// <summary>Copies from another domain's page.</summary>
    /// <param name="source">The page; a read-only grant suffices.</param>
    /// <param name="sourceOffset">First byte in that page.</param>
    /// <param name="destination">Pages of this domain.</param>
    /// <param name="destinationOffset">First byte in those.</param>
    /// <param name="length">Bytes, 1 to 4096.</param>
    public static GrantCopy FromForeign(ForeignGrant source, int sourceOffset, IoPages destination, int destinationOffset, int length)
    {
        Check(destination, sourceOffset, destinationOffset, length);
        return new GrantCopy(
            new GrantCopyRequest
            {
                Source = source.Reference,
                SourceDomain = source.Domain,
                SourceOffset = (ushort)sourceOffset,
                Destination = (ulong)(destination.FirstByte + destinationOffset),
                DestinationDomain = DomainId.Self,
                Length = (ushort)length,
                Flags = GrantFlag.SourceReference,
            },
            destination);
    }

    /// <summary>Copies to another domain's page, which must be granted for writing.</summary>
    /// <param name="source">Pages of this domain.</param>
    /// <param name="sourceOffset">First byte in those.</param>
    /// <param name="destination">The page.</param>
    /// <param name="destinationOffset">First byte in that page.</param>
    /// <param name="length">Bytes, 1 to 4096.</param>
    public static GrantCopy ToForeign(IoPages source, int sourceOffset, ForeignGrant destination, int destinationOffset, int length)
    {
        Check(source, destinationOffset, sourceOffset, length);
        return new GrantCopy(
            new GrantCopyRequest
            {
                Source = (ulong)(source.FirstByte + sourceOffset),
                SourceDomain = DomainId.Self,
                Destination = destination.Reference,
                DestinationDomain = destination.Domain,
                DestinationOffset = (ushort)destinationOffset,
                Length = (ushort)length,
                Flags = GrantFlag.DestinationReference,
            },
            source);
    }

    private static void Check(IoPages local, int foreignOffset, int localOffset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(foreignOffset);
        ArgumentOutOfRangeException.ThrowIfNegative(localOffset);
        if (foreignOffset > SharedMemory.PageSize - length || localOffset % SharedMemory.PageSize > SharedMemory.PageSize - length)
            throw new ArgumentException("A piece of a grant copy must stay within one page on either side.");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(localOffset, local.Length - length);
    }
}
