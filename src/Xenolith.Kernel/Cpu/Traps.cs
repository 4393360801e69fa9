// Exceptions and the event upcall: what each means, for the program and for the kernel.
using System.Runtime;
using Xenolith.Abi;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Tracing;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Cpu;

internal static unsafe class Traps
{
    private const int DivideError = 0, Debug = 1, Nmi = 2, Breakpoint = 3, Overflow = 4, BoundRange = 5, InvalidOpcode = 6, DoubleFault = 8;
    private const int StackFault = 12, GeneralProtection = 13, FloatingPoint = 16, AlignmentCheck = 17, SimdFloatingPoint = 19;

    internal const int PageFault = 14;

    /// <summary>From the program, on the thread's kernel stack: may switch threads and deliver signals.</summary>
    [RuntimeExport("xl_program_trap")]
    private static void FromProgram(TrapFrame* frame)
    {
        switch ((int)frame->Vector)
        {
            case DescriptorTables.UpcallVector:
                EventChannels.Handle();
                Scheduler.BeforeReturn();
                break;
            case PageFault:
                ProgramPageFault(frame, Asm.ReadFaultAddress());
                break;
            case DivideError:
                Signals.Fault(frame, SignalNumber.FloatingPoint, SignalNumber.IntegerDivide, frame->Rip);
                break;
            case FloatingPoint or SimdFloatingPoint:
                Signals.Fault(frame, SignalNumber.FloatingPoint, SignalNumber.CodeKernel, frame->Rip);
                break;
            case InvalidOpcode:
                Signals.Fault(frame, SignalNumber.Ill, SignalNumber.IllegalOpcode, frame->Rip);
                break;
            case Debug or Breakpoint:
                Signals.Fault(frame, SignalNumber.Trap, SignalNumber.TrapBreakpoint, frame->Rip);
                break;
            case AlignmentCheck:
                Signals.Fault(frame, SignalNumber.Bus, SignalNumber.BusAddress, 0);
                break;
            case Overflow or BoundRange or StackFault or GeneralProtection:
                // As Linux reports them: no address is known.
                Signals.Fault(frame, SignalNumber.Segv, SignalNumber.CodeKernel, 0);
                break;
            case Nmi:
                Panic.StopForTrace(frame);
                break;
            default:
                Panic.Stop(frame, "unexpected exception in the program");
                break;
        }
        while (Signals.DeliverPending(frame))
        {
        }
    }

    /// <summary>
    /// From the kernel, on an interrupt stack: never switches threads. Only two things are in order here: an event while idle, and the program's
    /// memory coming in.
    /// </summary>
    [RuntimeExport("xl_kernel_trap")]
    private static void FromKernel(TrapFrame* frame)
    {
        switch ((int)frame->Vector)
        {
            case DescriptorTables.UpcallVector:
                EventChannels.Handle();
                // Came between STI and HLT: what it woke must be looked at before the CPU halts.
                if (frame->Rip == Asm.WaitHalt)
                    frame->Rip = Asm.WaitHalted;
                else if (!PerCpu.This->Idle)
                    Timers.Retry();
                return;
            case PageFault:
                ulong address = Asm.ReadFaultAddress();
                if (address < Layout.ProgramEnd && AddressSpace.Fault(address, frame->Error) == FaultResult.Handled)
                    return;
                Panic.Stop(frame, ThreadTable.IsGuard(address) || DescriptorTables.IsGuard(address) ? "kernel stack overflow" : "page fault in the kernel");
                return;
            case Nmi:
                Panic.StopForTrace(frame);
                return;
            case DoubleFault:
                Panic.Stop(frame, "double fault");
                return;
            default:
                Panic.Stop(frame, "exception in the kernel");
                return;
        }
    }

    private static void ProgramPageFault(TrapFrame* frame, ulong address)
    {
        switch (AddressSpace.Fault(address, frame->Error))
        {
            case FaultResult.Handled:
                if (Trace.IsOn(TraceCategory.PageFaults))
                    Trace.Write(TraceKind.PageFault, (uint)frame->Error, address);
                return;
            case FaultResult.NotMapped:
                Signals.Fault(frame, SignalNumber.Segv, SignalNumber.SegvMapError, address);
                return;
            case FaultResult.NotAllowed:
                Signals.Fault(frame, SignalNumber.Segv, SignalNumber.SegvAccessError, address);
                return;
            case FaultResult.BeyondFile:
                Signals.Fault(frame, SignalNumber.Bus, SignalNumber.BusAddress, address);
                return;
            default:
                Log.Line("out of memory: no page is left for a thread's stack; raise memory= in the domain's configuration");
                Ending.KilledBySignal(SignalNumber.Bus, address, frame);
                return;
        }
    }
}
