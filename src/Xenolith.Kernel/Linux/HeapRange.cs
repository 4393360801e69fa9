// The one variable that the kernel adds to the program's environment: how much address space the garbage collector reserves.
//
// Left alone, the collector reserves twice the RAM, and with less than about 40 MiB to reserve it writes to a part of its own tables that
// it has not committed, at some sizes: a domain of 16 MiB would start or crash by luck. A reservation is free here, so there is always
// one large enough, of a round size. Who sets the variable on the command line is left alone.
using System;
using Xenolith.Kernel.Boot;

namespace Xenolith.Kernel.Linux;

internal static unsafe class HeapRange
{
    /// <summary>Bytes that <see cref="Write"/> may need.</summary>
    internal const ulong Capacity = 64;

    private const ulong Unit = 64 << 20;

    private static ReadOnlySpan<byte> Name => "DOTNET_GCRegionRange="u8;

    /// <summary>True if one of the environment's words sets the variable.</summary>
    internal static bool IsSet(byte* text, int* offsets, int count) => EnvironmentWords.Contain(text, offsets, count, Name);

    /// <summary>Writes NAME=value, in hexadecimal digits as the runtime reads it, and a NUL.</summary>
    internal static void Write(byte* at)
    {
        for (int i = 0; i < Name.Length; i++)
            *at++ = Name[i];
        ulong bytes = (2 * StartInfo.Ram + Unit - 1) / Unit * Unit;
        for (int shift = 60; shift >= 0; shift -= 4)
        {
            byte digit = (byte)(bytes >> shift & 15);
            *at++ = (byte)(digit < 10 ? '0' + digit : 'a' - 10 + digit);
        }
        *at = 0;
    }
}
