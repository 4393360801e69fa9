using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Xenolith.Conformance.Crypto;

/// <summary>
/// Random numbers: nothing of them repeats, but their statistics must be right. Each bound is six standard deviations wide or more.
/// </summary>
internal static class RandomNumbers
{
    internal static void Run()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(1 << 20);

        // Of 8,388,608 bits half are ones: standard deviation 1,448.
        long ones = 0;
        for (int i = 0; i < bytes.Length; i += 8)
            ones += BitOperations.PopCount(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(i)));
        Report.Line("ones", Math.Abs(ones - 4 * bytes.Length) < 6 * 1448);

        // Of each byte 4,096: chi-squared with 255 degrees of freedom has the standard deviation 22.6.
        int[] counts = new int[256];
        foreach (byte value in bytes)
            counts[value]++;
        double chi = counts.Sum(c => (c - 4096.0) * (c - 4096.0) / 4096);
        Report.Line("bytes", chi is > 255 - 6 * 22.6 and < 255 + 8 * 22.6);

        // Neighbours are independent: the mean of their product differs from the square of the mean by noise.
        double sum = 0;
        for (int i = 1; i < bytes.Length; i++)
            sum += (bytes[i - 1] - 127.5) * (bytes[i] - 127.5);
        Report.Line("neighbours", Math.Abs(sum / bytes.Length) < 6 * 5461 / Math.Sqrt(bytes.Length));

        Report.Line("sixteen bytes twice differ", !RandomNumberGenerator.GetBytes(16).SequenceEqual(RandomNumberGenerator.GetBytes(16)));
        Report.Line("1000 GUIDs differ", Enumerable.Range(0, 1000).Select(_ => Guid.NewGuid()).Distinct().Count());

        int[] dice = new int[6];
        for (int i = 0; i < 60_000; i++)
            dice[RandomNumberGenerator.GetInt32(6)]++;
        Report.Line("dice", dice.All(d => Math.Abs(d - 10_000) < 6 * 92));
        Report.Line("letters", RandomNumberGenerator.GetString("ab", 64).All(c => c is 'a' or 'b'));
        Report.Line("all of a shuffled deck", Shuffled().Order().SequenceEqual(Enumerable.Range(0, 52)));
    }

    private static int[] Shuffled()
    {
        int[] deck = [.. Enumerable.Range(0, 52)];
        RandomNumberGenerator.Shuffle<int>(deck);
        return deck;
    }
}
