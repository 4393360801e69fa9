// Lines of the kernel's own on the console: only when something is wrong. Usable from any context.
using System;
using System.Runtime.CompilerServices;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Diagnostics;

/// <summary>Collects a line and sends it whole, so that it never mixes with a line of the program.</summary>
internal static unsafe class Log
{
    private const int Capacity = 512;

    private struct Buffer
    {
        internal fixed byte Bytes[Capacity];
    }

    private static Buffer buffer;
    private static int length;

    /// <summary>Begins a line; every line of the kernel's says whose it is.</summary>
    internal static void Begin()
    {
        length = 0;
        Text("xenolith: ");
    }

    internal static void Text(string text)
    {
        for (int i = 0; i < text.Length; i++)
            Byte((byte)text[i]);
    }

    internal static void Bytes(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
            Byte(text[i]);
    }

    internal static void Decimal(ulong value)
    {
        if (value >= 10)
            Decimal(value / 10);
        Byte((byte)('0' + value % 10));
    }

    internal static void Hex(ulong value)
    {
        Text("0x");
        int shift = 60;
        while (shift > 0 && value >> shift == 0)
            shift -= 4;
        for (; shift >= 0; shift -= 4)
        {
            byte digit = (byte)(value >> shift & 15);
            Byte((byte)(digit < 10 ? '0' + digit : 'a' - 10 + digit));
        }
    }

    /// <summary>Ends the line and sends it, behind whatever the program has written.</summary>
    internal static void End()
    {
        Byte((byte)'\n');
        ConsoleRing.WriteNow(new ReadOnlySpan<byte>(Unsafe.AsPointer(ref buffer), length));
    }

    internal static void Line(string text)
    {
        Begin();
        Text(text);
        End();
    }

    private static void Byte(byte value)
    {
        // The last place is kept for the newline.
        if (length < Capacity - 1 || value == '\n' && length < Capacity)
            ((Buffer*)Unsafe.AsPointer(ref buffer))->Bytes[length++] = value;
    }
}
