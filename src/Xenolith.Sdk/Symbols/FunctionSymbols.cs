using Xenolith.Sdk.Elf;

namespace Xenolith.Sdk.Symbols;

/// <summary>Chooses the functions of a linked image that go into its symbol table.</summary>
public static class FunctionSymbols
{
    private const string KernelText = ".xl.text";

    /// <summary>
    /// The functions of an unstripped executable in ascending order of address, one for each address: symbols of functions, and in the
    /// kernel also the labels of its assembly. Where several names share an address the most telling one is taken, then the first in
    /// ordinal order, so that equal images give equal tables.
    /// </summary>
    /// <exception cref="ElfFormatException">The symbol table is damaged.</exception>
    public static IReadOnlyList<FunctionSymbol> Of(ElfFile image, SymbolSelection selection)
    {
        if (selection == SymbolSelection.None)
            return [];

        bool IsKernel(ElfSymbol symbol) => symbol.Section < image.Sections.Count && image.Sections[symbol.Section].Name == KernelText;
        return [.. image.Symbols()
            .Where(s => s.Name.Length != 0 && s.Section is > 0 and < 0xff00)
            .Where(s => IsKernel(s) ? s.Type is ElfSymbolType.Function or ElfSymbolType.None : s.Type == ElfSymbolType.Function && selection == SymbolSelection.All)
            .GroupBy(s => s.Value)
            .OrderBy(group => group.Key)
            .Select(group => new FunctionSymbol(group.Key, group.OrderBy(Rank).ThenBy(s => s.Name, StringComparer.Ordinal).First().Name))];
    }

    private static int Rank(ElfSymbol symbol) => (symbol.Type, symbol.Binding) switch
    {
        (ElfSymbolType.Function, ElfSymbolBinding.Global) => 0,
        (ElfSymbolType.Function, ElfSymbolBinding.Weak) => 1,
        (ElfSymbolType.Function, _) => 2,
        _ => 3,
    };
}
