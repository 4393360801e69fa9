// Compares what libraries want of a C library with the list that was reviewed. The runtime and OpenSSL are built against another C
// library than the image's: a function that nobody has looked at might take a structure that the two lay out differently.

using Xenolith.Sdk.Elf;

namespace Xenolith.Sdk.Linking;

/// <summary>Checks the use of the C library by what was built against another one.</summary>
public static class LibcImports
{
    /// <summary>The names on a reviewed list: every word of a line that is not a comment.</summary>
    public static IReadOnlySet<string> ParseList(IEnumerable<string> lines) => lines
        .Where(line => !line.StartsWith('#'))
        .SelectMany(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>Requires that libraries use only reviewed names of the C library, and that it has all of those that they use.</summary>
    /// <param name="users">Paths of the objects and static libraries.</param>
    /// <param name="libc">Paths of the C library and of what completes it.</param>
    /// <param name="reviewed">The reviewed names.</param>
    /// <param name="subject">What the libraries are, for messages.</param>
    /// <param name="list">The list's name, for messages.</param>
    /// <exception cref="ImageLinkException">A name is not reviewed, or missing; the message names it.</exception>
    public static void Require(
        IEnumerable<string> users, IEnumerable<string> libc, IReadOnlySet<string> reviewed, string subject = "The .NET runtime", string list = "libc-imports.txt")
    {
        HashSet<string> wanted = new(StringComparer.Ordinal);
        HashSet<string> own = new(StringComparer.Ordinal);
        foreach (ElfSymbol symbol in users.SelectMany(ObjectFiles.GlobalSymbols))
            (symbol.IsUndefined ? wanted : own).Add(symbol.Name);
        wanted.ExceptWith(own);

        HashSet<string> offered = [.. libc.SelectMany(ObjectFiles.GlobalSymbols).Where(s => !s.IsUndefined).Select(s => s.Name)];

        string[] unknown = [.. wanted.Where(name => offered.Contains(name) && !reviewed.Contains(name)).Order(StringComparer.Ordinal)];
        if (unknown.Length != 0)
            throw new ImageLinkException("XEN1013", $"{subject} uses {string.Join(", ", unknown)} of the C library, which {list} does not list. Compare what it passes with musl's definition, then add it there with the result.");

        string[] missing = [.. wanted.Where(name => reviewed.Contains(name) && !offered.Contains(name)).Order(StringComparer.Ordinal)];
        if (missing.Length != 0)
            throw new ImageLinkException("XEN1014", $"{subject} uses {string.Join(", ", missing)}, which the C library of this machine does not have. Install musl 1.2.3 (Debian 12's musl-dev), or add the missing names to the shim.");
    }
}
