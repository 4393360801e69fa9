// The registers at a fault, and the instructions around it.
using Xenolith.Kernel.Cpu;

namespace Xenolith.Kernel.Diagnostics;

internal static unsafe class RegisterDump
{
    // The bytes before the instruction that are shown, and all that are.
    private const int BytesBefore = 16, BytesShown = 32;

    internal static void Print(TrapFrame* frame, ulong faultAddress)
    {
        Line("rip", frame->Rip, "rsp", frame->Rsp, "rflags", frame->Rflags, "cs", frame->Cs);
        Line("rax", frame->Rax, "rbx", frame->Rbx, "rcx", frame->Rcx, "rdx", frame->Rdx);
        Line("rsi", frame->Rsi, "rdi", frame->Rdi, "rbp", frame->Rbp, "r8", frame->R8);
        Line("r9", frame->R9, "r10", frame->R10, "r11", frame->R11, "r12", frame->R12);
        Line("r13", frame->R13, "r14", frame->R14, "r15", frame->R15, "fs", Features.HasFsGsBase ? Asm.ReadFsBase() : 0);
        Line("cr2", faultAddress, "cr3", Asm.ReadPageTableRoot(), "error", frame->Error, "vector", frame->Vector);
        PrintCode(frame->Rip);
    }

    private static void Line(string name1, ulong value1, string name2, ulong value2, string name3, ulong value3, string name4, ulong value4)
    {
        Log.Begin();
        Log.Text("  ");
        Value(name1, value1);
        Value(name2, value2);
        Value(name3, value3);
        Value(name4, value4);
        Log.End();
    }

    private static void Value(string name, ulong value)
    {
        Log.Text(" ");
        Log.Text(name);
        Log.Text(" ");
        Log.Hex(value);
    }

    /// <summary>The instruction's first byte is in angle brackets, as Linux shows it; a byte without a page is a pair of question marks.</summary>
    private static void PrintCode(ulong address)
    {
        Log.Begin();
        Log.Text("   code");
        for (ulong at = address - BytesBefore; at != address - BytesBefore + BytesShown; at++)
        {
            Log.Text(at == address ? " <" : " ");
            if (Backtrace.IsReadable(at))
                Log.HexByte(*(byte*)at);
            else
                Log.Text("??");
            if (at == address)
                Log.Text(">");
        }
        Log.End();
    }
}
