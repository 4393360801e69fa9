using System.Security.Cryptography;

namespace Xenolith.Conformance.Crypto;

/// <summary>Key pairs: signatures, encryption, agreement, and keys written and read again.</summary>
internal static class Keys
{
    private static readonly byte[] Text = "something to be signed"u8.ToArray();

    internal static void Run()
    {
        Rsa();
        EllipticSignatures();
        EllipticAgreement();
    }

    private static void Rsa()
    {
        using RSA key = RSA.Create(2048);
        Report.Line("RSA bits", key.KeySize);
        foreach (RSASignaturePadding padding in (RSASignaturePadding[])[RSASignaturePadding.Pkcs1, RSASignaturePadding.Pss])
        {
            byte[] signature = key.SignData(Text, HashAlgorithmName.SHA256, padding);
            Report.Line($"RSA {padding} signature", $"{signature.Length} bytes, {key.VerifyData(Text, signature, HashAlgorithmName.SHA256, padding)}");
            signature[^1] ^= 1;
            Report.Line($"RSA {padding} damaged signature", key.VerifyData(Text, signature, HashAlgorithmName.SHA256, padding));
        }

        byte[] hidden = key.Encrypt(Text, RSAEncryptionPadding.OaepSHA256);
        Report.Line("RSA OAEP and back", key.Decrypt(hidden, RSAEncryptionPadding.OaepSHA256).SequenceEqual(Text));
        hidden[0] ^= 1;
        Report.Throws("RSA OAEP damaged", () => key.Decrypt(hidden, RSAEncryptionPadding.OaepSHA256));

        using RSA again = RSA.Create();
        again.ImportFromEncryptedPem(key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)), "secret");
        Report.Line("RSA key through encrypted PEM", again.ExportRSAPublicKey().SequenceEqual(key.ExportRSAPublicKey()));
    }

    private static void EllipticSignatures()
    {
        foreach (ECCurve curve in (ECCurve[])[ECCurve.NamedCurves.nistP256, ECCurve.NamedCurves.nistP384, ECCurve.NamedCurves.nistP521, ECCurve.NamedCurves.brainpoolP256r1])
        {
            using ECDsa key = ECDsa.Create(curve);
            byte[] signature = key.SignData(Text, HashAlgorithmName.SHA256);
            using ECDsa other = ECDsa.Create(key.ExportParameters(includePrivateParameters: false));
            Report.Line($"ECDSA {curve.Oid.FriendlyName}", $"{key.KeySize} bits, {other.VerifyData(Text, signature, HashAlgorithmName.SHA256)}");
            signature[5] ^= 4;
            Report.Line($"ECDSA {curve.Oid.FriendlyName} damaged", other.VerifyData(Text, signature, HashAlgorithmName.SHA256));
        }

        // RFC 6979, A.2.5: a signature that others made.
        using ECDsa known = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint
            {
                X = Convert.FromHexString("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"),
                Y = Convert.FromHexString("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"),
            },
        });
        Report.Line("ECDSA of RFC 6979", known.VerifyData(
            "sample"u8.ToArray(),
            Convert.FromHexString("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"),
            HashAlgorithmName.SHA256));
    }

    private static void EllipticAgreement()
    {
        using ECDiffieHellman one = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using ECDiffieHellman two = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        byte[] first = one.DeriveKeyFromHash(two.PublicKey, HashAlgorithmName.SHA256);
        byte[] second = two.DeriveKeyFromHash(one.PublicKey, HashAlgorithmName.SHA256);
        Report.Line("ECDH agrees", $"{first.Length} bytes, {first.SequenceEqual(second)}");

        using ECDiffieHellman third = ECDiffieHellman.Create();
        third.ImportPkcs8PrivateKey(one.ExportPkcs8PrivateKey(), out int read);
        Report.Line("ECDH key through PKCS#8", third.DeriveRawSecretAgreement(two.PublicKey).SequenceEqual(one.DeriveRawSecretAgreement(two.PublicKey)) && read > 0);
    }
}
