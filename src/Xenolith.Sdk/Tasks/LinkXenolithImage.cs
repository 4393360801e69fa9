using Microsoft.Build.Framework;
using Xenolith.Sdk.Linking;
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

    /// <summary><c>all</c>, <c>kernel</c> or <c>none</c>.</summary>
    [Required]
    public string Symbols { get; set; } = "";

    /// <summary>A thread's stack in bytes.</summary>
    [Required]
    public int StackSize { get; set; }

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
            Symbols = symbols,
            StackSize = StackSize,
            ExtraArguments = ExtraArguments,
        });
    }
}
