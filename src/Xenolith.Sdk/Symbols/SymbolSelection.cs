using Xenolith.Sdk.Elf;

namespace Xenolith.Sdk.Symbols;

/// <summary>Which functions an image can name in its own backtraces.</summary>
public enum SymbolSelection
{
    /// <summary>All of them: program, runtime, C library and kernel.</summary>
    All,

    /// <summary>Those of the kernel.</summary>
    Kernel,

    /// <summary>None; backtraces show addresses, which the symbol file beside the image resolves.</summary>
    None,
}

/// <summary>Chooses the functions of a linked image that go into its symbol table.</summary>
public static class FunctionSymbols
{
    /// <summary>
    /// The functions of an unstripped executable in ascending order of address, one for each address. Where several names share an
    /// address the most visible one is taken, then the first in ordinal order, so that equal images give equal tables.
    /// </summary>
    /// <exception cref="ElfFormatException">The symbol table is damaged.</exception>
    public static IReadOnlyList<FunctionSymbol> Of(ElfFile image, SymbolSelection selection)
    {
        if (selection == SymbolSelection.None)
            return [];

        (ulong start, ulong end) = selection == SymbolSelection.Kernel
            ? (AddressOf(image, "xl_kernel_text_start"), AddressOf(image, "xl_kernel_text_end"))
            : (0, ulong.MaxValue);

        return [.. image.Symbols()
            .Where(s => s.Type == ElfSymbolType.Function && s.Name.Length != 0 && s.Section is > 0 and < 0xff00)
            .Where(s => s.Value >= start && s.Value < end)
            .GroupBy(s => s.Value)
            .OrderBy(group => group.Key)
            .Select(group => new FunctionSymbol(
                group.Key,
                group.OrderBy(s => Rank(s.Binding)).ThenBy(s => s.Name, StringComparer.Ordinal).First().Name))];
    }

    private static ulong AddressOf(ElfFile image, string name) =>
        image.Symbols().Where(s => s.Name == name).Select(s => s.Value).FirstOrDefault();

    private static int Rank(ElfSymbolBinding binding) => binding switch
    {
        ElfSymbolBinding.Global => 0,
        ElfSymbolBinding.Weak => 1,
        _ => 2,
    };
}
