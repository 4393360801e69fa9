// Lines of the kernel's own on the console: only when something is wrong. Usable from any context.
using System;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Diagnostics;

/// <summary>Collects a line and sends it whole, so that it never mixes with a line of the program.</summary>
internal static class Log
{
    private static LineBuffer line;

    /// <summary>Begins a line; every line of the kernel's says whose it is.</summary>
    internal static void Begin()
    {
        line.Clear();
        line.Text("xenolith: ");
    }

    internal static void Text(string text) => line.Text(text);

    internal static void Bytes(ReadOnlySpan<byte> text) => line.Bytes(text);

    internal static void Decimal(ulong value) => line.Decimal(value);

    internal static void Hex(ulong value) => line.Hex(value);

    internal static void HexByte(byte value) => line.HexByte(value);

    /// <summary>Ends the line and sends it, behind whatever the program has written; a line that the program has begun is ended first.</summary>
    internal static void End()
    {
        if (!ConsoleRing.AtLineStart)
            ConsoleRing.WriteNow("\n"u8);
        line.NewLine();
        ConsoleRing.WriteNow(line.Content);
    }

    internal static void Line(string text)
    {
        Begin();
        Text(text);
        End();
    }
}
