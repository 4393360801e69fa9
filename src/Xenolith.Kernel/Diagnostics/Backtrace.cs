// Backtraces by frame pointers, with names from the image's symbol table. Trusts nothing that it reads from a stack.
using System;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Diagnostics;

internal static unsafe class Backtrace
{
    private const int MaximumFrames = 48;

    internal static void FromHere()
    {
        ulong pointer = Asm.FramePointer();
        PrintFrom(pointer, 0);
    }

    /// <summary>One line for the place, then one for each caller.</summary>
    internal static void Print(ulong instruction, ulong framePointer)
    {
        PrintPlace(instruction);
        PrintFrom(framePointer, 1);
    }

    private static void PrintFrom(ulong pointer, int count)
    {
        // Each frame: the caller's frame pointer, then the return address. Callers lie higher on the stack.
        for (; count < MaximumFrames && (pointer & 7) == 0 && IsReadable(pointer); count++)
        {
            ulong caller = ((ulong*)pointer)[0];
            ulong instruction = ((ulong*)pointer)[1];
            if (instruction < Asm.TextStart || instruction >= Asm.TextEnd)
                return;
            PrintPlace(instruction - 1); // inside the call, not behind it
            if (caller <= pointer)
                return;
            pointer = caller;
        }
    }

    private static void PrintPlace(ulong address)
    {
        Log.Begin();
        Log.Text("   at ");
        if (SymbolTable.Find(Asm.Symbols, address, out ReadOnlySpan<byte> name, out ulong offset))
        {
            Log.Bytes(name);
            Log.Text("+");
            Log.Hex(offset);
        }
        else
            Log.Hex(address);
        Log.End();
    }

    private static bool IsReadable(ulong address)
    {
        ulong top = address >> 47;
        if (top != 0 && top != 0x1FFFF)
            return false;
        return (PageTables.Translate(address) & PageTables.Present) != 0
            && (PageTables.Translate(address + 15) & PageTables.Present) != 0;
    }
}
