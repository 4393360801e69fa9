using System.Reflection;

namespace Xenolith.Architecture.Tests;

/// <summary>The repository's files, as paths relative to its root with '/' between folders; what builds leave is left out.</summary>
internal static class Repository
{
    private static readonly string[] SourceFolders = ["build", "src", "test", "samples", "bench"];
    private static readonly string[] BuildFolders = ["bin", "obj", "TestResults"];

    internal static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "RepositoryRoot").Value!;

    /// <summary>Everything below the folders that hold sources.</summary>
    internal static IReadOnlyList<string> Sources { get; } =
        [.. SourceFolders.Select(Absolute).Where(Directory.Exists).SelectMany(Walk).Select(p => Path.GetRelativePath(Root, p)).Order(StringComparer.Ordinal)];

    /// <summary>The documents for people.</summary>
    internal static IReadOnlyList<string> Documents { get; } =
        [.. Directory.GetFiles(Root, "*.md").Concat(Directory.GetFiles(Absolute("docs"), "*.md")).Select(p => Path.GetRelativePath(Root, p)).Order(StringComparer.Ordinal)];

    internal static string Absolute(string path) => Path.Combine(Root, path);

    internal static string Read(string path) => File.ReadAllText(Absolute(path));

    internal static string[] ReadLines(string path) => File.ReadAllLines(Absolute(path));

    private static IEnumerable<string> Walk(string folder) => Directory.EnumerateFiles(folder)
        .Concat(Directory.EnumerateDirectories(folder).Where(d => !BuildFolders.Contains(Path.GetFileName(d))).SelectMany(Walk));
}
