// The domain's environment as the kernel looks at it: words NAME=value, each with a NUL behind it.
using System;

namespace Xenolith.Kernel.Linux;

internal static unsafe class EnvironmentWords
{
    /// <summary>True if one of the words begins with <paramref name="start"/>, which may include the NUL and then is the whole word.</summary>
    internal static bool Contain(byte* text, int* offsets, int count, ReadOnlySpan<byte> start)
    {
        for (int i = 0; i < count; i++)
        {
            byte* word = text + offsets[i];
            int same = 0;
            while (same < start.Length && word[same] == start[same])
                same++;
            if (same == start.Length)
                return true;
        }
        return false;
    }
}
