// The end of a domain whose kernel cannot go on: says why, and ends as crashed, so that on_crash=preserve keeps it.
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Diagnostics;

internal static unsafe class Panic
{
    /// <summary>A defect of the kernel. Does not return.</summary>
    internal static void Stop(string message)
    {
        CrashReport.Begin(Asm.FramePointer());
        Log.Begin();
        Log.Text("kernel panic: ");
        Log.Text(message);
        Log.End();
        CrashReport.Finish(ReportParts.OfKernel);
    }

    /// <summary>A CPU exception in the kernel. Does not return.</summary>
    internal static void Stop(TrapFrame* frame, string message)
    {
        CrashReport.Begin(frame);
        Log.Begin();
        Log.Text("kernel panic: ");
        Log.Text(message);
        Log.Text(" (vector ");
        Log.Decimal(frame->Vector);
        Log.Text(", error ");
        Log.Hex(frame->Error);
        Log.Text(", address ");
        Log.Hex(Asm.ReadFaultAddress());
        Log.Text(", rsp ");
        Log.Hex(frame->Rsp);
        Log.Text(")");
        Log.End();
        CrashReport.Finish(ReportParts.OfKernel);
    }

    /// <summary>An NMI, which only the toolstack sends: it wants to know what a domain does that says nothing. Does not return.</summary>
    internal static void StopForTrace(TrapFrame* frame)
    {
        CrashReport.Begin(frame);
        Log.Line("stopped by an NMI (xl trigger)");
        CrashReport.Finish(ReportParts.OfTrace);
    }

    /// <summary>What the domain was given does not allow it to start: one line that says what to do. Does not return.</summary>
    internal static void Refuse(string reason)
    {
        Log.Begin();
        Log.Text("cannot start: ");
        Log.Text(reason);
        Log.End();
        Crash();
    }

    /// <summary>Ends the domain as crashed, with all console output flushed and the other sides of shared pages told.</summary>
    internal static void Crash()
    {
        ConsoleRing.Flush();
        ForeignMappings.NotifyAll();
        Hypercalls.Shutdown(ShutdownReason.Crash);
    }
}
