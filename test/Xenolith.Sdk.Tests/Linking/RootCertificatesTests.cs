using System.Security.Cryptography.X509Certificates;
using Xenolith.Sdk.Linking;
using Xenolith.Sdk.OpenSsl;

namespace Xenolith.Sdk.Tests.Linking;

/// <summary>The file of root certificates that is packed: from which files it is made, and what is refused.</summary>
public sealed class RootCertificatesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Debians_package_has_the_roots_of_the_web()
    {
        X509Certificate2Collection roots = [];
        roots.ImportFromPem(RootCertificates.Collect("/usr/share/ca-certificates/mozilla"));
        Assert.InRange(roots.Count, 100, 300);
        Assert.Contains(roots, r => r.Subject.Contains("ISRG Root X1", StringComparison.Ordinal));
    }

    [Fact]
    public void The_certificates_of_a_folder_come_in_the_order_of_its_files_and_nothing_else_does()
    {
        _directory.Write("roots/b.crt", "-----BEGIN CERTIFICATE-----\nAgI=\n-----END CERTIFICATE-----\n");
        _directory.Write("roots/a.crt", "a comment\n-----BEGIN CERTIFICATE-----\nAQE=\n-----END CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nAwM=\n-----END CERTIFICATE-----");
        _directory.Write("roots/c.txt", "-----BEGIN CERTIFICATE-----\nBAQ=\n-----END CERTIFICATE-----\n");
        Assert.Equal(
            "-----BEGIN CERTIFICATE-----\nAQE=\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nAwM=\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nAgI=\n-----END CERTIFICATE-----\n",
            RootCertificates.Collect(_directory.Combine("roots")));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("empty.crt")]
    public void A_place_without_certificates_is_named(string name)
    {
        _directory.Write("empty.crt", "nothing\n");
        ImageLinkException problem = Assert.Throws<ImageLinkException>(() => RootCertificates.Collect(_directory.Combine(name)));
        Assert.Equal("XEN1017", problem.Code);
        Assert.Contains(_directory.Combine(name), problem.Message);
    }
}
