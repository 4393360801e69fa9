// Backtraces by frame pointers, with names from the image's symbol table. Trusts nothing that it reads from a stack.
using System;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Diagnostics;

internal static unsafe class Backtrace
{
    internal const int MaximumFrames = 48;

    // How far up the stack callers of functions without a frame are looked for.
    private const ulong SearchedBytes = 1024;
    private const ulong LargestFrame = 1 << 20;
    private const byte DirectCall = 0xE8;

    /// <summary>One line for each caller of the function whose frame pointer this is.</summary>
    internal static void PrintCallers(ulong pointer) => PrintFrom(pointer, 0, MaximumFrames);

    /// <summary>One line for the place, then one for each caller.</summary>
    internal static void Print(TrapFrame* frame, int limit = MaximumFrames)
    {
        PrintPlace(frame->Rip);
        ulong pointer = frame->Rbp;
        ulong slot = frame->Rsp + 7 & ~7ul;
        ulong end = IsFrame(pointer) && pointer > slot ? pointer : slot + SearchedBytes;
        ulong place = frame->Rip, found = 0;
        int count = 1;
        // The C library keeps no frame pointers. Below the first frame, a word counts as a return address if it lies behind a call of
        // the function in hand; after a jump to where there is no code, if it lies behind any call.
        for (; slot < end && count < limit && IsReadable(slot); slot += sizeof(ulong))
        {
            ulong word = *(ulong*)slot;
            if (!IsReturnAddress(word) || IsCode(place) && !IsCallOf(word, place))
                continue;
            place = word - 1;
            found = slot;
            PrintPlace(place);
            count++;
            if (IsFrame(slot - sizeof(ulong)))
                pointer = slot - sizeof(ulong);
        }
        while (IsFrame(pointer) && pointer < found)
            pointer = *(ulong*)pointer;
        PrintFrom(pointer, count, limit);
    }

    private static void PrintFrom(ulong pointer, int count, int limit)
    {
        // Each frame: the caller's frame pointer, then the return address. Callers lie higher on the stack.
        for (; count < limit && (pointer & 7) == 0 && IsReadable(pointer); count++)
        {
            ulong caller = ((ulong*)pointer)[0];
            ulong instruction = ((ulong*)pointer)[1];
            if (!IsCode(instruction))
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
        AppendPlace(address);
        Log.End();
    }

    /// <summary>A function's name with an offset, or the bare address, onto the line in hand.</summary>
    internal static void AppendPlace(ulong address)
    {
        if (IsCode(address) && SymbolTable.Find(Asm.Symbols, address, out ReadOnlySpan<byte> name, out ulong offset))
        {
            Log.Bytes(name);
            Log.Text("+");
            Log.Hex(offset);
        }
        else
            Log.Hex(address);
    }

    private static bool IsCode(ulong address) => address >= Asm.TextStart && address < Asm.TextEnd;

    private static bool IsFrame(ulong pointer)
    {
        if ((pointer & 7) != 0 || !IsReadable(pointer))
            return false;
        ulong caller = *(ulong*)pointer;
        return caller > pointer && caller - pointer <= LargestFrame && (caller & 7) == 0 && IsReturnAddress(((ulong*)pointer)[1]);
    }

    /// <summary>True for an address in the code behind a call: E8 and four bytes, or FF and one, two or five.</summary>
    private static bool IsReturnAddress(ulong address)
    {
        if (!IsCode(address) || address - Asm.TextStart < 6)
            return false;
        byte* code = (byte*)address;
        return code[-5] == DirectCall || code[-2] == 0xFF || code[-3] == 0xFF || code[-6] == 0xFF;
    }

    /// <summary>True if the call before a return address leads to the function that a place lies in.</summary>
    private static bool IsCallOf(ulong address, ulong place) =>
        ((byte*)address)[-5] == DirectCall && SymbolTable.Find(Asm.Symbols, place, out _, out ulong offset)
        && address + (ulong)(long)((int*)address)[-1] == place - offset;

    /// <summary>True if there are pages behind an address and the 15 bytes that follow.</summary>
    internal static bool IsReadable(ulong address)
    {
        ulong top = address >> 47;
        if (top != 0 && top != 0x1FFFF)
            return false;
        return (PageTables.Translate(address) & PageTables.Present) != 0
            && (PageTables.Translate(address + 15) & PageTables.Present) != 0;
    }
}
