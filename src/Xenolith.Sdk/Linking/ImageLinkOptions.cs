using Xenolith.Sdk.Content;
using Xenolith.Sdk.OpenSsl;
using Xenolith.Sdk.Symbols;

namespace Xenolith.Sdk.Linking;

/// <summary>What goes into an image, and how.</summary>
public sealed record ImageLinkOptions
{
    /// <summary>The program's object, as the ahead-of-time compiler left it.</summary>
    public required string ProgramObject { get; init; }

    /// <summary>The runtime's objects and archives, in the order in which they are to be searched.</summary>
    public required IReadOnlyList<string> Libraries { get; init; }

    /// <summary>
    /// The directory of the runtime's own libraries; those from elsewhere are the program's, whose use of the C library is its own affair.
    /// </summary>
    public required string RuntimeDirectory { get; init; }

    /// <summary>The kernel's object.</summary>
    public required string KernelObject { get; init; }

    /// <summary>The object that supplies what the runtime expects of a C library and musl does not have.</summary>
    public required string LibcShim { get; init; }

    /// <summary>The linker script.</summary>
    public required string LinkerScript { get; init; }

    /// <summary>The reviewed list of the C library's functions that the runtime may use.</summary>
    public required string LibcImports { get; init; }

    /// <summary>The directory of musl's <c>libc.a</c> and start-up files.</summary>
    public required string MuslDirectory { get; init; }

    /// <summary>A directory for intermediate files; it is created.</summary>
    public required string WorkDirectory { get; init; }

    /// <summary>Where the stripped image goes.</summary>
    public required string Image { get; init; }

    /// <summary>Where the image's symbols and debug information go.</summary>
    public required string SymbolFile { get; init; }

    /// <summary>The program's name: what it is called below <c>/app</c>.</summary>
    public string ProgramName { get; init; } = "program";

    /// <summary>The files that lie beside the program, to be read and not to be changed.</summary>
    public IReadOnlyList<ContentFile> Content { get; init; } = [];

    /// <summary>Which functions the image can name in a backtrace.</summary>
    public SymbolSelection Symbols { get; init; } = SymbolSelection.All;

    /// <summary>
    /// The size of a new thread's stack in bytes, unless the program asks for another one. 1.5 MiB is what .NET gives its threads
    /// where the C library's own default (128 KiB in musl) is too small for it.
    /// </summary>
    public int StackSize { get; init; } = 1536 * 1024;

    /// <summary>
    /// Where OpenSSL is, for a program that uses it. Null leaves the runtime's own adapter in, which finds no OpenSSL in an image.
    /// </summary>
    public OpenSslOptions? OpenSsl { get; init; }

    /// <summary>The program's own native libraries: objects and static libraries, in any order.</summary>
    public IReadOnlyList<string> NativeLibraries { get; init; } = [];

    /// <summary>The C compiler's library of routines that compiled code calls; null when there is none, or no need of it.</summary>
    public string? CompilerLibrary { get; init; }

    /// <summary>More arguments for the linker, after all others.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    internal bool IsRuntimeLibrary(string library) =>
        Path.GetFullPath(library).StartsWith(Path.GetFullPath(RuntimeDirectory) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
