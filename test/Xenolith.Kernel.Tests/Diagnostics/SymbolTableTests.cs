using System.Runtime.InteropServices;
using System.Text;
using CsCheck;
using Xenolith.Kernel.Diagnostics;

namespace Xenolith.Kernel.Tests.Diagnostics;

public sealed unsafe class SymbolTableTests
{
    private const uint Magic = 0x59534C58;

    [Fact]
    public void A_table_without_symbols_finds_nothing()
    {
        Assert.Null(Find(Build(Magic, []), 0x200000));
    }

    [Fact]
    public void A_table_of_another_kind_is_not_read()
    {
        Assert.Null(Find(Build(Magic + 1, [(1, "a")]), 0x200000));
    }

    [Theory]
    [InlineData(0xFFFul, null, 0)]
    [InlineData(0x1000ul, "first", 0)]
    [InlineData(0x1FFFul, "first", 0xFFF)]
    [InlineData(0x2000ul, "zweite Funktion(größe)", 0)]
    [InlineData(0x2001ul, "zweite Funktion(größe)", 1)]
    [InlineData(0xFFFFFFF0ul, "", 0)]
    [InlineData(0x1FFFFFFF0ul, "", 0x100000000)]
    public void The_function_is_the_last_that_begins_at_or_before_the_address(ulong address, string? name, long offset)
    {
        byte[] table = Build(Magic, [(0x1000, "first"), (0x2000, "zweite Funktion(größe)"), (0xFFFFFFF0, "")]);
        (string Name, ulong Offset)? found = Find(table, address);
        Assert.Equal(name is null ? null : (name, (ulong)offset), found);
    }

    [Fact]
    public void Any_address_in_any_table_is_found_as_by_looking_at_every_symbol()
    {
        Gen.Select(Gen.UInt[0, 5000].HashSet[0, 40], Gen.ULong[0, 6000].Array[20]).Sample((starts, addresses) =>
        {
            (uint, string)[] symbols = [.. starts.Order().Select(s => (s, $"f{s}"))];
            byte[] table = Build(Magic, symbols);
            foreach (ulong address in addresses)
            {
                (uint Start, string Name)[] before = [.. symbols.Where(s => s.Item1 <= address)];
                (string, ulong)? expected = before.Length == 0 ? null : (before[^1].Name, address - before[^1].Start);
                Assert.Equal(expected, Find(table, address));
            }
        }, iter: 500);
    }

    private static (string Name, ulong Offset)? Find(byte[] table, ulong address)
    {
        fixed (byte* pointer = table)
        {
            return SymbolTable.Find(pointer, address, out ReadOnlySpan<byte> name, out ulong offset)
                ? (Encoding.UTF8.GetString(name), offset)
                : null;
        }
    }

    private static byte[] Build(uint magic, (uint Address, string Name)[] symbols)
    {
        List<uint> header = [magic, (uint)symbols.Length, .. symbols.Select(s => s.Address)];
        List<byte> names = [];
        foreach ((_, string name) in symbols)
        {
            header.Add((uint)(8 + 8 * symbols.Length + names.Count));
            names.AddRange(Encoding.UTF8.GetBytes(name));
            names.Add(0);
        }

        return [.. MemoryMarshal.AsBytes<uint>(header.ToArray()), .. names];
    }
}
