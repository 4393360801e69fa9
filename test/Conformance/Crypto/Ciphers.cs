using System.Security.Cryptography;
using System.Text;

namespace Xenolith.Conformance.Crypto;

/// <summary>Symmetric encryption.</summary>
internal static class Ciphers
{
    internal static void Run()
    {
        Aes();
        AuthenticatedAes();
        ChaCha();
        Others();
    }

    private static void Aes()
    {
        // FIPS 197, appendix C, and NIST SP 800-38A, F.2.
        byte[] plain = Convert.FromHexString("00112233445566778899aabbccddeeff");
        foreach (int bits in (int[])[128, 192, 256])
        {
            using Aes aes = System.Security.Cryptography.Aes.Create();
            aes.Key = Hashes.Counting(bits / 8);
            byte[] sealedBlock = aes.EncryptEcb(plain, PaddingMode.None);
            Report.Bytes($"AES-{bits} ECB", sealedBlock);
            Report.Line($"AES-{bits} ECB and back", aes.DecryptEcb(sealedBlock, PaddingMode.None).SequenceEqual(plain));
        }

        using Aes chained = System.Security.Cryptography.Aes.Create();
        chained.Key = Convert.FromHexString("2b7e151628aed2a6abf7158809cf4f3c");
        chained.IV = Hashes.Counting(16);
        Report.Bytes("AES-128 CBC", chained.EncryptCbc(Convert.FromHexString("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"), chained.IV, PaddingMode.None));
        Report.Bytes("AES-128 CFB8", chained.EncryptCfb(plain, chained.IV, PaddingMode.None));

        using MemoryStream written = new();
        using (CryptoStream stream = new(written, chained.CreateEncryptor(), CryptoStreamMode.Write, leaveOpen: true))
            stream.Write(Encoding.UTF8.GetBytes("a text that is not a whole number of blocks"));
        written.Position = 0;
        using StreamReader reader = new(new CryptoStream(written, chained.CreateDecryptor(), CryptoStreamMode.Read));
        Report.Line("AES-128 CBC through streams", reader.ReadToEnd());

        byte[] damaged = chained.EncryptCbc(plain, chained.IV);
        damaged[^17] ^= 0x80;
        Report.Throws("AES-128 CBC with wrong padding", () => chained.DecryptCbc(damaged, chained.IV));
    }

    private static void AuthenticatedAes()
    {
        // McGrew and Viega, test case 4.
        using AesGcm gcm = new(Convert.FromHexString("feffe9928665731c6d6a8f9467308308"), 16);
        byte[] nonce = Convert.FromHexString("cafebabefacedbaddecaf888");
        byte[] extra = Convert.FromHexString("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        byte[] plain = Convert.FromHexString("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
        byte[] cipher = new byte[plain.Length];
        byte[] tag = new byte[16];
        gcm.Encrypt(nonce, plain, cipher, tag, extra);
        Report.Bytes("AES-128 GCM", cipher);
        Report.Bytes("AES-128 GCM tag", tag);
        byte[] back = new byte[plain.Length];
        gcm.Decrypt(nonce, cipher, tag, back, extra);
        Report.Line("AES-128 GCM and back", back.SequenceEqual(plain));
        tag[0] ^= 1;
        Report.Throws("AES-128 GCM with a wrong tag", () => gcm.Decrypt(nonce, cipher, tag, back, extra));

        using AesCcm ccm = new(Hashes.Counting(16, 0x40));
        byte[] small = new byte[4];
        byte[] smallTag = new byte[4];
        ccm.Encrypt(Hashes.Counting(7, 0x10), Hashes.Counting(4, 0x20), small, smallTag, Hashes.Counting(8));
        Report.Bytes("AES-128 CCM", [.. small, .. smallTag]);
    }

    private static void ChaCha()
    {
        // RFC 8439, 2.8.2.
        using ChaCha20Poly1305 chacha = new(Hashes.Counting(32, 0x80));
        byte[] plain = Encoding.ASCII.GetBytes("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.");
        byte[] cipher = new byte[plain.Length];
        byte[] tag = new byte[16];
        chacha.Encrypt(Convert.FromHexString("070000004041424344454647"), plain, cipher, tag, Convert.FromHexString("50515253c0c1c2c3c4c5c6c7"));
        Report.Bytes("ChaCha20-Poly1305 tag", tag);
    }

    private static void Others()
    {
        using TripleDES triple = TripleDES.Create();
        triple.Key = Convert.FromHexString("0123456789abcdef23456789abcdef01456789abcdef0123");
        Report.Bytes("3DES ECB", triple.EncryptEcb(Encoding.ASCII.GetBytes("The qufck brown fox jump"), PaddingMode.None));
    }
}
