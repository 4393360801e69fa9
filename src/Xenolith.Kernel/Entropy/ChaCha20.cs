// The ChaCha20 block function (RFC 8439, section 2.3).
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Xenolith.Kernel.Entropy;

internal static unsafe class ChaCha20
{
    internal const int KeyWords = 8;
    internal const int BlockWords = 16;

    /// <summary>Computes the 64 bytes of key stream for a key, a block counter and a nonce; all words are little-endian.</summary>
    /// <param name="key">8 words.</param>
    /// <param name="counter">Number of the block.</param>
    /// <param name="nonce0">First word of the nonce.</param>
    /// <param name="nonce1">Second word.</param>
    /// <param name="nonce2">Third word.</param>
    /// <param name="output">Receives 16 words; may be unaligned and must not overlap the key.</param>
    internal static void Block(uint* key, uint counter, uint nonce0, uint nonce1, uint nonce2, uint* output)
    {
        // "expand 32-byte k"
        const uint c0 = 0x61707865, c1 = 0x3320646e, c2 = 0x79622d32, c3 = 0x6b206574;
        uint x0 = c0, x1 = c1, x2 = c2, x3 = c3;
        uint x4 = key[0], x5 = key[1], x6 = key[2], x7 = key[3];
        uint x8 = key[4], x9 = key[5], x10 = key[6], x11 = key[7];
        uint x12 = counter, x13 = nonce0, x14 = nonce1, x15 = nonce2;
        for (int i = 0; i < 10; i++)
        {
            QuarterRound(ref x0, ref x4, ref x8, ref x12);
            QuarterRound(ref x1, ref x5, ref x9, ref x13);
            QuarterRound(ref x2, ref x6, ref x10, ref x14);
            QuarterRound(ref x3, ref x7, ref x11, ref x15);
            QuarterRound(ref x0, ref x5, ref x10, ref x15);
            QuarterRound(ref x1, ref x6, ref x11, ref x12);
            QuarterRound(ref x2, ref x7, ref x8, ref x13);
            QuarterRound(ref x3, ref x4, ref x9, ref x14);
        }

        output[0] = x0 + c0;
        output[1] = x1 + c1;
        output[2] = x2 + c2;
        output[3] = x3 + c3;
        output[4] = x4 + key[0];
        output[5] = x5 + key[1];
        output[6] = x6 + key[2];
        output[7] = x7 + key[3];
        output[8] = x8 + key[4];
        output[9] = x9 + key[5];
        output[10] = x10 + key[6];
        output[11] = x11 + key[7];
        output[12] = x12 + counter;
        output[13] = x13 + nonce0;
        output[14] = x14 + nonce1;
        output[15] = x15 + nonce2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuarterRound(ref uint a, ref uint b, ref uint c, ref uint d)
    {
        a += b;
        d = BitOperations.RotateLeft(d ^ a, 16);
        c += d;
        b = BitOperations.RotateLeft(b ^ c, 12);
        a += b;
        d = BitOperations.RotateLeft(d ^ a, 8);
        c += d;
        b = BitOperations.RotateLeft(b ^ c, 7);
    }
}
