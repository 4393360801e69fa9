// The ahead-of-time compiler names a method Assembly_Namespace_Type__Method. Names in a backtrace are for a reader, and every image
// carries thousands of them, so what says little is left out.

namespace Xenolith.Sdk.Symbols;

/// <summary>Shortens the names that the ahead-of-time compiler gives to methods.</summary>
public static class ManagedName
{
    private const string UnboxingMark = "__<unbox>";

    /// <summary>
    /// The name without the name of .NET's core library, without the kernel's doubled prefix, and, for the entry by which a boxed value's
    /// method is called, without the repetition of its type. Other names come back as they are.
    /// </summary>
    public static string Shorten(string name)
    {
        if (name.StartsWith("<Boxed>", StringComparison.Ordinal) && name.IndexOf(UnboxingMark, StringComparison.Ordinal) is int mark and >= 0)
            name = name[(mark + UnboxingMark.Length)..];
        return name
            .Replace("S_P_CoreLib_", "", StringComparison.Ordinal)
            .Replace("xenolith_kernel_Xenolith_Kernel_", "Kernel_", StringComparison.Ordinal)
            .Replace("System___Canon", "__Canon", StringComparison.Ordinal);
    }
}
