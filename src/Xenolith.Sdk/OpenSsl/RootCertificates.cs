// The root certificates that an image carries: one file of PEM certificates, out of a package's folder or of a file that the user names.

using System.Security.Cryptography;
using Xenolith.Sdk.Linking;

namespace Xenolith.Sdk.OpenSsl;

/// <summary>Makes the file of root certificates.</summary>
public static class RootCertificates
{
    private static ReadOnlySpan<char> Label => "CERTIFICATE";

    /// <summary>The certificates of a PEM file, or of all <c>*.crt</c> files of a folder in the order of their names.</summary>
    /// <returns>Their PEM texts, without whatever else the files hold.</returns>
    /// <exception cref="ImageLinkException">There is no such file or folder, or no certificate in it.</exception>
    public static string Collect(string path)
    {
        string certificates = string.Concat(Files(path).Select(File.ReadAllText).SelectMany(Certificates));
        return certificates.Length != 0
            ? certificates
            : throw new ImageLinkException("XEN1017", $"There are no root certificates in {path}: run `apt-get install ca-certificates`, or set XenolithRootCertificates to a file of PEM certificates or a folder of such files that end in .crt.");
    }

    /// <summary>The PEM file itself, or all <c>*.crt</c> files of the folder; none if there is no such file or folder.</summary>
    public static IReadOnlyList<string> Files(string path) =>
        Directory.Exists(path) ? [.. Directory.EnumerateFiles(path, "*.crt").Order(StringComparer.Ordinal)] : File.Exists(path) ? [path] : [];

    private static IEnumerable<string> Certificates(string text)
    {
        int at = 0;
        while (PemEncoding.TryFind(text.AsSpan(at), out PemFields found))
        {
            if (text.AsSpan(at)[found.Label].SequenceEqual(Label))
                yield return text[(at + found.Location.Start.Value)..(at + found.Location.End.Value)] + "\n";
            at += found.Location.End.Value;
        }
    }
}
