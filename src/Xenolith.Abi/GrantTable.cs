// Grant tables: pages that one domain lets another use (Xen: grant_table.h). Only what version 1 of the table needs.

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>
/// Operations of <see cref="Hypercall.GrantTableOp"/> (<c>GNTTABOP_*</c>). Arguments: operation, array of the structure named, its length.
/// </summary>
public static class GrantTableOp
{
    /// <summary>Maps granted pages. <see cref="GnttabMapGrantRef"/>.</summary>
    public const int MapGrantRef = 0;

    /// <summary>Ends such mappings. <see cref="GnttabUnmapGrantRef"/>.</summary>
    public const int UnmapGrantRef = 1;

    /// <summary>Copies between pages, of which some are granted. <see cref="GnttabCopy"/>.</summary>
    public const int Copy = 5;

    /// <summary>How large the table is and may become. <see cref="GnttabQuerySize"/>.</summary>
    public const int QuerySize = 6;
}

/// <summary>References that a table has at the start for the toolstack's use.</summary>
public static class GrantReserved
{
    /// <summary>How many there are: the first reference that is the guest's own (<c>GNTTAB_NR_RESERVED_ENTRIES</c>).</summary>
    public const uint Entries = 8;
}

/// <summary>Flags of an entry (<c>GTF_*</c>).</summary>
public static class GrantEntryFlag
{
    /// <summary>The domain may use the page.</summary>
    public const ushort PermitAccess = 1;

    /// <summary>The bits that hold the kind of the entry; 0: nothing is granted.</summary>
    public const ushort TypeMask = 3;

    /// <summary>The domain may only read.</summary>
    public const ushort Readonly = 4;

    /// <summary>Xen's: the domain has the page mapped for reading.</summary>
    public const ushort Reading = 8;

    /// <summary>Xen's: the domain has the page mapped for writing.</summary>
    public const ushort Writing = 16;
}

/// <summary><c>struct grant_entry_v1</c>. Xen changes the flags at any time; a guest that clears them compares and exchanges.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantEntryV1
{
    /// <summary><see cref="GrantEntryFlag"/> values.</summary>
    public ushort Flags;

    /// <summary>The domain that gets access.</summary>
    public ushort Domid;

    /// <summary>The guest frame.</summary>
    public uint Frame;
}

/// <summary>Flags of <see cref="GnttabMapGrantRef"/> (<c>GNTMAP_*</c>).</summary>
public static class GrantMapFlag
{
    /// <summary>For the processor, at <see cref="GnttabMapGrantRef.HostAddr"/>.</summary>
    public const uint HostMap = 2;

    /// <summary>Only for reading.</summary>
    public const uint Readonly = 4;
}

/// <summary><c>struct gnttab_map_grant_ref</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GnttabMapGrantRef
{
    /// <summary>Where to map: in an HVM or PVH guest the physical address of a guest frame that holds nothing.</summary>
    public ulong HostAddr;

    /// <summary><see cref="GrantMapFlag"/> values.</summary>
    public uint Flags;

    /// <summary>Reference in the granting domain's table.</summary>
    public uint Ref;

    /// <summary>The domain that granted the page.</summary>
    public ushort Dom;

    /// <summary>Out: a <see cref="GrantStatus"/> value.</summary>
    public short Status;

    /// <summary>Out: names the mapping when it is ended.</summary>
    public uint Handle;

    /// <summary>Out: the address for devices.</summary>
    public ulong DevBusAddr;
}

/// <summary><c>struct gnttab_unmap_grant_ref</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GnttabUnmapGrantRef
{
    /// <summary>Where it is mapped.</summary>
    public ulong HostAddr;

    /// <summary>0: not mapped for devices.</summary>
    public ulong DevBusAddr;

    /// <summary>What <see cref="GnttabMapGrantRef.Handle"/> said.</summary>
    public uint Handle;

    /// <summary>Out: a <see cref="GrantStatus"/> value.</summary>
    public short Status;
}

/// <summary>Flags of <see cref="GnttabCopy"/> (<c>GNTCOPY_*</c>).</summary>
public static class GrantCopyFlag
{
    /// <summary>The source is a reference and not a frame.</summary>
    public const ushort SourceGref = 1;

    /// <summary>The destination is a reference and not a frame.</summary>
    public const ushort DestGref = 2;
}

/// <summary><c>struct gnttab_copy_ptr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GnttabCopyPtr
{
    /// <summary>A guest frame of the caller, or in the lower half a reference.</summary>
    public ulong Gmfn;

    /// <summary>The domain whose reference it is; <see cref="DomainId.Self"/> for a frame.</summary>
    public ushort Domid;

    /// <summary>First byte in the page.</summary>
    public ushort Offset;
}

/// <summary><c>struct gnttab_copy</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GnttabCopy
{
    /// <summary>From where.</summary>
    public GnttabCopyPtr Source;

    /// <summary>To where.</summary>
    public GnttabCopyPtr Dest;

    /// <summary>Bytes.</summary>
    public ushort Len;

    /// <summary><see cref="GrantCopyFlag"/> values.</summary>
    public ushort Flags;

    /// <summary>Out: a <see cref="GrantStatus"/> value.</summary>
    public short Status;
}

/// <summary><c>struct gnttab_query_size</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GnttabQuerySize
{
    /// <summary>Whose table: <see cref="DomainId.Self"/>.</summary>
    public ushort Dom;

    /// <summary>Out: pages that the table has.</summary>
    public uint NrFrames;

    /// <summary>Out: pages that it may have.</summary>
    public uint MaxNrFrames;

    /// <summary>Out: a <see cref="GrantStatus"/> value.</summary>
    public short Status;
}
