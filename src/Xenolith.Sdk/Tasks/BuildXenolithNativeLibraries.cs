using Microsoft.Build.Framework;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.NativeCode;

namespace Xenolith.Sdk.Tasks;

/// <summary>Compiles and checks the native libraries of a project, before the program is compiled.</summary>
public sealed class BuildXenolithNativeLibraries : NativeLibrariesTask
{
    /// <summary>The directory of musl's headers.</summary>
    [Required]
    public string MuslHeaders { get; set; } = "";

    /// <summary>The directory of musl's <c>libc.a</c>.</summary>
    [Required]
    public string MuslDirectory { get; set; } = "";

    /// <summary>The object with what musl lacks.</summary>
    [Required]
    public string LibcShim { get; set; } = "";

    /// <summary>Where the libraries go that are compiled.</summary>
    [Required]
    public string Directory { get; set; } = "";

    /// <summary>What is to be linked: the libraries and objects that were given, and those that were compiled.</summary>
    [Output]
    public string[] Libraries { get; private set; } = [];

    /// <summary>The compiler's own library, or nothing.</summary>
    [Output]
    public string CompilerLibrary { get; private set; } = "";

    /// <summary>The names by which the program may refer to them.</summary>
    [Output]
    public string[] Names { get; private set; } = [];

    /// <inheritdoc/>
    protected override void Run()
    {
        NativeToolchain toolchain = new() { Compiler = Compiler, MuslHeaders = MuslHeaders, MuslDirectory = MuslDirectory };
        List<string> libraries = [.. Items.Where(item => !NativeBuild.IsSource(item.ItemSpec)).Select(item => item.ItemSpec)];
        foreach (IGrouping<string, NativeSource> library in Sources())
        {
            string path = Path.Combine(Directory, $"lib{library.Key}.a");
            NativeBuild.CompileStatic(toolchain, [.. library], path);
            libraries.Add(path);
        }

        string libc = Path.Combine(MuslDirectory, "libc.a");
        HashSet<string> offered = File.Exists(libc)
            ? [.. ((string[])[libc, LibcShim]).SelectMany(ObjectFiles.GlobalSymbols).Where(s => !s.IsUndefined).Select(s => s.Name)]
            : []; // which the link reports
        foreach (string library in libraries)
            NativeLibraryChecks.Require(library, offered);

        Libraries = [.. libraries];
        CompilerLibrary = toolchain.FindCompilerLibrary() ?? "";
        Names = [.. Items.Select(NameOf).Distinct()];
    }
}
