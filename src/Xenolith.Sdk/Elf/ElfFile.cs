// Reads an ELF file held in memory: header, segments, sections, symbols and notes. Every offset and size in the file is checked
// against the file's length, so that a damaged or hostile file gives an ElfFormatException and nothing else.

using System.Buffers.Binary;
using System.Text;

namespace Xenolith.Sdk.Elf;

/// <summary>A 64-bit little-endian x86-64 ELF file. Immutable, so any number of threads may read it.</summary>
public sealed class ElfFile
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int SectionHeaderSize = 64;
    private const int SymbolSize = 24;

    private readonly ReadOnlyMemory<byte> _bytes;

    private ElfFile(ReadOnlyMemory<byte> bytes, ElfFileType type, ulong entry)
    {
        _bytes = bytes;
        Type = type;
        Entry = entry;
    }

    /// <summary>What kind of ELF file it is.</summary>
    public ElfFileType Type { get; }

    /// <summary>The address of the first instruction when the file starts as a process (<c>e_entry</c>).</summary>
    public ulong Entry { get; }

    /// <summary>The file offset of the program headers.</summary>
    public ulong ProgramHeaderOffset { get; private init; }

    /// <summary>The segments, in the order of the program headers.</summary>
    public IReadOnlyList<ElfSegment> Segments { get; private init; } = [];

    /// <summary>The sections, in the order of the section headers, the null section first; empty when the file has none.</summary>
    public IReadOnlyList<ElfSection> Sections { get; private init; } = [];

    /// <summary>The size of the file in bytes.</summary>
    public int Length => _bytes.Length;

    /// <summary>Reads the file at <paramref name="path"/>.</summary>
    /// <exception cref="ElfFormatException">It is not an x86-64 ELF file, or it is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ElfFile Read(string path)
    {
        try
        {
            return Parse(File.ReadAllBytes(path));
        }
        catch (ElfFormatException problem)
        {
            throw new ElfFormatException($"{path}: {problem.Message}", problem);
        }
    }

    /// <summary>Reads a file from memory. The memory must not change while the result is in use.</summary>
    /// <exception cref="ElfFormatException">It is not an x86-64 ELF file, or it is damaged.</exception>
    public static ElfFile Parse(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySpan<byte> header = bytes.Span;
        if (header.Length < HeaderSize || !header[..4].SequenceEqual("\u007fELF"u8))
            throw new ElfFormatException("not an ELF file");
        if (header[4] != 2 || header[5] != 1)
            throw new ElfFormatException("not a 64-bit little-endian ELF file");
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[18..]) != 62)
            throw new ElfFormatException("not an ELF file for x86-64");

        ulong programHeaderOffset = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        ulong sectionHeaderOffset = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
        int segmentCount = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
        int sectionCount = BinaryPrimitives.ReadUInt16LittleEndian(header[60..]);
        int nameSection = BinaryPrimitives.ReadUInt16LittleEndian(header[62..]);
        if (segmentCount != 0 && BinaryPrimitives.ReadUInt16LittleEndian(header[54..]) != ProgramHeaderSize)
            throw new ElfFormatException("the program headers have an unknown size");
        if (sectionCount != 0 && BinaryPrimitives.ReadUInt16LittleEndian(header[58..]) != SectionHeaderSize)
            throw new ElfFormatException("the section headers have an unknown size");

        return new ElfFile(bytes, (ElfFileType)BinaryPrimitives.ReadUInt16LittleEndian(header[16..]), BinaryPrimitives.ReadUInt64LittleEndian(header[24..]))
        {
            ProgramHeaderOffset = programHeaderOffset,
            Segments = ReadSegments(bytes, programHeaderOffset, segmentCount),
            Sections = ReadSections(bytes, sectionHeaderOffset, sectionCount, nameSection),
        };
    }

    /// <summary>The bytes of a segment that the file holds (<c>p_filesz</c> of them).</summary>
    /// <exception cref="ElfFormatException">They lie outside the file.</exception>
    public ReadOnlyMemory<byte> Content(ElfSegment segment) => Slice(_bytes, segment.Offset, segment.FileSize, "a segment");

    /// <summary>The bytes of a section; none for one that takes no space in the file.</summary>
    /// <exception cref="ElfFormatException">They lie outside the file.</exception>
    public ReadOnlyMemory<byte> Content(ElfSection section) => section.Type == ElfSectionType.NoBits
        ? ReadOnlyMemory<byte>.Empty
        : Slice(_bytes, section.Offset, section.Size, $"section {section.Name}");

    /// <summary>
    /// The bytes at a virtual address, to the end of what its segment has in the file; <see langword="null"/> when no segment holds it.
    /// </summary>
    public ReadOnlyMemory<byte>? ContentAt(ulong address)
    {
        foreach (ElfSegment segment in Segments)
            if (segment.Type == ElfSegmentType.Load && address >= segment.Address && address - segment.Address < segment.FileSize)
                return Content(segment)[(int)(address - segment.Address)..];
        return null;
    }

    /// <summary>Every symbol of the file's symbol table, in its order; none when it is stripped.</summary>
    /// <exception cref="ElfFormatException">The symbol table is damaged.</exception>
    public IEnumerable<ElfSymbol> Symbols()
    {
        foreach (ElfSection table in Sections)
        {
            if (table.Type != ElfSectionType.SymbolTable)
                continue;
            if (table.Link >= Sections.Count)
                throw new ElfFormatException("the symbol table has no string table");
            ReadOnlyMemory<byte> names = Content(Sections[(int)table.Link]);
            ReadOnlyMemory<byte> entries = Content(table);
            for (int at = SymbolSize; at + SymbolSize <= entries.Length; at += SymbolSize)
                yield return ReadSymbol(entries.Span.Slice(at, SymbolSize), names.Span);
        }
    }

    /// <summary>Every note of the file's note segments, or of its note sections when it has no segments (an object).</summary>
    /// <exception cref="ElfFormatException">A note is damaged.</exception>
    public IEnumerable<ElfNote> Notes()
    {
        IEnumerable<ReadOnlyMemory<byte>> parts = Segments.Count != 0
            ? Segments.Where(s => s.Type == ElfSegmentType.Note).Select(Content)
            : Sections.Where(s => s.Type == ElfSectionType.Note).Select(Content);
        return parts.SelectMany(ReadNotes);
    }

    private static List<ElfSegment> ReadSegments(ReadOnlyMemory<byte> bytes, ulong offset, int count)
    {
        ReadOnlySpan<byte> table = Slice(bytes, offset, (ulong)count * ProgramHeaderSize, "the program header table").Span;
        List<ElfSegment> segments = new(count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = table.Slice(i * ProgramHeaderSize, ProgramHeaderSize);
            segments.Add(new ElfSegment(
                (ElfSegmentType)BinaryPrimitives.ReadUInt32LittleEndian(entry),
                (ElfSegmentFlags)BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[40..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[48..])));
        }
        return segments;
    }

    private static List<ElfSection> ReadSections(ReadOnlyMemory<byte> bytes, ulong offset, int count, int nameSection)
    {
        ReadOnlySpan<byte> table = Slice(bytes, offset, (ulong)count * SectionHeaderSize, "the section header table").Span;
        ReadOnlyMemory<byte> names = default;
        if (count != 0)
        {
            if (nameSection >= count)
                throw new ElfFormatException("the section names are missing");
            ReadOnlySpan<byte> entry = table.Slice(nameSection * SectionHeaderSize, SectionHeaderSize);
            names = Slice(
                bytes,
                BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]),
                "the table of section names");
        }

        List<ElfSection> sections = new(count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = table.Slice(i * SectionHeaderSize, SectionHeaderSize);
            sections.Add(new ElfSection(
                ReadString(names.Span, BinaryPrimitives.ReadUInt32LittleEndian(entry)),
                (ElfSectionType)BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
                (ElfSectionFlags)BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[40..])));
        }
        return sections;
    }

    private static ElfSymbol ReadSymbol(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> names) => new(
        ReadString(names, BinaryPrimitives.ReadUInt32LittleEndian(entry)),
        (ElfSymbolBinding)(entry[4] >> 4),
        (ElfSymbolType)(entry[4] & 0xf),
        BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]),
        BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]));

    private static IEnumerable<ElfNote> ReadNotes(ReadOnlyMemory<byte> bytes)
    {
        const int NoteHeaderSize = 12;
        int at = 0;
        while (bytes.Length - at >= NoteHeaderSize)
        {
            ReadOnlySpan<byte> header = bytes.Span[at..];
            uint nameSize = BinaryPrimitives.ReadUInt32LittleEndian(header);
            uint descriptionSize = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
            at += NoteHeaderSize;

            ReadOnlyMemory<byte> name = Slice(bytes, (ulong)at, nameSize, "a note's name");
            ulong description = (ulong)at + AlignToWord(nameSize);
            ReadOnlyMemory<byte> content = Slice(bytes, description, descriptionSize, "a note");
            yield return new ElfNote(Encoding.UTF8.GetString(name.Span).TrimEnd('\0'), type, content);

            at = (int)Math.Min(description + AlignToWord(descriptionSize), (ulong)bytes.Length);
        }
    }

    private static ulong AlignToWord(uint size) => ((ulong)size + 3) & ~3ul;

    private static string ReadString(ReadOnlySpan<byte> table, uint offset)
    {
        if (offset == 0 && table.IsEmpty)
            return "";
        if (offset >= (uint)table.Length)
            throw new ElfFormatException("a name lies outside its string table");
        ReadOnlySpan<byte> rest = table[(int)offset..];
        int end = rest.IndexOf((byte)0);
        if (end < 0)
            throw new ElfFormatException("a name in a string table has no end");
        return Encoding.UTF8.GetString(rest[..end]);
    }

    private static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> bytes, ulong offset, ulong size, string what)
    {
        if (size == 0)
            return ReadOnlyMemory<byte>.Empty;
        if (offset > (ulong)bytes.Length || size > (ulong)bytes.Length - offset)
            throw new ElfFormatException($"the file is cut short: {what} lies outside it");
        return bytes.Slice((int)offset, (int)size);
    }
}
