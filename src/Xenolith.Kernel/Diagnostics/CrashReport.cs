// What follows the line that says why a domain ends: part after part, each begun once. A fault in one part, say because a stack or a tree
// of the kernel's is destroyed, leaves the others: the panic that it leads to goes on with the next part.
using System;
using System.Runtime.CompilerServices;
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Diagnostics;

/// <summary>The parts of a report, in their order.</summary>
[Flags]
internal enum ReportParts
{
    None = 0,
    Trace = 1,
    Registers = 2,
    Caller = 4,
    Thread = 8,
    AllThreads = 16,
    Memory = 32,
    Addresses = 64,
    Image = 128,
    End = 256,

    /// <summary>A defect of the kernel.</summary>
    OfKernel = Trace | Registers | Caller | Thread | Memory | Addresses | Image,

    /// <summary>A fault of the program.</summary>
    OfProgram = Trace | Registers | Thread | Memory | Addresses | Image,

    /// <summary>A program that has ended itself: its registers say nothing.</summary>
    OfAbort = Trace | Thread | Memory | Image,

    /// <summary>A domain that was asked what it does.</summary>
    OfTrace = Trace | Registers | AllThreads | Memory | Image,
}

/// <summary>Allocates nothing and waits for nothing but room on the console.</summary>
internal static unsafe class CrashReport
{
    // One for each part that may fault, and no end of faults in the console itself.
    private const int MaximumFaults = 6;

    private static TrapFrame registers;
    private static ulong framePointer, faultAddress;
    private static ReportParts parts, current;
    private static int faults;
    private static bool running;

    /// <summary>Takes the registers, before anything that could itself trap and overwrite them on the interrupt stack that they lie on.</summary>
    internal static void Begin(TrapFrame* frame)
    {
        if (running)
            Continue(frame);
        running = true;
        registers = *frame;
        faultAddress = Asm.ReadFaultAddress();
    }

    /// <summary>The same where no registers were saved: only where the callers are.</summary>
    internal static void Begin(ulong pointer)
    {
        if (running)
            Continue(null);
        running = true;
        framePointer = pointer;
    }

    /// <summary>Prints the parts and ends the domain as crashed. Does not return.</summary>
    internal static void Finish(ReportParts wanted)
    {
        parts = wanted;
        for (current = ReportParts.Trace; current < ReportParts.End; current = (ReportParts)((int)current << 1))
            if ((parts & current) != 0)
                Print(current);
        Panic.Crash();
    }

    /// <summary>A fault in a part: says so, and goes on behind that part.</summary>
    private static void Continue(TrapFrame* frame)
    {
        if (++faults > MaximumFaults)
            Hypercalls.Shutdown(ShutdownReason.Crash);
        // One that came before the first part was begun had no time to say which are wanted.
        if (parts == ReportParts.None)
            parts = ReportParts.OfKernel;
        ReportParts left = current == ReportParts.None ? parts : parts & ~(current | (ReportParts)((int)current - 1));
        Log.Begin();
        Log.Text("   another fault while reporting this");
        if (frame != null)
        {
            Log.Text(": vector ");
            Log.Decimal(frame->Vector);
            Log.Text(", address ");
            Log.Hex(Asm.ReadFaultAddress());
            Log.Text(", at ");
            Backtrace.AppendPlace(frame->Rip);
        }
        Log.End();
        Finish(left);
    }

    private static void Print(ReportParts part)
    {
        TrapFrame* frame = framePointer == 0 ? (TrapFrame*)Unsafe.AsPointer(ref registers) : null;
        switch (part)
        {
            case ReportParts.Trace when frame != null:
                Backtrace.Print(frame);
                break;
            case ReportParts.Trace:
                Backtrace.PrintCallers(framePointer);
                break;
            case ReportParts.Registers when frame != null:
                RegisterDump.Print(frame, faultAddress);
                break;
            case ReportParts.Caller:
                ThreadDump.PrintCaller(frame != null ? frame->Rsp : framePointer);
                break;
            case ReportParts.Thread:
                ThreadDump.PrintCurrent();
                break;
            case ReportParts.AllThreads:
                ThreadDump.PrintAll();
                break;
            case ReportParts.Memory:
                MemoryDump.Print();
                break;
            case ReportParts.Addresses when frame != null:
                MemoryDump.PrintAddress("rsp", frame->Rsp);
                if (frame->Vector == Traps.PageFault)
                    MemoryDump.PrintAddress("address", faultAddress);
                break;
            case ReportParts.Image:
                ImageLine.Print();
                break;
        }
    }
}
