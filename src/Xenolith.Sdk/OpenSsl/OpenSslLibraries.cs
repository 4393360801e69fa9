// Gives a program that uses System.Security.Cryptography the libraries for it. The runtime's own adapter looks for OpenSSL with dlopen,
// which finds nothing in a static image; its sources, compiled to call OpenSSL directly, take its place.

using System.Text;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Linking;

namespace Xenolith.Sdk.OpenSsl;

/// <summary>Puts OpenSSL into the images of programs that use it, and only of those.</summary>
internal static class OpenSslLibraries
{
    private const string Adapter = "libSystem.Security.Cryptography.Native.OpenSsl.a";

    private static ReadOnlySpan<byte> Prefix => "CryptoNative_"u8;

    /// <summary>The libraries to link: those of <paramref name="options"/>, with OpenSSL in the adapter's place if the program calls it.</summary>
    /// <exception cref="ImageLinkException">OpenSSL is needed, and is not there or cannot be prepared.</exception>
    internal static IReadOnlyList<string> Resolve(ImageLinkOptions options)
    {
        if (options.OpenSsl is not { } openSsl)
            return options.Libraries;
        List<string> libraries = [.. options.Libraries];
        int adapter = libraries.FindIndex(l => Path.GetFileName(l) == Adapter);
        if (adapter < 0 || FirstUse(options.ProgramObject) is not { } function)
            return libraries;

        if (openSsl.Libraries.FirstOrDefault(l => !File.Exists(l)) is { } missing)
            throw new ImageLinkException("XEN1015", $"The program uses System.Security.Cryptography ({function}), and OpenSSL's static library {missing} is not there: run `apt-get install libssl-dev`, or set XenolithOpenSslDirectory to the directory of libssl.a and libcrypto.a. XenolithCrypto=false leaves OpenSSL out; using it then ends the program.");

        string prepared = OpenSslBuild.Ensure(openSsl, Path.Combine(options.MuslDirectory, "libc.a"));
        libraries.RemoveAt(adapter);
        libraries.InsertRange(adapter, [Path.Combine(prepared, OpenSslBuild.AdapterName), .. openSsl.Libraries, Path.Combine(prepared, OpenSslBuild.ShimName)]);
        return libraries;
    }

    /// <summary>A function of the adapter that the program calls, or null.</summary>
    private static string? FirstUse(string program)
    {
        byte[] bytes = File.ReadAllBytes(program);
        if (bytes.AsSpan().IndexOf(Prefix) < 0)
            return null; // a look at the bytes takes a tenth of the time that the symbols take
        foreach (ElfSymbol symbol in ElfFile.Parse(bytes).Symbols())
            if (symbol.IsUndefined && symbol.Name.StartsWith(Encoding.ASCII.GetString(Prefix), StringComparison.Ordinal))
                return symbol.Name;
        return null;
    }
}
