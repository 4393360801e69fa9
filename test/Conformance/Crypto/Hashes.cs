using System.Security.Cryptography;
using System.Text;

namespace Xenolith.Conformance.Crypto;

/// <summary>Digests, message authentication codes and key derivation.</summary>
internal static class Hashes
{
    internal static void Run()
    {
        byte[] abc = "abc"u8.ToArray();
        byte[] key = Encoding.ASCII.GetBytes("Jefe");
        byte[] text = Encoding.ASCII.GetBytes("what do ya want for nothing?");

        Report.Bytes("MD5", MD5.HashData(abc));
        Report.Bytes("SHA-1", SHA1.HashData(abc));
        Report.Bytes("SHA-256", SHA256.HashData(abc));
        Report.Bytes("SHA-384", SHA384.HashData(abc));
        Report.Bytes("SHA-512", SHA512.HashData(abc));
        Report.Bytes("SHA-256 of nothing", SHA256.HashData([]));
        Report.Bytes("SHA-256 of a stream", SHA256.HashData(new MemoryStream(new byte[1_000_000])));
        Report.Line("SHA-3 offered", SHA3_256.IsSupported);
        if (SHA3_256.IsSupported)
        {
            Report.Bytes("SHA3-256", SHA3_256.HashData(abc));
            Report.Bytes("SHAKE128", Shake128.HashData(abc, 32));
        }

        Report.Bytes("HMAC-MD5", HMACMD5.HashData(key, text));
        Report.Bytes("HMAC-SHA-1", HMACSHA1.HashData(key, text));
        Report.Bytes("HMAC-SHA-256", HMACSHA256.HashData(key, text));
        Report.Bytes("HMAC-SHA-512", HMACSHA512.HashData(key, text));

        using IncrementalHash pieces = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        foreach (byte letter in text)
            pieces.AppendData([letter]);
        Report.Bytes("HMAC-SHA-256 in pieces", pieces.GetHashAndReset());

        Report.Bytes("PBKDF2", Rfc2898DeriveBytes.Pbkdf2("password", Encoding.ASCII.GetBytes("salt"), 4096, HashAlgorithmName.SHA1, 20));
        Report.Bytes("HKDF", HKDF.DeriveKey(HashAlgorithmName.SHA256, Filled(22, 0x0b), 42, Counting(13), Counting(10, 0xf0)));
    }

    /// <summary>Bytes that are all the same.</summary>
    internal static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    /// <summary>Bytes that count up.</summary>
    internal static byte[] Counting(int length, int first = 0) => [.. Enumerable.Range(first, length).Select(i => (byte)i)];
}
