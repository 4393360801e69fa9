using System.Text;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Symbols;

namespace Xenolith.Sdk.Tests.Symbols;

public class SymbolTableTests
{
    private static readonly Gen<FunctionSymbol[]> Functions =
        Gen.Select(Gen.UInt.Array[0, 40], Gen.String[Gen.Char['!', '~'], 1, 150].Array[40]).Select((addresses, names) =>
            addresses.Distinct().Order().Select((address, i) => new FunctionSymbol(address, names[i])).ToArray());

    [Fact]
    public void A_table_gives_back_its_functions_with_long_names_cut() => Functions.Sample(functions =>
    {
        byte[] table = SymbolTable.Encode(functions);
        IEnumerable<FunctionSymbol> expected = functions.Select(f => f with { Name = f.Name[..Math.Min(f.Name.Length, SymbolTable.LongestName)] });
        return SymbolTable.Decode(table)!.SequenceEqual(expected) && SymbolTable.Decode([.. table, 1, 2, 3])!.SequenceEqual(expected);
    });

    [Fact]
    public void A_table_has_the_layout_that_the_kernel_reads()
    {
        byte[] table = SymbolTable.Encode([new(0x200010, "a"), new(0x200020, "bc"), new(0x200030, "a")]);

        Assert.Equal(
            [
                .. "XLSY"u8, 3, 0, 0, 0,
                0x10, 0, 0x20, 0, 0x20, 0, 0x20, 0, 0x30, 0, 0x20, 0,
                32, 0, 0, 0, 34, 0, 0, 0, 32, 0, 0, 0, // equal names are kept once
                .. "a\0bc\0"u8,
            ],
            table);
    }

    [Fact]
    public void A_long_name_is_cut_between_two_characters()
    {
        string name = new string('x', SymbolTable.LongestName - 1) + "é";
        FunctionSymbol cut = Assert.Single(SymbolTable.Decode(SymbolTable.Encode([new(1, name)]))!);
        Assert.Equal(SymbolTable.LongestName - 1, Encoding.UTF8.GetByteCount(cut.Name));
    }

    [Theory]
    [InlineData("S_P_CoreLib_System_Collections_Generic_List_1<System___Canon>__Add", "System_Collections_Generic_List_1<__Canon>__Add")]
    [InlineData("<Boxed>S_P_CoreLib_System_Guid__<unbox>S_P_CoreLib_System_Guid__ToString", "System_Guid__ToString")]
    [InlineData("xenolith_kernel_Xenolith_Kernel_Memory_Frames__Allocate", "Kernel_Memory_Frames__Allocate")]
    [InlineData("WKS::gc_heap::init_gc_heap(int)", "WKS::gc_heap::init_gc_heap(int)")]
    public void A_managed_name_loses_what_says_little(string name, string shortened) => Assert.Equal(shortened, ManagedName.Shorten(name));

    [Fact]
    public void Functions_out_of_order_or_above_4_GiB_are_refused()
    {
        Assert.Throws<ArgumentException>(() => SymbolTable.Encode([new(2, "b"), new(1, "a")]));
        Assert.Throws<ArgumentException>(() => SymbolTable.Encode([new(0x1_0000_0000, "high")]));
    }

    [Fact]
    public void Bytes_that_are_no_table_are_refused_and_never_read_out_of_bounds()
    {
        Assert.Null(SymbolTable.Decode("nothing of the kind"u8));
        Gen.Select(Functions, Gen.Int[0, 5000], Gen.Byte, Gen.Int[0, 6000]).Sample((functions, at, value, length) =>
        {
            byte[] table = SymbolTable.Encode(functions);
            if (at < table.Length)
                table[at] = value;
            _ = SymbolTable.Decode(table.AsSpan(0, Math.Min(length, table.Length)));
        });
    }

    [Fact]
    public void Only_the_chosen_functions_of_an_image_are_taken_in_order()
    {
        ElfFile image = ElfFile.Parse(SmallImage.Bytes);

        Assert.Equal(["_start", "xl_pvh_entry", "halt", "xl_resume_count"], FunctionSymbols.Of(image, SymbolSelection.All).Select(f => f.Name));
        Assert.Equal(["xl_pvh_entry", "halt", "xl_resume_count"], FunctionSymbols.Of(image, SymbolSelection.Kernel).Select(f => f.Name));
        Assert.Empty(FunctionSymbols.Of(image, SymbolSelection.None));
    }

    [Fact]
    public void The_table_lies_at_the_symbol_that_the_kernel_refers_to_and_moves_no_function()
    {
        FunctionSymbol[] functions = [.. FunctionSymbols.Of(ElfFile.Parse(SmallImage.Bytes), SymbolSelection.All)];
        ElfFile image = ElfFile.Parse(SmallImage.Link("        .text\n        .globl _start\n        .type _start, @function\n_start: mov $60, %eax\n mov $7, %edi\n syscall\n .size _start, . - _start\n", functions));

        ulong at = image.Symbols().Single(s => s.Name == "xl_symbols").Value;
        Assert.Equal(functions, SymbolTable.Decode(image.ContentAt(at)!.Value.Span));
        Assert.Equal(functions, FunctionSymbols.Of(image, SymbolSelection.All));
    }
}
