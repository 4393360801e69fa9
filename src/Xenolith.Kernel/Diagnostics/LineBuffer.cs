// One line of text in the making: strings, bytes and numbers, with nothing allocated and no end of the buffer overrun.
using System;

namespace Xenolith.Kernel.Diagnostics;

/// <summary>Starts zeroed and must not move. What does not fit is left out, but there is always room for the newline.</summary>
internal unsafe struct LineBuffer
{
    internal const int Capacity = 512;

    private fixed byte bytes[Capacity];

    internal int Length { get; private set; }

    /// <summary>The line so far; valid until it is next changed.</summary>
    internal ReadOnlySpan<byte> Content
    {
        get
        {
            // Nothing moves (see the type's contract), so the pointer outlives the statement.
            fixed (byte* start = bytes)
                return new ReadOnlySpan<byte>(start, Length);
        }
    }

    internal void Clear() => Length = 0;

    /// <summary>Text of the kernel's own; a character beyond ASCII becomes a question mark.</summary>
    internal void Text(string text)
    {
        for (int i = 0; i < text.Length; i++)
            Byte(text[i] < 0x80 ? (byte)text[i] : (byte)'?');
    }

    internal void Bytes(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
            Byte(text[i]);
    }

    internal void Decimal(ulong value)
    {
        if (value >= 10)
            Decimal(value / 10);
        Byte((byte)('0' + value % 10));
    }

    /// <summary>As 0x and digits without leading zeros.</summary>
    internal void Hex(ulong value)
    {
        Text("0x");
        int shift = 60;
        while (shift > 0 && value >> shift == 0)
            shift -= 4;
        for (; shift >= 0; shift -= 4)
            Digit((int)(value >> shift & 15));
    }

    /// <summary>As two digits.</summary>
    internal void HexByte(byte value)
    {
        Digit(value >> 4);
        Digit(value & 15);
    }

    /// <summary>Ends the line.</summary>
    internal void NewLine()
    {
        if (Length == Capacity)
            Length--;
        bytes[Length++] = (byte)'\n';
    }

    private void Digit(int value) => Byte((byte)(value < 10 ? '0' + value : 'a' - 10 + value));

    private void Byte(byte value)
    {
        // The last place is the newline's.
        if (Length < Capacity - 1)
            bytes[Length++] = value;
    }
}
