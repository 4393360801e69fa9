using System.Diagnostics;

namespace Xenolith.Grants;

/// <summary>Who took a page or a grant: known in DEBUG builds of this library, free in others.</summary>
internal readonly struct Origin
{
#if DEBUG
    private readonly StackTrace? _trace;

    private Origin(StackTrace trace) => _trace = trace;

    internal static Origin Here() => new(new StackTrace(2, true));

    /// <summary>The stack of whoever took it, a frame a line, innermost first.</summary>
    public override string ToString() => _trace?.ToString() ?? "unknown";
#else
    internal static Origin Here() => default;

    /// <summary>Empty: not recorded.</summary>
    public override string ToString() => "";
#endif
}
