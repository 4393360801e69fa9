using System.Numerics;

namespace Soak;

/// <summary>What shows that a line is whole; the reader computes it, too.</summary>
internal static class Checksum
{
    internal static uint Of(string text)
    {
        uint sum = uint.MaxValue;
        foreach (char c in text)
            sum = BitOperations.Crc32C(sum, c);
        return sum;
    }
}
