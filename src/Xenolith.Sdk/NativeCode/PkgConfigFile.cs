namespace Xenolith.Sdk.NativeCode;

/// <summary>Writes <c>xenolith.pc</c>: what a C library's own build, by make, configure or another, asks for with pkg-config.</summary>
public static class PkgConfigFile
{
    /// <summary>The package's name: <c>pkg-config --cflags xenolith</c>.</summary>
    public const string Package = "xenolith";

    /// <summary>The text of the file.</summary>
    /// <param name="toolchain">The compiler and the C library.</param>
    /// <param name="version">The SDK's version.</param>
    /// <remarks>
    /// The libraries are those for a program that runs on Linux with the image's C library: for the small programs that a configure script
    /// links, and for a library's own tests. A library for an image is an archive and links nothing.
    /// </remarks>
    /// <exception cref="Linking.ImageLinkException">The compiler is not installed or fails.</exception>
    public static string Write(NativeToolchain toolchain, string version) => $$"""
        # C code for Xenolith images. Xenolith.Sdk has written this file for {{toolchain.Compiler}}, and writes it again when something changes.
        headers={{Escape(toolchain.MuslHeaders)}}
        compiler_headers={{Escape(toolchain.FindCompilerHeaders())}}
        libraries={{Escape(toolchain.MuslDirectory)}}

        Name: Xenolith
        Description: C code for Xenolith images
        Version: {{version}}
        Cflags: -nostdinc -isystem ${headers} -idirafter ${compiler_headers} {{string.Join(' ', NativeToolchain.CodeFlags)}}
        Libs: -static -no-pie -nostdlib ${libraries}/crt1.o ${libraries}/crti.o -L${libraries} -Wl,--start-group -lc -lgcc -Wl,--end-group ${libraries}/crtn.o

        """;

    private static string Escape(string path) => path.Replace(@"\", @"\\").Replace(" ", @"\ ");
}
