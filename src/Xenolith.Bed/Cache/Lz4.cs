using System.Buffers.Binary;

namespace Xenolith.Bed.Cache;

/// <summary>
/// Unpacks what <c>lz4 -l</c> made, the form in which Linux kernels use LZ4 (the LZ4 project's lz4_Frame_format.md and lz4_Block_format.md).
/// </summary>
internal static class Lz4
{
    private const int MinimumMatch = 4;

    /// <summary>Unpacks the blocks that follow the legacy frame's magic number.</summary>
    /// <returns>Whether the output was filled exactly.</returns>
    public static bool UnpackLegacyFrame(ReadOnlySpan<byte> input, Span<byte> output)
    {
        int written = 0;
        while (input.Length >= 4 && written < output.Length)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(input);
            written += UnpackBlock(input.Slice(4, length), output[written..]);
            input = input[(4 + length)..];
        }

        return written == output.Length;
    }

    /// <summary>Unpacks one block: sequences of a token, literals, and a match in what was unpacked before.</summary>
    /// <returns>The bytes written.</returns>
    private static int UnpackBlock(ReadOnlySpan<byte> input, Span<byte> output)
    {
        int written = 0;
        while (!input.IsEmpty)
        {
            byte token = input[0];
            input = input[1..];
            int literals = Length(token >> 4, ref input);
            input[..literals].CopyTo(output[written..]);
            input = input[literals..];
            written += literals;
            if (input.IsEmpty)
                break; // The last sequence has no match.

            int offset = BinaryPrimitives.ReadUInt16LittleEndian(input);
            input = input[2..];
            int match = Length(token & 15, ref input) + MinimumMatch;
            // A match may overlap its own copy: it then repeats.
            for (; match > 0; match--, written++)
                output[written] = output[written - offset];
        }

        return written;
    }

    private static int Length(int length, ref ReadOnlySpan<byte> input)
    {
        if (length < 15)
            return length;
        byte next;
        do
        {
            next = input[0];
            input = input[1..];
            length += next;
        }
        while (next == 255);
        return length;
    }
}
