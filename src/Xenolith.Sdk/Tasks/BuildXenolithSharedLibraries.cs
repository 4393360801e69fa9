using Microsoft.Build.Framework;
using Xenolith.Sdk.NativeCode;

namespace Xenolith.Sdk.Tasks;

/// <summary>
/// Compiles the C sources among a project's native libraries for this machine, so that the program also runs with <c>dotnet run</c>.
/// </summary>
public sealed class BuildXenolithSharedLibraries : NativeLibrariesTask
{
    /// <summary>Where the shared libraries go: beside the program.</summary>
    [Required]
    public string Directory { get; set; } = "";

    /// <inheritdoc/>
    protected override void Run()
    {
        NativeToolchain toolchain = new() { Compiler = Compiler };
        foreach (IGrouping<string, NativeSource> library in Sources())
            NativeBuild.CompileShared(toolchain, [.. library], Path.Combine(Directory, $"lib{library.Key}.so"));
    }
}
