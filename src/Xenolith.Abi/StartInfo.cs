// What a PVH guest is given at its entry point, by physical address in EBX (Xen: arch-x86/hvm/start_info.h).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary><c>struct hvm_start_info</c>. Every address is physical; 0 means absent.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmStartInfo
{
    /// <summary>Value of <see cref="Magic"/>: "xEn3" with bit 7 of the "E" set.</summary>
    public const uint MagicValue = 0x336ec578;

    /// <summary><see cref="MagicValue"/>.</summary>
    public uint Magic;

    /// <summary>Version of the structure; each is an extension of those before. The memory map is there from 1 on.</summary>
    public uint Version;

    /// <summary><c>SIF_*</c> flags; zero in an unprivileged guest.</summary>
    public uint Flags;

    /// <summary>Number of modules.</summary>
    public uint NrModules;

    /// <summary>Address of <see cref="NrModules"/> entries of <see cref="HvmModlistEntry"/>.</summary>
    public ulong ModlistPaddr;

    /// <summary>Address of the NUL-terminated command line.</summary>
    public ulong CmdlinePaddr;

    /// <summary>Address of ACPI's RSDP.</summary>
    public ulong RsdpPaddr;

    /// <summary>Address of <see cref="MemmapEntries"/> entries of <see cref="HvmMemmapTableEntry"/>. Version 1.</summary>
    public ulong MemmapPaddr;

    /// <summary>Number of entries of the memory map; 0 when none is given. Version 1.</summary>
    public uint MemmapEntries;

    /// <summary>Zero. Version 1.</summary>
    public uint Reserved;
}

/// <summary><c>struct hvm_modlist_entry</c>: a file that the toolstack loaded beside the kernel.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmModlistEntry
{
    /// <summary>Physical address of the module.</summary>
    public ulong Paddr;

    /// <summary>Size in bytes.</summary>
    public ulong Size;

    /// <summary>Physical address of the module's NUL-terminated command line, or 0.</summary>
    public ulong CmdlinePaddr;

    /// <summary>Zero.</summary>
    public ulong Reserved;
}

/// <summary><c>struct hvm_memmap_table_entry</c>: a range of guest-physical addresses.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmMemmapTableEntry
{
    /// <summary>First physical address.</summary>
    public ulong Addr;

    /// <summary>Size in bytes.</summary>
    public ulong Size;

    /// <summary>What is there: a <see cref="HvmMemmapType"/> value.</summary>
    public uint Type;

    /// <summary>Zero in version 1.</summary>
    public uint Reserved;
}

/// <summary>Values of <see cref="HvmMemmapTableEntry.Type"/> (<c>XEN_HVM_MEMMAP_TYPE_*</c>; ACPI's address range types).</summary>
public static class HvmMemmapType
{
    /// <summary>Ordinary memory, free for the guest's use.</summary>
    public const uint Ram = 1;

    /// <summary>Not to be touched unless something else describes it.</summary>
    public const uint Reserved = 2;

    /// <summary>ACPI tables; memory once they have been read.</summary>
    public const uint Acpi = 3;

    /// <summary>Memory to keep over sleep states.</summary>
    public const uint Nvs = 4;

    /// <summary>Broken memory.</summary>
    public const uint Unusable = 5;

    /// <summary>Memory that is switched off.</summary>
    public const uint Disabled = 6;

    /// <summary>Persistent memory.</summary>
    public const uint Pmem = 7;
}
