namespace Xenolith.Sdk.Elf;

/// <summary>A program header: a part of the file and where it goes in memory.</summary>
/// <param name="Type">What it describes.</param>
/// <param name="Flags">Its permissions in memory.</param>
/// <param name="Offset">Where it begins in the file, in bytes.</param>
/// <param name="Address">Its virtual address.</param>
/// <param name="PhysicalAddress">Its physical address, which is where a hypervisor loads it.</param>
/// <param name="FileSize">How many bytes the file holds.</param>
/// <param name="MemorySize">How many bytes it takes in memory; what the file does not hold is zero.</param>
/// <param name="Alignment">Its alignment in bytes.</param>
public sealed record ElfSegment(
    ElfSegmentType Type, ElfSegmentFlags Flags, ulong Offset, ulong Address, ulong PhysicalAddress, ulong FileSize, ulong MemorySize, ulong Alignment);

/// <summary>A section header.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">What it holds.</param>
/// <param name="Flags">Its attributes.</param>
/// <param name="Address">Its virtual address, or 0 when it is not in memory.</param>
/// <param name="Offset">Where it begins in the file, in bytes.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Link">For a symbol table: the index of its string table.</param>
public sealed record ElfSection(
    string Name, ElfSectionType Type, ElfSectionFlags Flags, ulong Address, ulong Offset, ulong Size, uint Link);

/// <summary>An entry of a symbol table.</summary>
/// <param name="Name">Its name as the linker knows it; empty for a section's symbol.</param>
/// <param name="Binding">How far it is seen.</param>
/// <param name="Type">What it names.</param>
/// <param name="Section">The index of its section; 0 when it is undefined, 0xfff1 when it is an absolute value, 0xfff2 for a common block.</param>
/// <param name="Value">Its address in an executable, or its offset in its section in an object.</param>
/// <param name="Size">Its size in bytes, 0 when it is not known.</param>
public readonly record struct ElfSymbol(
    string Name, ElfSymbolBinding Binding, ElfSymbolType Type, ushort Section, ulong Value, ulong Size)
{
    /// <summary>Whether another object has to define it.</summary>
    public bool IsUndefined => Section == 0;
}

/// <summary>A note.</summary>
/// <param name="Name">Its owner, such as <c>Xen</c> or <c>GNU</c>.</param>
/// <param name="Type">Its type, whose meaning the owner defines.</param>
/// <param name="Description">Its content.</param>
public sealed record ElfNote(string Name, uint Type, ReadOnlyMemory<byte> Description);
