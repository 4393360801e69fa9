// The platform ABI's grant structures: arguments of xl_grant_*, shared by the kernel and the libraries (docs/platform-abi.md).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>Results of grant operations (<c>GNTST_*</c> of grant_table.h).</summary>
public static class GrantStatus
{
    /// <summary>Done.</summary>
    public const int Okay = 0;

    /// <summary>Refused without a reason.</summary>
    public const int GeneralError = -1;

    /// <summary>No such domain.</summary>
    public const int BadDomain = -2;

    /// <summary>The reference is not granted to this domain.</summary>
    public const int BadReference = -3;

    /// <summary>No such mapping.</summary>
    public const int BadHandle = -4;

    /// <summary>The address cannot be used.</summary>
    public const int BadVirtualAddress = -5;

    /// <summary>No room in the translation tables of the hardware.</summary>
    public const int NoDeviceSpace = -7;

    /// <summary>The grant does not allow it, such as writing through a read-only one.</summary>
    public const int PermissionDenied = -8;

    /// <summary>The page cannot be granted.</summary>
    public const int BadPage = -9;

    /// <summary>A copy crosses the end of a page.</summary>
    public const int BadCopyArgument = -10;

    /// <summary>The frame is beyond what fits.</summary>
    public const int AddressTooBig = -11;

    /// <summary>The other domain's page is being paged in: try again.</summary>
    public const int Again = -12;

    /// <summary>No room left.</summary>
    public const int NoSpace = -13;
}

/// <summary>Flags of the grant calls of the platform ABI.</summary>
public static class GrantFlag
{
    /// <summary>The other domain may read only (<see cref="GrantAccessRequest"/>), or this one will (<c>xl_grant_map</c>).</summary>
    public const ushort ReadOnly = 1;

    /// <summary>The source of a copy is a reference (<see cref="GrantCopyRequest"/>).</summary>
    public const ushort SourceReference = 1;

    /// <summary>The destination of a copy is a reference.</summary>
    public const ushort DestinationReference = 2;
}

/// <summary>One page to grant: argument of <c>xl_grant_access</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantAccessRequest
{
    /// <summary>Address of the page, which <c>xl_page_allocate</c> gave.</summary>
    public ulong Address;

    /// <summary>Reference to use; it is not in use now.</summary>
    public uint Reference;

    /// <summary>Domain that gets access.</summary>
    public ushort Domain;

    /// <summary>0 or <see cref="GrantFlag.ReadOnly"/>.</summary>
    public ushort Flags;

    /// <summary>Out: 0 or a negated error number.</summary>
    public int Result;

    /// <summary>Zero.</summary>
    public uint Reserved;
}

/// <summary>One foreign page to map: argument of <c>xl_grant_map</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantMapRequest
{
    /// <summary>Reference in the other domain's table.</summary>
    public uint Reference;

    /// <summary>The domain that granted it.</summary>
    public ushort Domain;

    /// <summary>Zero.</summary>
    public ushort Reserved;

    /// <summary>Out: a <see cref="GrantStatus"/> value.</summary>
    public int Result;
}

/// <summary>
/// Up to a page to copy between a page of this domain and a granted one, or between two granted ones: argument of <c>xl_grant_copy</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantCopyRequest
{
    /// <summary>Local address of the source, or its reference in <see cref="SourceDomain"/>'s table.</summary>
    public ulong Source;

    /// <summary>Local address of the destination, or its reference in <see cref="DestinationDomain"/>'s table.</summary>
    public ulong Destination;

    /// <summary>Domain of the source, if that is a reference.</summary>
    public ushort SourceDomain;

    /// <summary>Domain of the destination, if that is a reference.</summary>
    public ushort DestinationDomain;

    /// <summary>Bytes from the start of the source page, if that is a reference; zero otherwise.</summary>
    public ushort SourceOffset;

    /// <summary>Bytes from the start of the destination page, if that is a reference; zero otherwise.</summary>
    public ushort DestinationOffset;

    /// <summary>Bytes to copy; neither side crosses the end of its page.</summary>
    public ushort Length;

    /// <summary><see cref="GrantFlag.SourceReference"/>, <see cref="GrantFlag.DestinationReference"/>.</summary>
    public ushort Flags;

    /// <summary>Out: a <see cref="GrantStatus"/> value.</summary>
    public int Result;
}

/// <summary>Size of the grant table: filled by <c>xl_grant_table_size</c> and <c>xl_grant_table_grow</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableSize
{
    /// <summary>References below this one belong to the kernel (console, xenstore and others that the toolstack made).</summary>
    public uint FirstUsable;

    /// <summary>References that the table has now.</summary>
    public uint Current;

    /// <summary>References to which Xen lets it grow.</summary>
    public uint Maximum;
}
