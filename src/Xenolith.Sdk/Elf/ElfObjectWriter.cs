// Writes the smallest relocatable ELF object: one read-only data section, to be linked like any compiler's output.

using System.Buffers.Binary;
using System.Text;

namespace Xenolith.Sdk.Elf;

/// <summary>Makes a relocatable x86-64 object out of bytes.</summary>
public static class ElfObjectWriter
{
    private const int HeaderSize = 64;
    private const int SectionHeaderSize = 64;
    private const int SectionCount = 4;
    private const int DefaultAlignment = 16;

    /// <summary>
    /// An object whose only content is a read-only section called <paramref name="sectionName"/>. The same arguments give the same bytes.
    /// </summary>
    /// <param name="sectionName">The section's name, in ASCII.</param>
    /// <param name="content">What it contains.</param>
    /// <param name="alignment">The multiple of which its address is to be, a power of two.</param>
    public static byte[] WithReadOnlySection(string sectionName, ReadOnlySpan<byte> content, int alignment = DefaultAlignment)
    {
        // The file:  header | content | section names | section headers (null, content, stack note, names)
        const string StackNote = ".note.GNU-stack";
        const string NameTable = ".shstrtab";
        byte[] names = Encoding.ASCII.GetBytes($"\0{sectionName}\0{StackNote}\0{NameTable}\0");
        int stackNoteName = 1 + sectionName.Length + 1;
        int nameTableName = stackNoteName + StackNote.Length + 1;

        int namesAt = HeaderSize + content.Length;
        int headersAt = (namesAt + names.Length + DefaultAlignment - 1) / DefaultAlignment * DefaultAlignment;
        byte[] file = new byte[headersAt + SectionCount * SectionHeaderSize];

        Span<byte> header = file;
        "\u007fELF"u8.CopyTo(header);
        header[4] = 2; // 64-bit
        header[5] = 1; // little-endian
        header[6] = 1; // format version
        BinaryPrimitives.WriteUInt16LittleEndian(header[16..], (ushort)ElfFileType.Relocatable);
        BinaryPrimitives.WriteUInt16LittleEndian(header[18..], 62); // x86-64
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], (ulong)headersAt);
        BinaryPrimitives.WriteUInt16LittleEndian(header[52..], HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(header[58..], SectionHeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(header[60..], SectionCount);
        BinaryPrimitives.WriteUInt16LittleEndian(header[62..], SectionCount - 1);

        content.CopyTo(file.AsSpan(HeaderSize));
        names.CopyTo(file, namesAt);

        Span<byte> headers = file.AsSpan(headersAt + SectionHeaderSize); // the first one stays null
        WriteSection(headers, 1, ElfSectionType.ProgramBits, ElfSectionFlags.Allocate, HeaderSize, content.Length, alignment);
        WriteSection(headers[SectionHeaderSize..], stackNoteName, ElfSectionType.ProgramBits, ElfSectionFlags.None, namesAt, 0, 1);
        WriteSection(headers[(2 * SectionHeaderSize)..], nameTableName, ElfSectionType.StringTable, ElfSectionFlags.None, namesAt, names.Length, 1);
        return file;
    }

    private static void WriteSection(
        Span<byte> header, int name, ElfSectionType type, ElfSectionFlags flags, int offset, int size, int alignment)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)name);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)type);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], (ulong)flags);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], (ulong)offset);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], (ulong)size);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], (ulong)alignment);
    }
}
