// What a guest asks about its physical memory and puts into it (Xen: memory.h).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>Operations of <see cref="Hypercall.MemoryOp"/> (<c>XENMEM_*</c>). Arguments: operation, pointer.</summary>
public static class MemoryOp
{
    /// <summary>Gives frames back. Argument: <see cref="XenMemoryReservation"/>.</summary>
    public const int DecreaseReservation = 1;

    /// <summary>Result: the domain's frames. Argument: <see cref="XenMemoryDomain"/>.</summary>
    public const int CurrentReservation = 3;

    /// <summary>Result: the most frames that the domain may have. Argument: <see cref="XenMemoryDomain"/>.</summary>
    public const int MaximumReservation = 4;

    /// <summary>Fills guest frames with memory. Argument: <see cref="XenMemoryReservation"/>.</summary>
    public const int PopulatePhysmap = 6;

    /// <summary>Puts one of Xen's pages at a guest frame. Argument: <see cref="XenAddToPhysmap"/>.</summary>
    public const int AddToPhysmap = 7;

    /// <summary>The memory map at start. Argument: <see cref="XenMemoryMap"/>.</summary>
    public const int MemoryMap = 9;

    /// <summary>Empties a guest frame. Argument: <see cref="XenRemoveFromPhysmap"/>.</summary>
    public const int RemoveFromPhysmap = 15;
}

/// <summary>Values of <see cref="XenAddToPhysmap.Space"/> (<c>XENMAPSPACE_*</c>).</summary>
public static class PhysmapSpace
{
    /// <summary>The page of <see cref="Abi.SharedInfo"/>.</summary>
    public const uint SharedInfo = 0;

    /// <summary>A page of the grant table.</summary>
    public const uint GrantTable = 1;
}

/// <summary><c>struct xen_add_to_physmap</c>. The frame's former content is gone.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenAddToPhysmap
{
    /// <summary>Flag in <see cref="Idx"/> with <see cref="PhysmapSpace.GrantTable"/> (<c>XENMAPIDX_grant_table_status</c>): a status page.</summary>
    public const uint GrantTableStatus = 0x80000000;

    /// <summary>Whose memory: <see cref="DomainId.Self"/>.</summary>
    public ushort Domid;

    /// <summary>0 (pages of a range, for another space).</summary>
    public ushort Size;

    /// <summary>What to put there: a <see cref="PhysmapSpace"/> value.</summary>
    public uint Space;

    /// <summary>Which page of that space.</summary>
    public ulong Idx;

    /// <summary>The guest frame to put it at.</summary>
    public ulong Gpfn;
}

/// <summary><c>struct xen_remove_from_physmap</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenRemoveFromPhysmap
{
    /// <summary>Whose memory: <see cref="DomainId.Self"/>.</summary>
    public ushort Domid;

    /// <summary>The guest frame to empty.</summary>
    public ulong Gpfn;
}

/// <summary><c>struct xen_memory_domain</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenMemoryDomain
{
    /// <summary>Whose memory: <see cref="DomainId.Self"/>.</summary>
    public ushort Domid;
}

/// <summary><c>struct xen_memory_map</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct XenMemoryMap
{
    /// <summary>In: entries that <see cref="Buffer"/> holds. Out: entries stored.</summary>
    public uint NrEntries;

    /// <summary>Entries of the BIOS's form (E820): 64-bit address, 64-bit size, 32-bit type; 20 bytes each.</summary>
    public void* Buffer;
}

/// <summary><c>struct xen_memory_reservation</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct XenMemoryReservation
{
    /// <summary>First frame of each extent.</summary>
    public ulong* ExtentStart;

    /// <summary>Number of extents.</summary>
    public ulong NrExtents;

    /// <summary>Size and alignment of each extent: 2^order frames.</summary>
    public uint ExtentOrder;

    /// <summary><c>XENMEMF_*</c>: 0, or the address bits that the memory must fit.</summary>
    public uint MemFlags;

    /// <summary>Whose memory: <see cref="DomainId.Self"/>.</summary>
    public ushort Domid;
}
