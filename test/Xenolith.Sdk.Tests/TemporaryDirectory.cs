namespace Xenolith.Sdk.Tests;

/// <summary>A folder that is removed with everything in it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    /// <summary>The folder's path, which has a blank in it on purpose.</summary>
    internal string Path { get; } = Directory.CreateTempSubdirectory("xenolith test ").FullName;

    /// <summary>Writes a file in it and returns the file's path.</summary>
    internal string Write(string name, string text)
    {
        string path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>The path of a file in it.</summary>
    internal string Combine(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
