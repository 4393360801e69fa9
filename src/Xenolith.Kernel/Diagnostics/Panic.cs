// The end of a domain whose kernel cannot go on: says why, and ends as crashed, so that on_crash=preserve keeps it.
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Diagnostics;

internal static unsafe class Panic
{
    private static bool panicking;

    /// <summary>A defect of the kernel. Does not return.</summary>
    internal static void Stop(string message)
    {
        Enter();
        Log.Begin();
        Log.Text("kernel panic: ");
        Log.Text(message);
        Log.End();
        Backtrace.FromHere();
        Crash();
    }

    /// <summary>A CPU exception in the kernel. Does not return.</summary>
    internal static void Stop(TrapFrame* frame, string message)
    {
        Enter();
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
        Backtrace.Print(frame);
        Crash();
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

    private static void Enter()
    {
        // A panic while panicking (a broken console, say) must not recurse: end at once.
        if (panicking)
            Hypercalls.Shutdown(ShutdownReason.Crash);
        panicking = true;
    }
}
