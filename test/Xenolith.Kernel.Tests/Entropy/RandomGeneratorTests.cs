using System.Numerics;
using System.Runtime.InteropServices;
using CsCheck;
using Xenolith.Kernel.Entropy;

namespace Xenolith.Kernel.Tests.Entropy;

public sealed unsafe class RandomGeneratorTests : IDisposable
{
    private readonly RandomGenerator* generator = Create();

    public void Dispose() => NativeMemory.Free(generator);

    [Fact]
    public void Equal_seeds_give_equal_output()
    {
        byte[] first = Run([[1, 2, 3]], 500);
        Assert.Equal(first, Run([[1, 2, 3]], 500));
    }

    [Fact]
    public void Output_after_a_seed_is_the_key_stream_of_the_cascade()
    {
        // Computed from the construction with the block function alone: a part of 12 bytes, then a last one of 8.
        byte[] seed = [.. Enumerable.Range(1, 20).Select(i => (byte)i)];
        uint[] key = new uint[8];
        Absorb(key, 0x80000000 | 12, 0x04030201, 0x08070605, 0x0C0B0A09);
        Absorb(key, 0xC0000000 | 8, 0x100F0E0D, 0x14131211, 0);
        byte[] stream = [.. Block(key, 0), .. Block(key, 1)];

        generator->Mix(seed);
        byte[] output = new byte[96];
        generator->Fill(output);
        Assert.Equal(stream[32..], output);

        // And then that of the next key, which the first bytes of the stream have become.
        uint[] next = MemoryMarshal.Cast<byte, uint>(stream.AsSpan(0, 32)).ToArray();
        byte[] large = new byte[200];
        generator->Fill(large);
        Assert.Equal([.. Block(next, 0)[32..], .. Block(next, 1), .. Block(next, 2), .. Block(next, 3)[..40]], large);
    }

    [Fact]
    public void Every_way_of_cutting_seeds_gives_another_output()
    {
        byte[][][] histories =
        [
            [],
            [[]],
            [[], []],
            [[0]],
            [[0, 0]],
            [[0], [0]],
            [new byte[12]],
            [new byte[13]],
            [new byte[12], [0]],
            [new byte[12], []],
            [new byte[24]],
            [new byte[12], new byte[12]],
            [new byte[25]],
        ];
        Assert.Equal(histories.Length, histories.Select(h => Convert.ToHexString(Run(h, 32))).Distinct().Count());
    }

    [Fact]
    public void One_changed_bit_of_a_seed_changes_about_half_of_the_output()
    {
        Gen.Select(Gen.Byte.Array[1, 70], Gen.Int[0, int.MaxValue]).Sample((seed, pick) =>
        {
            byte[] changed = [.. seed];
            changed[pick / 8 % seed.Length] ^= (byte)(1 << (pick % 8));
            int different = Run([seed], 256).Zip(Run([changed], 256), (a, b) => BitOperations.PopCount((uint)(a ^ b))).Sum();
            // 2048 bits: ten standard deviations from the mean.
            Assert.InRange(different, 1024 - 227, 1024 + 227);
        }, iter: 300);
    }

    [Fact]
    public void Mixing_makes_an_end_of_output_made_ahead()
    {
        byte[] unmixed = Run([[7]], 64);
        generator->Mix([7]);
        byte[] output = new byte[32];
        generator->Fill(output);
        Assert.Equal(unmixed[..32], output);
        generator->Mix([8]);
        generator->Fill(output);
        Assert.NotEqual(unmixed[32..], output);
    }

    [Fact]
    public void The_state_keeps_nothing_of_what_was_output()
    {
        Gen.Select(Gen.Int[8, 400].Array[1, 6], Gen.Byte.Array[0, 40]).Sample((sizes, seed) =>
        {
            RandomGenerator* own = Create();
            own->Mix(seed);
            byte[] state = [];
            foreach (int size in sizes)
            {
                byte[] output = new byte[size];
                own->Fill(output);
                byte[] after = new Span<byte>(own, sizeof(RandomGenerator)).ToArray();
                Assert.False(state.SequenceEqual(after));
                state = after;
                for (int i = 0; i + 8 <= size; i++)
                    Assert.Equal(-1, state.AsSpan().IndexOf(output.AsSpan(i, 8)));
            }

            NativeMemory.Free(own);
        }, iter: 200);
    }

    [Fact]
    public void The_old_key_is_gone_after_output_and_after_mixing()
    {
        for (int step = 0; step < 4; step++)
        {
            byte[] key = new Span<byte>(generator, 32).ToArray();
            if (step % 2 == 0)
                generator->Mix([1, 2, 3, (byte)step]);
            else
                generator->Fill(new byte[200]);
            if (step > 0)
                Assert.Equal(-1, new Span<byte>(generator, sizeof(RandomGenerator)).IndexOf(key));
        }
    }

    [Fact]
    public void Requests_of_any_size_are_filled_to_the_last_byte_and_not_beyond()
    {
        Gen.Int[0, 300].Array[1, 10].Sample(sizes =>
        {
            RandomGenerator* own = Create();
            foreach (int size in sizes)
            {
                byte[] any = new byte[size + 16];
                for (int attempt = 0; attempt < 8; attempt++)
                {
                    byte[] output = new byte[size + 16];
                    own->Fill(output.AsSpan(8, size));
                    Assert.All(output[..8].Concat(output[(size + 8)..]), b => Assert.Equal(0, b));
                    for (int i = 0; i < output.Length; i++)
                        any[i] |= output[i];
                }

                Assert.DoesNotContain((byte)0, any[8..(size + 8)]);
            }

            NativeMemory.Free(own);
        }, iter: 200);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(96)]
    [InlineData(100_000)]
    public void Output_is_evenly_spread(int request)
    {
        generator->Mix("even"u8);
        int[] counts = new int[256];
        byte[] output = new byte[request];
        int total = 0;
        for (; total < 1 << 20; total += request)
        {
            generator->Fill(output);
            foreach (byte b in output)
                counts[b]++;
        }

        double expected = total / 256.0;
        double chiSquare = counts.Sum(c => (c - expected) * (c - expected) / expected);
        // 255 degrees of freedom: ten standard deviations of 22.6 from the mean. The seed is fixed, so the result is too.
        Assert.InRange(chiSquare, 255 - 226, 255 + 226);
    }

    private static RandomGenerator* Create() => (RandomGenerator*)NativeMemory.AllocZeroed((nuint)sizeof(RandomGenerator));

    private static byte[] Run(byte[][] seeds, int length)
    {
        RandomGenerator* own = Create();
        foreach (byte[] seed in seeds)
            own->Mix(seed);
        byte[] output = new byte[length];
        own->Fill(output);
        NativeMemory.Free(own);
        return output;
    }

    private static void Absorb(uint[] key, uint counter, uint n0, uint n1, uint n2)
    {
        uint[] block = new uint[16];
        fixed (uint* k = key, b = block)
            ChaCha20.Block(k, counter, n0, n1, n2, b);
        block.AsSpan(0, 8).CopyTo(key);
    }

    private static byte[] Block(uint[] key, uint counter)
    {
        uint[] block = new uint[16];
        fixed (uint* k = key, b = block)
            ChaCha20.Block(k, counter, 0, 0, 0, b);
        return MemoryMarshal.AsBytes<uint>(block).ToArray();
    }
}
