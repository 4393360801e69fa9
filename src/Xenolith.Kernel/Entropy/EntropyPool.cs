// The domain's random numbers: one generator, seeded at boot and at each resume from the CPU and from what differs between two starts.
using System;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Entropy;

internal static unsafe class EntropyPool
{
    // 256 bits from each of the CPU's two generators, and a few attempts for each word: both may run dry for a moment.
    private const int WordsPerSource = 4;
    private const int Attempts = 16;

    private static RandomGenerator generator;

    internal static void Initialize(ulong entryTimestamp) => Seed(entryTimestamp);

    /// <summary>After a resume: the same memory may have been resumed elsewhere too, and must not go on with the same numbers there.</summary>
    internal static void Resume() => Seed((ulong)Hypervisor.DomainNumber());

    private static void Seed(ulong circumstance)
    {
        const int words = 2 * WordsPerSource + 4;
        ulong* seed = stackalloc ulong[words];
        int n = 0;
        for (int source = 0; source < 2; source++)
        {
            bool there = source == 0 ? Features.HasRdRand : Features.HasRdSeed;
            for (int i = 0; i < WordsPerSource; i++)
                seed[n++] = there ? ReadCpu(source) : 0;
        }
        // No CPU generator is trusted alone, and there may be none: the times differ from start to start.
        seed[n++] = circumstance;
        seed[n++] = Asm.ReadTimestamp();
        seed[n++] = Clock.WallClock();
        seed[n++] = Clock.Now();
        generator.Mix(new ReadOnlySpan<byte>(seed, words * sizeof(ulong)));
    }

    internal static void Fill(Span<byte> destination) => generator.Fill(destination);

    /// <summary>Adds what a program writes to /dev/urandom. Never lessens what is there.</summary>
    internal static void Mix(ReadOnlySpan<byte> data) => generator.Mix(data);

    private static ulong ReadCpu(int source)
    {
        ulong value = 0;
        for (int i = 0; i < Attempts; i++)
            if (Asm.ReadRandom(source, &value) != 0)
                break;
        return value;
    }
}
