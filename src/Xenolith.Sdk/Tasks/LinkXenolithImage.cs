using System.Globalization;
using Microsoft.Build.Framework;
using Xenolith.Sdk.Content;
using Xenolith.Sdk.Linking;
using Xenolith.Sdk.OpenSsl;
using Xenolith.Sdk.Symbols;

namespace Xenolith.Sdk.Tasks;

/// <summary>Links a program with the kernel into an image. The parameters are those of <see cref="ImageLinkOptions"/>.</summary>
public sealed class LinkXenolithImage : BuildTask
{
    /// <summary>The program's object.</summary>
    [Required]
    public string ProgramObject { get; set; } = "";

    /// <summary>The runtime's objects and archives, in order.</summary>
    [Required]
    public ITaskItem[] Libraries { get; set; } = [];

    /// <summary>The directory of the runtime's own libraries.</summary>
    [Required]
    public string RuntimeDirectory { get; set; } = "";

    /// <summary>The kernel's object.</summary>
    [Required]
    public string KernelObject { get; set; } = "";

    /// <summary>The object with what musl lacks.</summary>
    [Required]
    public string LibcShim { get; set; } = "";

    /// <summary>The linker script.</summary>
    [Required]
    public string LinkerScript { get; set; } = "";

    /// <summary>The list of the C library's functions that the runtime may use.</summary>
    [Required]
    public string LibcImports { get; set; } = "";

    /// <summary>The directory of musl's <c>libc.a</c>.</summary>
    [Required]
    public string MuslDirectory { get; set; } = "";

    /// <summary>A directory for intermediate files.</summary>
    [Required]
    public string WorkDirectory { get; set; } = "";

    /// <summary>Where the image goes.</summary>
    [Required]
    public string Image { get; set; } = "";

    /// <summary>Where its symbols go.</summary>
    [Required]
    public string SymbolFile { get; set; } = "";

    /// <summary>The program's name.</summary>
    [Required]
    public string ProgramName { get; set; } = "";

    /// <summary>Files to pack; their metadata <c>TargetPath</c> says where they lie, <c>SymbolicLink</c> that their text is a link's.</summary>
    public ITaskItem[] Content { get; set; } = [];

    /// <summary><c>all</c>, <c>kernel</c> or <c>none</c>.</summary>
    [Required]
    public string Symbols { get; set; } = "";

    /// <summary>A thread's stack in bytes.</summary>
    [Required]
    public int StackSize { get; set; }

    /// <summary>Whether OpenSSL goes into the image of a program that uses it; the parameters that follow are needed then.</summary>
    public bool Crypto { get; set; }

    /// <summary>The sources of the runtime's native libraries.</summary>
    public string RuntimeSources { get; set; } = "";

    /// <summary>The SDK's part of what goes with OpenSSL.</summary>
    public string OpenSslSources { get; set; } = "";

    /// <summary>The directory of OpenSSL's static libraries.</summary>
    public string OpenSslDirectory { get; set; } = "";

    /// <summary>The directories of OpenSSL's headers.</summary>
    public string[] OpenSslHeaders { get; set; } = [];

    /// <summary>The directory of musl's headers.</summary>
    public string MuslHeaders { get; set; } = "";

    /// <summary>The C compiler.</summary>
    public string Compiler { get; set; } = "gcc";

    /// <summary>The cache's folder, or empty for the usual one.</summary>
    public string CacheDirectory { get; set; } = "";

    /// <summary>The program's own native libraries.</summary>
    public string[] NativeLibraries { get; set; } = [];

    /// <summary>The C compiler's library, or empty for none.</summary>
    public string CompilerLibrary { get; set; } = "";

    /// <summary>More arguments for the linker.</summary>
    public string[] ExtraArguments { get; set; } = [];

    /// <inheritdoc/>
    protected override void Run()
    {
        if (!Enum.TryParse(Symbols, ignoreCase: true, out SymbolSelection symbols) || !Enum.IsDefined(symbols))
            throw new ImageLinkException("XEN1020", $"XenolithSymbols is `{Symbols}`: it must be all, kernel or none.");
        ImageLinker.Link(new ImageLinkOptions
        {
            ProgramObject = ProgramObject,
            Libraries = [.. Libraries.Select(l => l.ItemSpec)],
            RuntimeDirectory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(RuntimeDirectory)),
            KernelObject = KernelObject,
            LibcShim = LibcShim,
            LinkerScript = LinkerScript,
            LibcImports = LibcImports,
            MuslDirectory = MuslDirectory,
            WorkDirectory = WorkDirectory,
            Image = Image,
            SymbolFile = SymbolFile,
            ProgramName = ProgramName,
            // A file can be named more than once: content that is only published comes from .NET's targets twice.
            Content = [.. Content.DistinctBy(item => (item.GetMetadata("FullPath"), item.GetMetadata("TargetPath"))).Select(Read)],
            Symbols = symbols,
            StackSize = StackSize,
            OpenSsl = !Crypto ? null : new OpenSslOptions
            {
                RuntimeSources = RuntimeSources,
                OwnSources = OpenSslSources,
                LibraryDirectory = OpenSslDirectory,
                HeaderDirectories = OpenSslHeaders,
                MuslHeaders = MuslHeaders,
                Compiler = Compiler,
                CacheDirectory = CacheDirectory,
            },
            NativeLibraries = NativeLibraries,
            CompilerLibrary = CompilerLibrary.Length != 0 ? CompilerLibrary : null,
            ExtraArguments = ExtraArguments,
        });
    }

    private static ContentFile Read(ITaskItem item)
    {
        string path = item.GetMetadata("TargetPath").Replace('\\', '/'), dated = item.GetMetadata("TimeOf");
        DateTimeOffset modified = new(File.GetLastWriteTimeUtc(dated.Length != 0 ? dated : item.ItemSpec));
        // https://reproducible-builds.org/specs/source-date-epoch/: nothing is younger than the sources.
        if (long.TryParse(Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH"), NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            && modified.ToUnixTimeSeconds() >= seconds)
            modified = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return new ContentFile(path, File.ReadAllBytes(item.ItemSpec), modified)
        {
            Source = item.ItemSpec,
            IsLink = item.GetMetadata("SymbolicLink") == "true",
        };
    }
}
