// Compiles the C sources among a project's native libraries: into static libraries for the image, and into shared ones for the same program
// under `dotnet run`.

using System.Runtime.ExceptionServices;
using Xenolith.Sdk.Linking;

namespace Xenolith.Sdk.NativeCode;

/// <summary>Compiles C sources.</summary>
public static class NativeBuild
{
    /// <summary>A function that is not declared would be called as if it took and returned an int: half of a pointer.</summary>
    private static readonly string[] CommonFlags = ["-O2", "-g", "-Werror=implicit-function-declaration"];

    /// <summary>Whether an item is a source rather than a library.</summary>
    public static bool IsSource(string path) => Path.GetExtension(path) == ".c";

    /// <summary>
    /// The name by which a program refers to a library, as <c>[LibraryImport]</c> has it: <c>sum</c> of <c>libsum.a</c> and of <c>sum.c</c>.
    /// </summary>
    public static string NameOf(string path)
    {
        const string Prefix = "lib";
        string name = Path.GetFileNameWithoutExtension(path);
        return name.StartsWith(Prefix, StringComparison.Ordinal) && name.Length > Prefix.Length && !IsSource(path) ? name[Prefix.Length..] : name;
    }

    /// <summary>Compiles sources for images into a static library, which is touched only if it comes out different.</summary>
    /// <param name="toolchain">The compiler and the C library.</param>
    /// <param name="sources">The sources.</param>
    /// <param name="library">Where the library goes.</param>
    /// <exception cref="ImageLinkException">A source is missing or has a mistake, or a tool is missing.</exception>
    public static void CompileStatic(NativeToolchain toolchain, IReadOnlyList<NativeSource> sources, string library)
    {
        string work = library + ".work";
        if (Directory.Exists(work))
            Directory.Delete(work, recursive: true); // of a build that was interrupted
        Directory.CreateDirectory(work);
        IReadOnlyList<string> headers = toolchain.HeaderFlags();
        string[] objects = [.. sources.Select((source, i) => Path.Combine(work, $"{i}-{Path.GetFileNameWithoutExtension(source.Path)}.o"))];
        try
        {
            Parallel.For(0, objects.Length, i =>
            {
                RequireThere(sources[i]);
                toolchain.CompileSource(
                    sources[i].Path, [.. CommonFlags, .. NativeToolchain.CodeFlags, .. headers, .. sources[i].Flags, "-c", sources[i].Path, "-o", objects[i]]);
            });
        }
        catch (AggregateException problems)
        {
            ExceptionDispatchInfo.Throw(problems.InnerExceptions.OfType<ImageLinkException>().FirstOrDefault() ?? problems.InnerExceptions[0]);
        }

        string archive = Path.Combine(work, Path.GetFileName(library));
        NativeTool.Require("ar", ["rcsD", archive, .. objects]);
        if (!File.Exists(library) || !File.ReadAllBytes(library).AsSpan().SequenceEqual(File.ReadAllBytes(archive)))
            File.Move(archive, library, overwrite: true);
        Directory.Delete(work, recursive: true);
    }

    /// <summary>Compiles sources into a shared library for this machine and its own C library.</summary>
    /// <param name="toolchain">The compiler.</param>
    /// <param name="sources">The sources.</param>
    /// <param name="library">Where the library goes.</param>
    /// <exception cref="ImageLinkException">A source is missing or has a mistake, or the compiler is missing.</exception>
    public static void CompileShared(NativeToolchain toolchain, IReadOnlyList<NativeSource> sources, string library)
    {
        foreach (NativeSource source in sources)
            RequireThere(source);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(library))!);
        // Flags may differ from source to source, but one call of the compiler has one set of them.
        string[] flags = [.. sources.SelectMany(s => s.Flags).Distinct()];
        toolchain.CompileSource(
            string.Join(", ", sources.Select(s => s.Path)), [.. CommonFlags, "-fPIC", "-shared", .. flags, .. sources.Select(s => s.Path), "-o", library]);
    }

    private static void RequireThere(NativeSource source)
    {
        if (!File.Exists(source.Path))
            throw new ImageLinkException("XEN1030", $"There is no C source {source.Path}: correct the XenolithNativeLibrary item.");
    }
}
