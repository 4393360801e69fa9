namespace Xenolith.Cli;

/// <summary>Where the tool keeps what it can make again.</summary>
internal static class CacheDirectory
{
    /// <summary><c>XENOLITH_CACHE</c>, else <c>$XDG_CACHE_HOME/xenolith</c>, else <c>~/.cache/xenolith</c>: the bed's rule.</summary>
    internal static string Path
    {
        get
        {
            if (Environment.GetEnvironmentVariable("XENOLITH_CACHE") is { Length: > 0 } own)
                return System.IO.Path.GetFullPath(own);
            string parent = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg
                ? xdg
                : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return System.IO.Path.Combine(parent, "xenolith");
        }
    }
}
