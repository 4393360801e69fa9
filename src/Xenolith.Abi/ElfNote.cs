// The note by which a kernel image tells the toolstack where to enter it (Xen: elfnote.h).

namespace Xenolith.Abi;

/// <summary>Notes of owner "Xen" in an ELF image (<c>XEN_ELFNOTE_*</c>).</summary>
public static class ElfNote
{
    /// <summary>Physical address, 4 or 8 bytes, of the 32-bit PVH entry point.</summary>
    public const uint Phys32Entry = 18;
}
