namespace Xenolith.Sdk.OpenSsl;

/// <summary>Where everything is that <c>System.Security.Cryptography</c> takes in an image.</summary>
public sealed record OpenSslOptions
{
    /// <summary>The sources of the runtime's native libraries: <c>native/src</c> of the compiler's package.</summary>
    public required string RuntimeSources { get; init; }

    /// <summary>The SDK's own part: the runtime's configuration, what musl lacks, and the reviewed list of functions.</summary>
    public required string OwnSources { get; init; }

    /// <summary>The directory of <c>libssl.a</c> and <c>libcrypto.a</c>.</summary>
    public required string LibraryDirectory { get; init; }

    /// <summary>Directories that together hold OpenSSL's headers, each in a folder <c>openssl</c>. Debian has them in two.</summary>
    public required IReadOnlyList<string> HeaderDirectories { get; init; }

    /// <summary>The directory of musl's headers.</summary>
    public required string MuslHeaders { get; init; }

    /// <summary>The C compiler, gcc or clang.</summary>
    public string Compiler { get; init; } = "gcc";

    /// <summary>The cache's folder; null for the usual one.</summary>
    public string? CacheDirectory { get; init; }

    internal IReadOnlyList<string> Libraries => [Path.Combine(LibraryDirectory, "libssl.a"), Path.Combine(LibraryDirectory, "libcrypto.a")];
}
