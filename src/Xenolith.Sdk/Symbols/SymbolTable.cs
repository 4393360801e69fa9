// The table from which the kernel names functions in a backtrace. All numbers are little-endian:
//
//      u32 magic           "XLSY"
//      u32 count
//      u32 address[count]  where each function begins, ascending
//      u32 name[count]     offset of its name from the start of the table
//      ...                 the names, UTF-8, each ended by a zero byte

using System.Buffers.Binary;
using System.Text;

namespace Xenolith.Sdk.Symbols;

/// <summary>Encodes and decodes the symbol table of an image.</summary>
public static class SymbolTable
{
    /// <summary>A longer name is cut to this many bytes, at a character's end.</summary>
    public const int LongestName = 120;

    private const uint Magic = 0x59534C58;
    private const int HeaderSize = 8;

    /// <summary>Encodes functions, which must be in ascending order of address and lie below 4 GiB.</summary>
    /// <exception cref="ArgumentException">They are not, or do not.</exception>
    public static byte[] Encode(IReadOnlyList<FunctionSymbol> functions)
    {
        for (int i = 0; i < functions.Count; i++)
        {
            if (functions[i].Address > uint.MaxValue)
                throw new ArgumentException($"{functions[i].Name} lies above 4 GiB", nameof(functions));
            if (i != 0 && functions[i].Address <= functions[i - 1].Address)
                throw new ArgumentException($"{functions[i].Name} is out of order", nameof(functions));
        }

        int namesAt = HeaderSize + 8 * functions.Count;
        MemoryStream names = new();
        Dictionary<string, int> offsets = new(StringComparer.Ordinal);
        byte[] head = new byte[namesAt];
        BinaryPrimitives.WriteUInt32LittleEndian(head, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), (uint)functions.Count);
        for (int i = 0; i < functions.Count; i++)
        {
            string name = functions[i].Name;
            if (!offsets.TryGetValue(name, out int offset))
            {
                offset = namesAt + (int)names.Length;
                offsets.Add(name, offset);
                names.Write(Shorten(name));
                names.WriteByte(0);
            }
            BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(HeaderSize + 4 * i), (uint)functions[i].Address);
            BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(HeaderSize + 4 * (functions.Count + i)), (uint)offset);
        }
        return [.. head, .. names.ToArray()];
    }

    /// <summary>Decodes a table, which may be followed by other bytes; <see langword="null"/> when it is not one or is damaged.</summary>
    public static IReadOnlyList<FunctionSymbol>? Decode(ReadOnlySpan<byte> table)
    {
        if (table.Length < HeaderSize || BinaryPrimitives.ReadUInt32LittleEndian(table) != Magic)
            return null;
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(table[4..]);
        if (count > (uint)(table.Length - HeaderSize) / 8)
            return null;

        FunctionSymbol[] functions = new FunctionSymbol[count];
        for (int i = 0; i < functions.Length; i++)
        {
            uint offset = BinaryPrimitives.ReadUInt32LittleEndian(table[(HeaderSize + 4 * (functions.Length + i))..]);
            if (offset >= (uint)table.Length)
                return null;
            ReadOnlySpan<byte> name = table[(int)offset..];
            int end = name.IndexOf((byte)0);
            if (end < 0)
                return null;
            functions[i] = new FunctionSymbol(
                BinaryPrimitives.ReadUInt32LittleEndian(table[(HeaderSize + 4 * i)..]), Encoding.UTF8.GetString(name[..end]));
        }
        return functions;
    }

    private static byte[] Shorten(string name)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length <= LongestName)
            return bytes;
        int end = LongestName;
        while ((bytes[end] & 0xc0) == 0x80) // in the middle of a character
            end--;
        return bytes[..end];
    }
}
