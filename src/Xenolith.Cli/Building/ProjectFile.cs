namespace Xenolith.Cli.Building;

/// <summary>A project that can be built.</summary>
internal sealed record ProjectFile
{
    private static readonly string[] Extensions = [".csproj", ".fsproj", ".vbproj"];

    private ProjectFile(string path) => FullPath = path;

    /// <summary>The project file's full path.</summary>
    internal string FullPath { get; }

    /// <summary>The folder that it lies in.</summary>
    internal string Directory => Path.GetDirectoryName(FullPath)!;

    /// <summary>The project's name: that of its file.</summary>
    internal string Name => Path.GetFileNameWithoutExtension(FullPath);

    /// <summary>Whether a path names a project file, by its extension.</summary>
    internal static bool IsProjectPath(string path) => Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>The project at a path: a project file, or a folder that has exactly one.</summary>
    /// <exception cref="CliException">There is none, or there are several.</exception>
    internal static ProjectFile Find(string path)
    {
        string full = Path.GetFullPath(path);
        if (File.Exists(full))
            return IsProjectPath(full)
                ? new ProjectFile(full)
                : throw new CliException(ExitCode.NotFound, $"{path} is not a project file: give a .csproj, .fsproj or .vbproj, or its folder.");
        if (!System.IO.Directory.Exists(full))
            throw new CliException(ExitCode.NotFound, $"there is no file or folder {path}");

        string[] projects = [.. System.IO.Directory.EnumerateFiles(full).Where(IsProjectPath).Order(StringComparer.Ordinal)];
        return projects.Length switch
        {
            1 => new ProjectFile(projects[0]),
            0 => throw new CliException(ExitCode.NotFound, $"the folder {path} has no project file (.csproj, .fsproj, .vbproj)"),
            _ => throw new CliException(ExitCode.NotFound, $"the folder {path} has several projects: name one of {string.Join(", ", projects.Select(Path.GetFileName))}"),
        };
    }
}
