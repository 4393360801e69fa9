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
