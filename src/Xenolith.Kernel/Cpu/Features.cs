// What this CPU can do: checked against what the kernel needs, and kept for what it can use.
using Xenolith.Kernel.Boot;
using Xenolith.Kernel.Diagnostics;

namespace Xenolith.Kernel.Cpu;

internal static unsafe class Features
{
    private const ulong StateX87 = 1, StateSse = 2, StateAvx = 4, StateAvx512 = 0xE0;
    // Sizes of the XSAVE area in its standard format: legacy region and header, then AVX's upper halves.
    private const uint LegacyAreaSize = 576, AvxAreaSize = 832;

    internal static bool HasAvx { get; private set; }
    internal static bool HasFsGsBase { get; private set; }
    internal static bool HasRdRand { get; private set; }
    internal static bool HasRdSeed { get; private set; }
    /// <summary>Bytes of a thread's extended register state, a multiple of 64.</summary>
    internal static uint ExtendedStateSize { get; private set; }
    /// <summary>The state components that XSAVE keeps, as in XCR0.</summary>
    internal static ulong ExtendedStateMask { get; private set; }

    internal static void Initialize(BootRecord* boot)
    {
        if ((boot->ExtendedEdx & 1u << 20) == 0)
            Panic.Refuse("this CPU has no NX bit, which memory protection needs");
        if ((boot->BasicEcx & 1u << 26) == 0)
            Panic.Refuse("this CPU offers no XSAVE: enable it on the host (Xen option xsave=1)");
        // x86-64-v2, for which .NET compiles: SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT.
        const uint level2 = 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23;
        if ((boot->BasicEcx & level2) != level2)
            Panic.Refuse("this CPU is older than x86-64-v2 (SSE4.2, POPCNT, CMPXCHG16B), for which the program is compiled");

        HasFsGsBase = (boot->FeaturesEbx & 1) != 0;
        HasRdSeed = (boot->FeaturesEbx & 1u << 18) != 0;
        HasRdRand = (boot->BasicEcx & 1u << 30) != 0;
        EnableExtendedState((boot->BasicEcx & 1u << 28) != 0);
    }

    /// <summary>Bits of a physical address. Asks the CPU, which is a VM exit.</summary>
    internal static int PhysicalAddressBits()
    {
        uint* leaf = stackalloc uint[4];
        Asm.Cpuid(0x80000008, 0, leaf);
        return (int)(leaf[0] & 0xFF);
    }

    private static void EnableExtendedState(bool avx)
    {
        uint* leaf = stackalloc uint[4];
        Asm.Cpuid(0xD, 0, leaf);
        ulong supported = leaf[0] | (ulong)leaf[3] << 32;
        ulong mask = StateX87 | StateSse;
        uint size = LegacyAreaSize;
        if (avx && (supported & StateAvx) != 0)
        {
            HasAvx = true;
            mask |= StateAvx;
            size = AvxAreaSize;
            if ((supported & StateAvx512) == StateAvx512)
                mask |= StateAvx512;
        }
        Asm.WriteXcr0(mask);
        if ((mask & StateAvx512) != 0)
        {
            // Where AVX-512's components lie differs between vendors: ask for the size of what is now enabled.
            Asm.Cpuid(0xD, 0, leaf);
            size = leaf[1];
        }
        ExtendedStateMask = mask;
        ExtendedStateSize = size + 63 & ~63u;
    }
}
