using Microsoft.Build.Framework;
using Xenolith.Sdk.Linking;
using Xenolith.Sdk.NativeCode;

namespace Xenolith.Sdk.Tasks;

/// <summary>A task over the items <c>XenolithNativeLibrary</c>.</summary>
public abstract class NativeLibrariesTask : BuildTask
{
    /// <summary>
    /// Static libraries, objects and C sources. Metadata: <c>Library</c>, the name for the program; <c>Flags</c>, for the compiler.
    /// </summary>
    [Required]
    public ITaskItem[] Items { get; set; } = [];

    /// <summary>The C compiler.</summary>
    [Required]
    public string Compiler { get; set; } = "";

    /// <summary>The sources, by the library that they make up.</summary>
    private protected IEnumerable<IGrouping<string, NativeSource>> Sources() => Items
        .Where(item => NativeBuild.IsSource(item.ItemSpec))
        .GroupBy(NameOf, item => new NativeSource(item.ItemSpec, Words(item)));

    private protected static string NameOf(ITaskItem item)
    {
        string name = item.GetMetadata("Library") is { Length: > 0 } given ? given : NativeBuild.NameOf(item.ItemSpec);
        return name.IndexOfAny(['/', '\\']) < 0
            ? name
            : throw new ImageLinkException("XEN1030", $"The Library of {item.ItemSpec} is `{name}`: it is a name, such as sum for libsum.a, not a path.");
    }

    private static string[] Words(ITaskItem item) => item.GetMetadata("Flags").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
