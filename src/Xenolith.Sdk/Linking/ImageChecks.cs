// What an image must be for the hypervisor to load it and for the kernel to protect it. Used on every image that is linked, and on
// images that the CLI is given.

using System.Buffers.Binary;
using Xenolith.Sdk.Elf;

namespace Xenolith.Sdk.Linking;

/// <summary>Checks on images.</summary>
public static class ImageChecks
{
    private const ulong PageSize = 4096;
    private const uint PvhEntryNote = 18; // XEN_ELFNOTE_PHYS32_ENTRY, xen/include/public/elfnote.h

    private static readonly HashSet<string> KnownSections =
    [
        ".init", ".text", "__managedcode", "__unbox", ".fini", ".xl.text",
        ".note.Xen", ".note.gnu.build-id", ".eh_frame_hdr", ".eh_frame", ".gcc_except_table", ".dotnet_eh_table", ".rodata", ".xl.rodata",
        ".tdata", ".tbss", ".init_array", ".data.rel.ro", ".got", ".xl.content", ".xl.symbols",
        ".data", "__modules", ".xl.data", ".bss", ".xl.bss",
    ];

    /// <summary>The address of the 32-bit entry point where the hypervisor starts the image; <see langword="null"/> when the file has none.</summary>
    /// <exception cref="ElfFormatException">The file's notes are damaged.</exception>
    public static uint? PvhEntry(ElfFile image)
    {
        foreach (ElfNote note in image.Notes())
            if (note.Name == "Xen" && note.Type == PvhEntryNote && note.Description.Length >= sizeof(uint))
                return BinaryPrimitives.ReadUInt32LittleEndian(note.Description.Span);
        return null;
    }

    /// <summary>Requires that the linker script has placed every section that is in memory.</summary>
    /// <exception cref="ImageLinkException">It has not; the message names the section.</exception>
    public static void RequireKnownSections(ElfFile image)
    {
        foreach (ElfSection section in image.Sections)
            if (section.Flags.HasFlag(ElfSectionFlags.Allocate) && !KnownSections.Contains(section.Name))
                throw new ImageLinkException("XEN1007", $"The section {section.Name} has no place in the image: the linker script does not name it.");
    }

    /// <summary>Requires what the hypervisor and the kernel need: segments, permissions, entry points.</summary>
    /// <exception cref="ImageLinkException">The image lacks something; the message says what.</exception>
    /// <exception cref="ElfFormatException">The file is damaged.</exception>
    public static void RequireBootable(ElfFile image)
    {
        if (image.Type != ElfFileType.Executable)
            throw new ImageLinkException("XEN1008", "The image is not an executable linked at a fixed address.");

        foreach (ElfSegment segment in image.Segments)
            if (segment.Flags.HasFlag(ElfSegmentFlags.Write | ElfSegmentFlags.Execute))
                throw new ImageLinkException("XEN1009", $"The segment {segment.Type} at 0x{segment.Address:x} is writable and executable.");

        ElfSegment[] loads = [.. image.Segments.Where(s => s.Type == ElfSegmentType.Load)];
        if (!loads.Select(s => s.Flags).SequenceEqual(
            [ElfSegmentFlags.Read | ElfSegmentFlags.Execute, ElfSegmentFlags.Read, ElfSegmentFlags.Read | ElfSegmentFlags.Write]))
            throw new ImageLinkException("XEN1010", "The image must have three segments in memory: code (R-X), constants (R--) and data (RW-).");
        foreach (ElfSegment load in loads)
            if (load.Address != load.PhysicalAddress || load.Address % PageSize != 0 || load.MemorySize > uint.MaxValue || load.Address + load.MemorySize > uint.MaxValue)
                throw new ImageLinkException("XEN1010", $"The segment at 0x{load.Address:x} must begin on a page, lie below 4 GiB and be linked at its physical address.");

        if (!Holds(loads[0], image.Entry))
            throw new ImageLinkException("XEN1011", $"The entry point 0x{image.Entry:x} is not in the image's code.");
        if (PvhEntry(image) is not { } entry)
            throw new ImageLinkException("XEN1012", "The image has no PVH note, so no hypervisor can start it: the kernel object is missing or has lost its .note.Xen section.");
        if (!Holds(loads[0], entry))
            throw new ImageLinkException("XEN1012", $"The PVH entry point 0x{entry:x} is not in the image's code.");
    }

    private static bool Holds(ElfSegment segment, ulong address) =>
        address >= segment.Address && address - segment.Address < segment.FileSize;
}
