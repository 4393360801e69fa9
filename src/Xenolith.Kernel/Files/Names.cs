// Comparing names and paths, byte by byte: they are not text to the kernel.
using System;

namespace Xenolith.Kernel.Files;

internal static class Names
{
    /// <summary>The longest name of a file (NAME_MAX) and the longest path with its NUL (PATH_MAX), in bytes.</summary>
    internal const int Longest = 255, LongestPath = 4096;

    internal static bool AreSame(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length)
            return false;
        for (int i = 0; i < a.Length; i++)
            if (a[i] != b[i])
                return false;
        return true;
    }
}
