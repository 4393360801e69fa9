// How C code is compiled for an image: with the image's C library, for its fixed address, with its protections. One list of flags, for
// what the SDK compiles itself and for what others compile with pkg-config.

using Xenolith.Sdk.Linking;

namespace Xenolith.Sdk.NativeCode;

/// <summary>The C compiler and the C library for images. Immutable, so any number of threads may use it.</summary>
public sealed record NativeToolchain
{
    /// <summary>The flags that the code of an image needs, apart from where headers are.</summary>
    /// <remarks>
    /// An image is linked at a fixed address, so its code need not be position-independent. Unused functions are left out one by one.
    /// A smashed stack ends the program. Frame pointers are what backtraces follow.
    /// </remarks>
    public static IReadOnlyList<string> CodeFlags { get; } =
        ["-fno-pic", "-ffunction-sections", "-fdata-sections", "-fstack-protector-strong", "-fno-omit-frame-pointer"];

    /// <summary>The C compiler, gcc or clang.</summary>
    public string Compiler { get; init; } = "gcc";

    /// <summary>The directory of musl's headers.</summary>
    public string MuslHeaders { get; init; } = "/usr/include/x86_64-linux-musl";

    /// <summary>The directory of musl's <c>libc.a</c> and start-up files.</summary>
    public string MuslDirectory { get; init; } = "/usr/lib/x86_64-linux-musl";

    /// <summary>The directory of the compiler's own headers: musl has no <c>stdatomic.h</c> and no <c>immintrin.h</c>.</summary>
    /// <exception cref="ImageLinkException">The compiler is not installed or fails.</exception>
    public string FindCompilerHeaders() => RunCompiler(["-print-file-name=include"]).Trim();

    /// <summary>
    /// The compiler's library of routines for what the processor has no instruction for, such as 128-bit division; null if it has none.
    /// </summary>
    /// <exception cref="ImageLinkException">The compiler is not installed or fails.</exception>
    public string? FindCompilerLibrary() => RunCompiler(["-print-libgcc-file-name"]).Trim() is var path && File.Exists(path) ? path : null;

    /// <summary>Where headers are looked for: in musl, then in the compiler, nowhere else.</summary>
    /// <exception cref="ImageLinkException">The compiler is not installed or fails.</exception>
    public IReadOnlyList<string> HeaderFlags() => ["-nostdinc", "-isystem", MuslHeaders, "-idirafter", FindCompilerHeaders()];

    /// <summary>Runs the compiler.</summary>
    /// <returns>Its standard output.</returns>
    /// <exception cref="ImageLinkException">It is not installed or fails; the message has its words.</exception>
    internal string RunCompiler(IEnumerable<string> arguments) => NativeTool.Require(Compiler, arguments, package: "gcc");

    /// <summary>Runs the compiler on a source of the user's.</summary>
    /// <exception cref="ImageLinkException">It is not installed, or finds a mistake in the source; the message has its words.</exception>
    internal void CompileSource(string source, IEnumerable<string> arguments)
    {
        NativeTool.Result result = NativeTool.Run(Compiler, arguments, package: "gcc");
        if (result.ExitCode != 0)
            throw new ImageLinkException("XEN1034", $"{source} does not compile: {result.Errors.Trim()}");
    }
}
