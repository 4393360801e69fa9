using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Xenolith.Conformance.Crypto;

/// <summary>A certificate authority that lasts as long as the program: a root, an intermediate, and what they sign.</summary>
internal sealed class Authority : IDisposable
{
    internal static readonly DateTimeOffset From = DateTimeOffset.UtcNow.AddDays(-1);
    internal static readonly DateTimeOffset To = From.AddYears(1);

    private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private readonly RSA _intermediateKey = RSA.Create(2048);

    internal Authority()
    {
        CertificateRequest root = new("CN=Test Root, O=Xenolith", _rootKey, HashAlgorithmName.SHA384);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        root.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        root.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(root.PublicKey, critical: false));
        Root = root.CreateSelfSigned(From, To);

        CertificateRequest intermediate = new("CN=Test Intermediate, O=Xenolith", _intermediateKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        intermediate.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        intermediate.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        Intermediate = intermediate.Create(Root.SubjectName, X509SignatureGenerator.CreateForECDsa(_rootKey), From, To, [1, 2, 3]);
    }

    internal X509Certificate2 Root { get; }

    internal X509Certificate2 Intermediate { get; }

    /// <summary>A certificate with its key, for a server or client called <paramref name="name"/>.</summary>
    internal X509Certificate2 Issue(string name, AsymmetricAlgorithm key, DateTimeOffset? to = null)
    {
        CertificateRequest request = key is RSA rsa
            ? new($"CN={name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new($"CN={name}", (ECDsa)key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(name);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        X509Certificate2 certificate = request.Create(
            Intermediate.SubjectName, X509SignatureGenerator.CreateForRSA(_intermediateKey, RSASignaturePadding.Pkcs1), From, to ?? To.AddDays(-1), [4, 5, 6]);
        using (certificate)
            return key is RSA ownRsa ? certificate.CopyWithPrivateKey(ownRsa) : certificate.CopyWithPrivateKey((ECDsa)key);
    }

    public void Dispose()
    {
        Root.Dispose();
        Intermediate.Dispose();
        _rootKey.Dispose();
        _intermediateKey.Dispose();
    }
}
