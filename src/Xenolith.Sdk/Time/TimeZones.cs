// The time zones that go into an image: files of the machine that builds (Debian's package tzdata), as RFC 8536 describes them, and the table
// by which .NET lists them.

using Xenolith.Sdk.Linking;

namespace Xenolith.Sdk.Time;

/// <summary>Finds time zones.</summary>
public static class TimeZones
{
    /// <summary>The word for all zones.</summary>
    public const string All = "all";

    /// <summary>
    /// The table of zones by country, in the folder of the zones. A line has the country, coordinates and the zone's name, between tabs.
    /// </summary>
    public const string Table = "zone.tab";

    private const int NameColumn = 2;

    private static ReadOnlySpan<byte> Magic => "TZif"u8;

    /// <summary>The zones that were asked for: those named, or all.</summary>
    /// <param name="directory">The folder of the zones.</param>
    /// <param name="names">Names such as <c>Europe/Zurich</c>, or <see cref="All"/>.</param>
    /// <returns>Their names, each once, in order.</returns>
    /// <exception cref="ImageLinkException">There is no such zone, or no folder of zones.</exception>
    public static IReadOnlyList<string> Select(string directory, IEnumerable<string> names)
    {
        if (!File.Exists(Path.Combine(directory, Table)))
            throw new ImageLinkException("XEN1023", $"There are no time zones in {directory}: run `apt-get install tzdata`, or set XenolithTimeZoneDirectory to the folder of {Table}.");
        SortedSet<string> selected = new(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (name == All)
                selected.UnionWith(Every(directory));
            else if (IsName(name) && IsZone(Path.Combine(directory, name)))
                selected.Add(name);
            else
                throw new ImageLinkException("XEN1023", $"There is no time zone `{name}` in {directory}.{Hint(directory, name)}");
        }
        return [.. selected];
    }

    /// <summary>The table's lines for some zones.</summary>
    /// <exception cref="IOException">The table cannot be read.</exception>
    public static string TableOf(string directory, IEnumerable<string> names)
    {
        HashSet<string> wanted = [.. names];
        return string.Concat(File.ReadLines(Path.Combine(directory, Table))
            .Where(line => !line.StartsWith('#') && line.Split('\t') is { Length: > NameColumn } columns && wanted.Contains(columns[NameColumn]))
            .Select(line => line + "\n"));
    }

    /// <summary>All names, without those that count leap seconds and those that stand for what a machine has chosen.</summary>
    private static IEnumerable<string> Every(string directory) => Directory
        .EnumerateFiles(directory, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(directory, path))
        .Where(name => name.Split('/')[0] is not ("posix" or "right" or "localtime" or "posixrules") && IsZone(Path.Combine(directory, name)));

    private static bool IsName(string name) => name.Split('/').All(part => part is not ("" or "." or ".."));

    private static bool IsZone(string path)
    {
        if (!File.Exists(path))
            return false;
        using FileStream file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[Magic.Length];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(Magic);
    }

    /// <summary>A zone that differs in case, or in what stands before its last part.</summary>
    private static string Hint(string directory, string name)
    {
        string wanted = name.Replace(' ', '_');
        string last = wanted[(wanted.LastIndexOf('/') + 1)..];
        string[] every = [.. Every(directory).Order(StringComparer.Ordinal)];
        string? near = Array.Find(every, zone => zone.Equals(wanted, StringComparison.OrdinalIgnoreCase))
            ?? Array.Find(every, zone => zone[(zone.LastIndexOf('/') + 1)..].Equals(last, StringComparison.OrdinalIgnoreCase));
        return near is null ? $" {Path.Combine(directory, Table)} lists them." : $" Did you mean {near}?";
    }
}
