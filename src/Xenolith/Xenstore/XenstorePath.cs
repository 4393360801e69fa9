// Names of nodes: which are allowed, and how they nest (Xen: docs/misc/xenstore.txt).

using System.Buffers;
using System.Globalization;
using Xenolith.Abi;

namespace Xenolith.Xenstore;

/// <summary>
/// Rules of xenstore's paths. A path is absolute (<c>/local/domain/1/name</c>) or relative to the domain's home (<c>name</c>), made of
/// ASCII letters, digits and <c>-/_@</c>, without an empty part. All methods may be used from any thread.
/// </summary>
public static class XenstorePath
{
    /// <summary>Special watch: a domain was introduced to xenstored.</summary>
    public const string IntroduceDomain = "@introduceDomain";

    /// <summary>Special watch: a domain has shut down or was released.</summary>
    public const string ReleaseDomain = "@releaseDomain";

    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_@");

    /// <summary>Throws if a path cannot name a node.</summary>
    /// <param name="path">An absolute or relative path.</param>
    /// <param name="allowSpecial">Whether a name that begins with @ is allowed, as it is for watches and permissions.</param>
    /// <exception cref="ArgumentException">What is wrong with it.</exception>
    public static void Validate(string path, bool allowSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Problem(path, allowSpecial) is string problem)
            throw new ArgumentException($"The xenstore path \"{Shorten(path)}\" {problem}.", nameof(path));
    }

    /// <summary>Whether <see cref="Validate"/> accepts a path.</summary>
    public static bool IsValid(string? path, bool allowSpecial = false) => path is not null && Problem(path, allowSpecial) is null;

    /// <summary>The path of a node below another.</summary>
    /// <param name="parent">A path; may be <c>/</c>.</param>
    /// <param name="name">A name or a relative path below it.</param>
    public static string Combine(string parent, string name) => parent.EndsWith('/') ? parent + name : $"{parent}/{name}";

    /// <summary>The path of the node above; <see langword="null"/> for <c>/</c> and for a relative path of one part.</summary>
    public static string? GetParent(string path)
    {
        int slash = path.LastIndexOf('/');
        return slash > 0 ? path[..slash] : slash == 0 && path.Length > 1 ? "/" : null;
    }

    /// <summary>The last part of a path; empty for <c>/</c>.</summary>
    public static string GetName(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>Whether a path is another or lies below it. Both are absolute or both relative.</summary>
    public static bool IsSameOrBelow(string path, string ancestor) =>
        ancestor == "/"
            ? path.StartsWith('/')
            : path.StartsWith(ancestor, StringComparison.Ordinal) && (path.Length == ancestor.Length || path[ancestor.Length] == '/');

    /// <summary>The home of a domain, which relative paths begin at: <c>/local/domain/N</c>.</summary>
    /// <param name="domainId">0 to 32751 (0x7FEF).</param>
    public static string ForDomain(int domainId)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(domainId);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(domainId, DomainId.FirstReserved);
        return string.Create(CultureInfo.InvariantCulture, $"/local/domain/{domainId}");
    }

    private static string? Problem(string path, bool allowSpecial)
    {
        if (path.Length == 0)
            return "is empty";
        int limit = path[0] is '/' or '@' ? XenstoreLimit.AbsPathMax : XenstoreLimit.RelPathMax;
        if (path.Length > limit)
            return $"has {path.Length} characters; {(path[0] == '/' ? "an absolute" : "a relative")} path has {limit} at most";
        int forbidden = path.AsSpan().IndexOfAnyExcept(s_allowed);
        if (forbidden >= 0)
            return $"has the character U+{(int)path[forbidden]:X4}; allowed are ASCII letters, digits and -/_@";
        if (path[0] == '@' && !allowSpecial)
            return "begins with @, which only watches and permissions may";
        if (path.Length > 1 && path[^1] == '/')
            return "ends with a slash";
        return path.Contains("//", StringComparison.Ordinal) ? "has an empty part" : null;
    }

    private static string Shorten(string path) => path.Length <= 80 ? path : path[..77] + "...";
}
