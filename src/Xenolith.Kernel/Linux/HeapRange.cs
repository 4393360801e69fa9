// The one variable that the kernel adds to the program's environment: how much address space the garbage collector reserves.
//
// The collector never uses a reservation to its end without harm: its table of regions ends within a page that it commits only for
// background collections, so without these (DOTNET_gcConcurrent=0) it faults when it takes one of the last regions, on Linux too. A heap
// takes more addresses than memory: regions of large objects are of 32 MiB and more, and what is given back keeps its addresses for a
// while; a server's heaps take some 80 MiB each before the first object. A reservation is free here, so there is one that no heap gets
// to the end of. Who sets the variable on the command line is left alone.
using System;
using Xenolith.Kernel.Boot;

namespace Xenolith.Kernel.Linux;

internal static unsafe class HeapRange
{
    /// <summary>Bytes that <see cref="Write"/> may need.</summary>
    internal const ulong Capacity = 64;

    private const ulong Least = 4ul << 30, TimesRam = 8, Unit = 64 << 20;

    private static ReadOnlySpan<byte> Name => "DOTNET_GCRegionRange="u8;

    /// <summary>True if one of the environment's words sets the variable.</summary>
    internal static bool IsSet(byte* text, int* offsets, int count) => EnvironmentWords.Contain(text, offsets, count, Name);

    /// <summary>Bytes to reserve in a domain with so much RAM.</summary>
    internal static ulong Size(ulong ram)
    {
        ulong size = (TimesRam * ram + Unit - 1) / Unit * Unit;
        return size < Least ? Least : size;
    }

    /// <summary>Writes NAME=value, in hexadecimal digits as the runtime reads it, and a NUL.</summary>
    internal static void Write(byte* at)
    {
        for (int i = 0; i < Name.Length; i++)
            *at++ = Name[i];
        ulong bytes = Size(StartInfo.Ram);
        for (int shift = 60; shift >= 0; shift -= 4)
        {
            byte digit = (byte)(bytes >> shift & 15);
            *at++ = (byte)(digit < 10 ? '0' + digit : 'a' - 10 + digit);
        }
        *at = 0;
    }
}
