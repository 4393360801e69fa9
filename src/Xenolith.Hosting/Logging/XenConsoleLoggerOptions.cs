namespace Microsoft.Extensions.Logging;

/// <summary>What entries look like on the console.</summary>
public sealed class XenConsoleLoggerOptions
{
    /// <summary>Whether the scopes of an entry stand before its message. False: few programs use scopes, and they make every line longer.</summary>
    public bool IncludeScopes { get; set; }

    /// <summary>
    /// Format of the time (UTC) before each entry, with what separates it from the rest, for example <c>"yyyy-MM-ddTHH:mm:ss.fffZ "</c>; invariant
    /// culture. <see langword="null"/>: none, because the console's other side knows the time too (<c>xenconsoled --timestamp=all</c>).
    /// </summary>
    public string? TimestampFormat { get; set; }

    /// <summary>Whether the level has a color, by ANSI escape sequences. False: the other side is a log file more often than a terminal.</summary>
    public bool UseColor { get; set; }
}
