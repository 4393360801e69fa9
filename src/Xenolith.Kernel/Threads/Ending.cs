// How a domain ends on behalf of its program: with an exit code as poweroff or reboot, or killed by a signal as crash.
using System;
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Threads;

internal static unsafe class Ending
{
    // As a shell reports a process that a signal killed.
    private const int SignalExitCodeBase = 128;

    // Xenolith.Sdk's HaltReplacement.Stop.
    private const byte LibcStop = 0x0E;

    // What a normal end is reported as.
    private static ShutdownReason reasonAtExit;

    /// <summary>xl_shutdown_reason: what the toolstack is told when the program exits, poweroff or reboot.</summary>
    internal static long SetReason(ulong reason)
    {
        if (reason is not ((ulong)ShutdownReason.Poweroff or (ulong)ShutdownReason.Reboot))
            return -Errno.Invalid;
        reasonAtExit = (ShutdownReason)reason;
        return 0;
    }

    /// <summary>exit_group: the code goes to xenstore, and to the console unless it is 0. Does not return.</summary>
    internal static void Exit(int code)
    {
        code &= 0xFF;
        if (code != 0)
        {
            Log.Begin();
            Log.Text("exit code ");
            Log.Decimal((ulong)code);
            Log.End();
        }
        ForeignMappings.NotifyAll();
        ExitCode.Report(code);
        Hypercalls.Shutdown(reasonAtExit);
    }

    /// <summary>A signal without a handler. One that means a defect ends the domain as crashed, with a backtrace. Does not return.</summary>
    internal static void KilledBySignal(int signal, ulong address, TrapFrame* frame)
    {
        if (!IsDefect(signal))
            Exit(SignalExitCodeBase + signal);
        CrashReport.Begin(frame);
        Log.Begin();
        Log.Text("program ended by ");
        Log.Text(signal == SignalNumber.Segv && AddressSpace.IsBelowStack(address) ? "SIGSEGV (stack overflow)"
            : signal == SignalNumber.Segv && IsInHeapOfLibc(frame->Rip) ? "SIGSEGV (bad memory access in the C library's heap: damaged memory or misuse)"
            : signal == SignalNumber.Ill && IsStopOfLibc(frame->Rip) ? "SIGILL (stopped by the C library: damaged memory or misuse)" : Name(signal));
        if (signal is SignalNumber.Segv or SignalNumber.Bus)
        {
            Log.Text(" at address ");
            Log.Hex(address);
        }
        Log.End();
        CrashReport.Finish(frame->Vector < TrapFrame.SyscallVector ? ReportParts.OfProgram : ReportParts.OfAbort);
    }

    private static bool IsDefect(int signal) => signal is SignalNumber.Quit or SignalNumber.Ill or SignalNumber.Trap or SignalNumber.Abort
        or SignalNumber.Bus or SignalNumber.FloatingPoint or SignalNumber.Segv or SignalNumber.CpuLimit or SignalNumber.SizeLimit or SignalNumber.BadCall;

    /// <summary>True at the instruction that a linked image has where the C library stops the program.</summary>
    private static bool IsStopOfLibc(ulong address) => address >= Asm.TextStart && address < Asm.TextEnd && *(byte*)address == LibcStop;

    /// <summary>
    /// True within the allocator's functions, which read only memory of their own unless that is damaged or they were given what is no block. One
    /// that was freed with all its neighbours is found so: nothing is left of what was known of it.
    /// </summary>
    private static bool IsInHeapOfLibc(ulong address) =>
        address >= Asm.TextStart && address < Asm.TextEnd && SymbolTable.Find(Asm.Symbols, address, out ReadOnlySpan<byte> name, out _)
        && (Names.AreSame(name, "get_meta"u8) || Names.AreSame(name, "__libc_free"u8) || Names.AreSame(name, "__libc_realloc"u8)
            || Names.AreSame(name, "__libc_malloc_impl"u8) || Names.AreSame(name, "alloc_slot"u8) || Names.AreSame(name, "nontrivial_free"u8));

    private static string Name(int signal) => signal switch
    {
        SignalNumber.Quit => "SIGQUIT (quit)",
        SignalNumber.Ill => "SIGILL (illegal instruction)",
        SignalNumber.Trap => "SIGTRAP (breakpoint)",
        SignalNumber.Abort => "SIGABRT (abort)",
        SignalNumber.Bus => "SIGBUS (bad memory access)",
        SignalNumber.FloatingPoint => "SIGFPE (arithmetic error)",
        SignalNumber.Segv => "SIGSEGV (bad memory access)",
        SignalNumber.BadCall => "SIGSYS (bad system call)",
        _ => "a signal",
    };
}
