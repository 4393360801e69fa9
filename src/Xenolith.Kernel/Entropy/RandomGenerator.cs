// The system's random number generator: ChaCha20 with fast key erasure.
//
// Output. Under the current key, the first 32 bytes of the key stream become the next key and the rest is output; the old key and every
// byte handed out are erased. Whoever reads the state learns nothing of what was output before.
//
// Input. A seed is absorbed 12 bytes at a time: key' = the first 32 bytes of ChaCha20(key, counter = kind | length, nonce = the bytes).
// This is the cascade construction (Bellare, Canetti and Krawczyk, 1996) with ChaCha20 as its pseudorandom function. The last piece is
// marked by its kind, so that no sequence of pieces is the beginning of another, which is what the cascade's proof asks for. It follows
// that (1) to one who does not know the key, the new key looks random whatever the seed, even one of an enemy's choice: a bad source does no
// harm; (2) to one who knows the key but not the seed, the new key is as hard to guess as the seed, ChaCha20 being taken for a random
// function: one good source suffices. Output counts blocks from 0 with a zero nonce; the kinds have the top bit, so the two never meet.
using System;

namespace Xenolith.Kernel.Entropy;

/// <summary>Starts zeroed: predictable until something unpredictable has been mixed in. Not thread-safe; must not move.</summary>
internal unsafe struct RandomGenerator
{
    private const uint AbsorbPart = 0x80000000;
    private const uint AbsorbLast = 0xC0000000;
    private const int PartBytes = 12;
    private const int KeyBytes = ChaCha20.KeyWords * sizeof(uint);
    private const int BlockBytes = ChaCha20.BlockWords * sizeof(uint);
    // Two blocks of key stream, less the next key.
    private const int BufferBytes = 2 * BlockBytes - KeyBytes;

    private fixed uint key[ChaCha20.KeyWords];
    private fixed uint nextKey[ChaCha20.KeyWords];
    private fixed uint block[ChaCha20.BlockWords];
    // Output made ahead for small requests: its last 'buffered' bytes; the others have been erased.
    private fixed byte buffer[BufferBytes];
    private int buffered;

    /// <summary>Mixes a seed in. Output made ahead is dropped, so that all that follows depends on the seed.</summary>
    internal void Mix(ReadOnlySpan<byte> seed)
    {
        fixed (uint* keyWords = key, blockWords = block)
        {
            int offset = 0;
            bool last;
            do
            {
                int count = seed.Length - offset;
                last = count <= PartBytes;
                if (!last)
                    count = PartBytes;
                uint n0 = Word(seed, offset);
                uint n1 = Word(seed, offset + 4);
                uint n2 = Word(seed, offset + 8);
                ChaCha20.Block(keyWords, (last ? AbsorbLast : AbsorbPart) | (uint)count, n0, n1, n2, blockWords);
                Move(keyWords, blockWords, ChaCha20.KeyWords);
                offset += count;
            }
            while (!last);

            Erase(blockWords, BlockBytes);
        }

        if (buffered == 0)
            return;
        fixed (byte* bytes = buffer)
            Erase(bytes, BufferBytes);
        buffered = 0;
    }

    /// <summary>Fills memory with random bytes.</summary>
    internal void Fill(Span<byte> destination)
    {
        fixed (byte* target = destination, bytes = buffer)
        {
            int length = destination.Length;
            if (length > BufferBytes)
            {
                Generate(target, length);
                return;
            }

            for (int i = 0; i < length; i++)
            {
                if (buffered == 0)
                {
                    Generate(bytes, BufferBytes);
                    buffered = BufferBytes;
                }

                byte* next = bytes + BufferBytes - buffered;
                target[i] = *next;
                *next = 0;
                buffered--;
            }
        }
    }

    private void Generate(byte* target, int length)
    {
        fixed (uint* keyWords = key, nextWords = nextKey, blockWords = block)
        {
            ChaCha20.Block(keyWords, 0, 0, 0, 0, blockWords);
            Move(nextWords, blockWords, ChaCha20.KeyWords);
            int used = KeyBytes;
            uint counter = 0;
            for (int i = 0; i < length; i++)
            {
                if (used == BlockBytes)
                {
                    ChaCha20.Block(keyWords, ++counter, 0, 0, 0, blockWords);
                    used = 0;
                }

                target[i] = ((byte*)blockWords)[used++];
            }

            Move(keyWords, nextWords, ChaCha20.KeyWords);
            Erase(nextWords, KeyBytes);
            Erase(blockWords, BlockBytes);
        }
    }

    /// <summary>Four bytes of a seed, zeros beyond its end.</summary>
    private static uint Word(ReadOnlySpan<byte> seed, int offset)
    {
        uint word = 0;
        for (int i = 0; i < 4 && offset + i < seed.Length; i++)
            word |= (uint)seed[offset + i] << (8 * i);
        return word;
    }

    private static void Move(uint* to, uint* from, int words)
    {
        for (int i = 0; i < words; i++)
            to[i] = from[i];
    }

    private static void Erase(void* memory, int bytes)
    {
        for (int i = 0; i < bytes / sizeof(ulong); i++)
            ((ulong*)memory)[i] = 0;
    }
}
