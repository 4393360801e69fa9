namespace Xenolith.Sdk.Elf;

/// <summary>Reads what a linker is given: object files, one by one or in a static library.</summary>
internal static class ObjectFiles
{
    /// <summary>An object file, or the members of a static library in their order.</summary>
    /// <exception cref="ElfFormatException">It is neither, or damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static IEnumerable<ElfFile> Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        return ArchiveReader.IsArchive(bytes) ? ArchiveReader.Members(bytes).Select(ElfFile.Parse) : [ElfFile.Parse(bytes)];
    }

    /// <summary>The symbols of an object file or static library that others can see, defined or wanted.</summary>
    /// <exception cref="ElfFormatException">It is neither, or damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static IEnumerable<ElfSymbol> GlobalSymbols(string path) =>
        Read(path).SelectMany(o => o.Symbols()).Where(s => s.Binding != ElfSymbolBinding.Local);
}
