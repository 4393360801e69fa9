namespace Xenolith.Sdk.Symbols;

/// <summary>A function of an image.</summary>
/// <param name="Address">The address of its first instruction.</param>
/// <param name="Name">Its name; demangled where the language mangles names.</param>
public readonly record struct FunctionSymbol(ulong Address, string Name);
