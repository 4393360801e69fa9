using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Xenolith.Conformance.Crypto;

/// <summary>Certificates: requests, properties, chains, PEM and PKCS#12.</summary>
internal static class Certificates
{
    internal static void Run()
    {
        using Authority authority = new();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 leaf = authority.Issue("server.test", key);

        Request(key);
        Properties(leaf);
        Chains(authority, leaf);
        Formats(leaf);
        Stores();
    }

    private static void Request(ECDsa key)
    {
        CertificateRequest request = new("CN=asked.test, O=Somebody", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        CertificateRequest read = CertificateRequest.LoadSigningRequestPem(
            request.CreateSigningRequestPem(), HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
        Report.Line("request", $"{read.SubjectName.Name}, {read.CertificateExtensions.Count} extension, same key {read.PublicKey.ExportSubjectPublicKeyInfo().SequenceEqual(key.ExportSubjectPublicKeyInfo())}");
    }

    private static void Properties(X509Certificate2 leaf)
    {
        Report.Line("subject", leaf.Subject);
        Report.Line("issuer", leaf.Issuer);
        Report.Line("serial number", leaf.SerialNumber);
        Report.Line("version", leaf.Version);
        Report.Line("signature", leaf.SignatureAlgorithm.FriendlyName!);
        Report.Line("key", leaf.PublicKey.Oid.FriendlyName!);
        Report.Line("has its private key", leaf.HasPrivateKey);
        Report.Line("fingerprint", $"{leaf.GetCertHash(HashAlgorithmName.SHA256).Length} bytes, {SHA256.HashData(leaf.RawData).SequenceEqual(leaf.GetCertHash(HashAlgorithmName.SHA256))}");
        Report.Line("valid now", leaf.NotBefore < DateTime.Now && DateTime.Now < leaf.NotAfter);
        Report.Line("matches", $"{leaf.MatchesHostname("server.test")} {leaf.MatchesHostname("127.0.0.1")} {leaf.MatchesHostname("other.test")}");
        foreach (X509Extension extension in leaf.Extensions)
            Report.Line("extension", $"{extension.Oid!.Value} {extension.Oid.FriendlyName}{(extension.Critical ? ", critical" : "")}");
    }

    private static void Chains(Authority authority, X509Certificate2 leaf)
    {
        Chain("chain", leaf, authority.Root, [authority.Intermediate]);
        Chain("chain without its intermediate", leaf, authority.Root, []);
        using Authority stranger = new();
        Chain("chain to another root", leaf, stranger.Root, [authority.Intermediate]);
        using RSA key = RSA.Create(2048);
        using X509Certificate2 expired = authority.Issue("expired.test", key, Authority.From.AddHours(1));
        Chain("chain of an expired certificate", expired, authority.Root, [authority.Intermediate]);

        byte[] bytes = leaf.RawData;
        bytes[^1] ^= 1;
        using X509Certificate2 forged = X509CertificateLoader.LoadCertificate(bytes);
        Chain("chain of a forged certificate", forged, authority.Root, [authority.Intermediate]);
    }

    private static void Chain(string what, X509Certificate2 certificate, X509Certificate2 root, X509Certificate2Collection others)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(others);
        bool valid = chain.Build(certificate);
        Report.Line(what, $"{valid}, {chain.ChainElements.Count} long, {string.Join(' ', chain.ChainStatus.Select(s => s.Status).Order())}");
    }

    private static void Formats(X509Certificate2 leaf)
    {
        using X509Certificate2 fromPem = X509Certificate2.CreateFromPem(leaf.ExportCertificatePem(), leaf.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        Report.Line("through PEM", $"{fromPem.Thumbprint == leaf.Thumbprint}, key {fromPem.HasPrivateKey}");

        byte[] pkcs12 = leaf.ExportPkcs12(Pkcs12ExportPbeParameters.Pbes2Aes256Sha256, "a password");
        using X509Certificate2 fromPkcs12 = X509CertificateLoader.LoadPkcs12(pkcs12, "a password", X509KeyStorageFlags.EphemeralKeySet);
        byte[] signature = fromPkcs12.GetECDsaPrivateKey()!.SignData("text"u8.ToArray(), HashAlgorithmName.SHA256);
        Report.Line("through PKCS#12", $"{fromPkcs12.Thumbprint == leaf.Thumbprint}, key {leaf.GetECDsaPublicKey()!.VerifyData("text"u8.ToArray(), signature, HashAlgorithmName.SHA256)}");
        Report.Throws("PKCS#12 with a wrong password", () => X509CertificateLoader.LoadPkcs12(pkcs12, "another").Dispose());
        Report.Throws("a certificate of nonsense", () => X509CertificateLoader.LoadCertificate([1, 2, 3]).Dispose());
    }

    /// <summary>A user's store, which nobody has written to.</summary>
    private static void Stores()
    {
        using X509Store store = new(StoreName.My, StoreLocation.CurrentUser);
        try
        {
            store.Open(OpenFlags.ReadOnly);
            Report.Line("certificates in the user's store", store.Certificates.Count);
        }
        catch (CryptographicException exception)
        {
            Report.Line("the user's store", exception.GetType().Name);
        }
    }
}
