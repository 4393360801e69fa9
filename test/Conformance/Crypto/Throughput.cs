using System.Diagnostics;
using System.Security.Cryptography;

namespace Xenolith.Conformance.Crypto;

/// <summary>How many megabytes (10^6 bytes) a second are hashed and encrypted, in pieces of 16 KiB.</summary>
internal static class Throughput
{
    private const int Piece = 16 * 1024;
    private const int Rounds = 8;

    internal static void Run(int megabytes)
    {
        byte[] from = RandomNumberGenerator.GetBytes(Piece), to = new byte[Piece];
        byte[] digest = new byte[32], nonce = new byte[12], tag = new byte[16];
        using IncrementalHash sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using AesGcm gcm = new(RandomNumberGenerator.GetBytes(16), 16);
        using ChaCha20Poly1305 chacha = new(RandomNumberGenerator.GetBytes(32));

        Measure("SHA-256", megabytes, () => sha.AppendData(from));
        Measure("AES-128-GCM encrypt", megabytes, () => gcm.Encrypt(nonce, from, to, tag));
        Measure("AES-128-GCM decrypt", megabytes, () => gcm.Decrypt(nonce, to, tag, from));
        Measure("ChaCha20-Poly1305 encrypt", megabytes, () => chacha.Encrypt(nonce, from, to, tag));
        Measure("RandomNumberGenerator", megabytes, () => RandomNumberGenerator.Fill(to));

        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        TimeSpan signing = Best(megabytes, () => key.SignData(digest, HashAlgorithmName.SHA256));
        Console.WriteLine($"ECDSA P-256 sign: {signing.TotalMicroseconds / megabytes:F1} us");
    }

    private static void Measure(string what, int megabytes, Action piece)
    {
        int pieces = Math.Max(megabytes * 1_000_000 / Piece, 1);
        Console.WriteLine($"{what}: {(double)pieces * Piece / 1e6 / Best(pieces, piece).TotalSeconds:F1} MB/s");
    }

    /// <summary>The shortest of several rounds: the one that least else was going on in.</summary>
    private static TimeSpan Best(int times, Action action)
    {
        TimeSpan best = TimeSpan.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            Stopwatch watch = Stopwatch.StartNew();
            for (int i = 0; i < times; i++)
                action();
            best = watch.Elapsed < best ? watch.Elapsed : best;
        }
        return best;
    }
}
