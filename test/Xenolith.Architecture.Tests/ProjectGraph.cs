using System.Xml.Linq;

namespace Xenolith.Architecture.Tests;

/// <summary>What the project files say about who uses whom.</summary>
internal static class ProjectGraph
{
    /// <summary>The projects below a folder: name and project file.</summary>
    internal static IReadOnlyDictionary<string, string> Projects(string folder) => Repository.Sources
        .Where(p => p.StartsWith(folder + "/", StringComparison.Ordinal) && p.EndsWith(".csproj", StringComparison.Ordinal))
        .ToDictionary(p => Path.GetFileNameWithoutExtension(p)!);

    /// <summary>The projects whose code a project uses: assemblies that it refers to, and projects whose sources it compiles.</summary>
    internal static IReadOnlyList<string> CodeUsedBy(string projectFile) =>
        [.. References(projectFile).Where(r => !r.IsBuildOrder).Select(r => r.Name).Concat(ForeignSources(projectFile)).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The projects that must only be built before a project.</summary>
    internal static IReadOnlyList<string> BuiltBefore(string projectFile) =>
        [.. References(projectFile).Where(r => r.IsBuildOrder).Select(r => r.Name).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Files of the build's, of any kind, that a path in a project or targets file leads to, as written.</summary>
    internal static IEnumerable<string> PathsOutOf(string file) =>
        XDocument.Load(Repository.Absolute(file)).Descendants()
            .SelectMany(e => e.Attributes().Select(a => a.Value).Append(e.HasElements ? "" : e.Value))
            .Where(text => text.Contains("../", StringComparison.Ordinal));

    private static IEnumerable<(string Name, bool IsBuildOrder)> References(string projectFile) =>
        from reference in XDocument.Load(Repository.Absolute(projectFile)).Descendants("ProjectReference")
        let include = (string)reference.Attribute("Include")!
        let path = include == "$(AgentProject)" ? "Xenolith.Bed.Agent.csproj" : include
        select (Path.GetFileNameWithoutExtension(path), (string?)reference.Attribute("ReferenceOutputAssembly") == "false");

    private static IEnumerable<string> ForeignSources(string projectFile) =>
        from compile in XDocument.Load(Repository.Absolute(projectFile)).Descendants("Compile")
        let include = (string?)compile.Attribute("Include")
        where include is not null && include.StartsWith("../", StringComparison.Ordinal)
        select include.Split('/').First(part => part.StartsWith("Xenolith", StringComparison.Ordinal));
}
