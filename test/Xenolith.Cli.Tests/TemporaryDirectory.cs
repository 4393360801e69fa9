namespace Xenolith.Cli.Tests;

/// <summary>A folder with a blank in its path that is removed with everything in it.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>The folder's path.</summary>
    internal string Path { get; } = Directory.CreateTempSubdirectory("xenolith cli ").FullName;

    /// <summary>Writes a file in it and returns the file's path.</summary>
    internal string Write(string name, string text)
    {
        string path = Combine(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>The path of a file in it.</summary>
    internal string Combine(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Every file in it with its time of change.</summary>
    internal string[] Listing() => [.. Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal).Select(f => $"{f} {File.GetLastWriteTimeUtc(f):O}")];

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
