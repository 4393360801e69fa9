using Microsoft.Build.Framework;
using Xenolith.Sdk.Cache;
using Xenolith.Sdk.NativeCode;

namespace Xenolith.Sdk.Tasks;

/// <summary>Writes <c>xenolith.pc</c>, the flags for C code that others compile.</summary>
public sealed class WriteXenolithPkgConfig : BuildTask
{
    /// <summary>The C compiler.</summary>
    [Required]
    public string Compiler { get; set; } = "";

    /// <summary>The directory of musl's headers.</summary>
    [Required]
    public string MuslHeaders { get; set; } = "";

    /// <summary>The directory of musl's <c>libc.a</c>.</summary>
    [Required]
    public string MuslDirectory { get; set; } = "";

    /// <summary>The cache's folder, or empty for the usual one.</summary>
    public string CacheDirectory { get; set; } = "";

    /// <summary>The folder of the file, for <c>PKG_CONFIG_PATH</c>.</summary>
    [Output]
    public string Directory { get; private set; } = "";

    /// <inheritdoc/>
    protected override void Run()
    {
        string root = CacheDirectory.Length != 0 ? Path.GetFullPath(CacheDirectory) : BuildCache.UsualRoot;
        Directory = Path.Combine(root, "pkgconfig");
        string text = PkgConfigFile.Write(
            new NativeToolchain { Compiler = Compiler, MuslHeaders = MuslHeaders, MuslDirectory = MuslDirectory }, GetType().Assembly.GetName().Version!.ToString(3));
        string path = Path.Combine(Directory, PkgConfigFile.Package + ".pc");
        if (File.Exists(path) && File.ReadAllText(path) == text)
            return;
        System.IO.Directory.CreateDirectory(Directory);
        // In one step, for another build may read it at this moment.
        string temporary = Path.Combine(Directory, Path.GetRandomFileName());
        File.WriteAllText(temporary, text);
        File.Move(temporary, path, overwrite: true);
    }
}
