// The upcall: which event channels fired, and who is told. The kernel starts with the two-level ABI and goes over to FIFO, if Xen has it,
// when the program opens its first port: a program that opens none does not pay for it.
using System.Runtime.CompilerServices;
using System.Threading;
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Tracing;

namespace Xenolith.Kernel.Xen;

internal static unsafe class EventChannels
{
    private static TwoLevelEvents twoLevel;
    private static FifoEvents fifo;
    private static bool isFifo, isSettled;

    /// <summary>A word of the domain's environment that keeps the kernel from the FIFO ABI.</summary>
    internal static System.ReadOnlySpan<byte> TwoLevelVariable => "XENOLITH_EVENT_CHANNELS=2-level\0"u8;

    internal static bool TwoLevelOnly { get; set; }

    /// <summary>Ports there can be with the ABI in use.</summary>
    internal static uint Limit => (uint)(isFifo ? EvtchnFifo.NrChannels : SharedInfo.EvtchnPorts);

    /// <summary>Times that Xen interrupted with events, since the start.</summary>
    internal static ulong Upcalls { get; private set; }

    internal static void Initialize() => twoLevel.Initialize(Hypervisor.SharedInfo);

    /// <summary>Masks a port: its events wait.</summary>
    internal static void Mask(uint port)
    {
        if (isFifo)
            fifo.Mask(port);
        else
            twoLevel.Mask(port);
    }

    /// <summary>
    /// Opens a port for upcalls; ports are born masked. True if there is an event already: then it is taken back, and the port stays masked.
    /// </summary>
    internal static bool Unmask(uint port) => isFifo ? fifo.Unmask(port) : twoLevel.Unmask(port);

    /// <summary>Opens a port of the kernel's own for upcalls, and serves what came before.</summary>
    internal static void Enable(uint port)
    {
        while (Unmask(port))
            Serve(port);
    }

    /// <summary>Takes back a pending event, so that the next one is seen as new.</summary>
    internal static void Clear(uint port)
    {
        if (isFifo)
            fifo.Clear(port);
        else
            twoLevel.Clear(port);
    }

    /// <summary>Handles every event that is pending. Interrupts are off; may run on an interrupt stack, so it never switches threads.</summary>
    internal static void Handle()
    {
        Upcalls++;
        VcpuInfo* vcpu = &Hypervisor.SharedInfo->VcpuInfo;
        do
        {
            // The flag goes first, before the locked instruction with which the search begins: an event that comes after it raises it again.
            Volatile.Write(ref vcpu->EvtchnUpcallPending, 0);
            for (; ; )
            {
                uint port = isFifo ? fifo.Next() : twoLevel.Next();
                if (port == 0)
                    break;
                Dispatch(port);
            }
        }
        while (Volatile.Read(ref vcpu->EvtchnUpcallPending) != 0);
    }

    /// <summary>Chooses the ABI for good, at the first use by the program.</summary>
    internal static void Settle()
    {
        if (isSettled)
            return;
        isSettled = true;
        if (TwoLevelOnly)
            return;
        ulong control = Frames.AllocateZeroed(), words = Frames.Allocate(0);
        if (control != 0 && words != 0)
        {
            if (Begin(control) == 0)
            {
                fifo.Initialize((EvtchnFifoControlBlock*)(Layout.DirectMap + control));
                // From here there is no way back. Xen keeps what is pending until the ports have their words.
                if (Expand(words) != 0)
                    Panic.Stop("Xen did not accept the event array");
                isFifo = true;
                Enable(Hypervisor.TimerPort);
                if (Hypervisor.ConsolePort != 0)
                    Enable(Hypervisor.ConsolePort);
                return;
            }
        }
        if (control != 0)
            Frames.Free(control, 0);
        if (words != 0)
            Frames.Free(words, 0);
    }

    /// <summary>
    /// In a new domain after a resume, which has other ports, none of them open, and the two-level ABI: goes over to FIFO again if that was in use
    /// and is to be had here too.
    /// </summary>
    internal static void Resume()
    {
        twoLevel = default;
        Initialize();
        if (isFifo)
        {
            isFifo = false;
            int pages = fifo.PageCount;
            fifo.Restart();
            if (Begin((ulong)fifo.Control - Layout.DirectMap) == 0)
            {
                int page = 0;
                while (page < pages && Expand((ulong)fifo.Page(page) - Layout.DirectMap) == 0)
                    page++;
                if (page == 0)
                    Panic.Stop("Xen did not accept the event array");
                isFifo = true;
            }
        }
        Enable(Hypervisor.TimerPort);
    }

    private static long Begin(ulong control)
    {
        EvtchnInitControl argument = default;
        argument.ControlGfn = control >> 12;
        return Hypercalls.Call(Hypercall.EventChannelOp, EventChannelOp.InitControl, (ulong)&argument);
    }

    /// <summary>Sees to it that a port has its place in what is shared with Xen. 0 or a negative errno.</summary>
    internal static long MakeRoom(uint port)
    {
        while (isFifo && port >= fifo.WordCount)
        {
            ulong frame = Frames.Allocate(0);
            if (frame == 0)
                return -Linux.Errno.NoMemory;
            long result = Expand(frame);
            if (result != 0)
            {
                Frames.Free(frame, 0);
                return result;
            }
        }
        return 0;
    }

    private static long Expand(ulong frame)
    {
        uint* page = (uint*)(Layout.DirectMap + frame);
        FifoEvents.Prepare(page);
        EvtchnExpandArray argument;
        argument.ArrayGfn = frame >> 12;
        long result = Hypercalls.Call(Hypercall.EventChannelOp, EventChannelOp.ExpandArray, (ulong)&argument);
        if (result == 0)
            fifo.AddPage(page);
        return result;
    }

    private static void Dispatch(uint port)
    {
        if (Trace.IsOn(TraceCategory.Events) && port != Hypervisor.TimerPort)
            Trace.Write(TraceKind.EventReceived, port, 0);
        if (port == Hypervisor.TimerPort || port == Hypervisor.ConsolePort)
        {
            Clear(port);
            Serve(port);
        }
        else
        {
            // Masked until the program takes it: a peer that notifies in a loop costs one upcall a take, not one a notification.
            Mask(port);
            Clear(port);
            ProgramEvents.Fired(port);
        }
    }

    private static void Serve(uint port)
    {
        if (port == Hypervisor.TimerPort)
            Timers.Fired();
        else
            ConsoleRing.Signalled();
    }
}
