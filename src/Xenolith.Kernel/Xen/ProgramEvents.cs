// Event channels of the program's own: opened and closed by the platform calls, fired by the upcall, taken by one thread that waits.
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Tracing;

namespace Xenolith.Kernel.Xen;

/// <summary>Interrupts are off. Results are 0 or a negative errno; Xen's error numbers are Linux's.</summary>
internal static unsafe class ProgramEvents
{
    private static PortTable table;
    // The thread that waits, if it does.
    private static WaitQueue taker;

    /// <summary>After a resume: no port of before exists any more.</summary>
    internal static void Resume() => table.Clear();

    internal static bool IsOpen(uint port) => table.IsOpen(port);

    internal static long Open(ref PlatformEventOpen request)
    {
        EventChannels.Settle();
        long result = Bind(ref request);
        if (result != 0)
            return result;
        uint port = request.Port;
        result = MakeRoom(port);
        if (result != 0)
        {
            if (request.Kind != PlatformEventKind.Existing)
                Close(port);
            return result;
        }
        table.Add(port);
        LetThrough(port);
        return 0;
    }

    internal static long CloseOpen(uint port)
    {
        if (!table.IsOpen(port))
            return -Errno.Invalid;
        EventChannels.Mask(port);
        // The port to xenstored is let go of and stays: the exit code needs it, and the program may take it over again.
        long result = port == Hypervisor.StorePort ? 0 : Close(port);
        // Whatever came last is of no interest any more, and must not be found by the next who gets the port.
        EventChannels.Clear(port);
        table.Remove(port);
        return result;
    }

    internal static long Notify(uint port)
    {
        if (!table.IsOpen(port))
            return -Errno.Invalid;
        if (Trace.IsOn(TraceCategory.Events))
            Trace.Write(TraceKind.EventSent, port, 0);
        return Hypercalls.Notify(port);
    }

    internal static long SetMasked(uint port, bool masked)
    {
        if (!table.IsOpen(port))
            return -Errno.Invalid;
        table.SetHeld(port, masked);
        if (masked)
            EventChannels.Mask(port);
        else if (!table.HasFired(port))
            LetThrough(port);
        return 0;
    }

    internal static long Status(uint port, EvtchnStatus* status)
    {
        if (!table.IsOpen(port))
            return -Errno.Invalid;
        status->Dom = DomainId.Self;
        status->Port = port;
        return Hypercalls.Call(Hypercall.EventChannelOp, EventChannelOp.Status, (ulong)status);
    }

    /// <summary>Waits until a port has fired. False: a signal came, or another thread waits already.</summary>
    internal static bool Wait(out WakeReason reason)
    {
        reason = WakeReason.Event;
        if (taker.First != null)
            return false;
        // Interrupts are off: no port fires between this look and the queue.
        while (table.First == 0)
        {
            fixed (WaitQueue* queue = &taker)
                reason = Scheduler.Block(queue, Timers.Never);
            if (reason == WakeReason.Signal)
                return false;
        }
        return true;
    }

    /// <summary>Takes fired ports, each once, and lets their next events through.</summary>
    internal static int Take(uint* ports, int capacity)
    {
        uint last = table.Last;
        int count = 0;
        while (count < capacity && table.First != 0)
        {
            uint port = table.Take();
            ports[count++] = port;
            if (!table.IsHeld(port))
                LetThrough(port);
            if (port == last)
                break; // what is behind it has fired again just now: for the next time
        }
        return count;
    }

    /// <summary>An event of a port that is not the kernel's; the port is masked. May run on an interrupt stack.</summary>
    internal static void Fired(uint port)
    {
        if (!table.IsOpen(port))
            return; // sent just before the port was closed
        table.Fire(port);
        if (taker.First == null)
            return;
        fixed (WaitQueue* queue = &taker)
            Scheduler.WakeFirst(queue);
        // Whoever waits for an event goes before whoever computes.
        PerCpu* cpu = PerCpu.This;
        if (!cpu->Idle)
            cpu->Reschedule = true;
    }

    private static void LetThrough(uint port)
    {
        if (EventChannels.Unmask(port))
            Fired(port);
    }

    private static long Bind(ref PlatformEventOpen request)
    {
        switch (request.Kind)
        {
            case PlatformEventKind.Unbound:
                EvtchnAllocUnbound unbound;
                unbound.Dom = DomainId.Self;
                unbound.RemoteDom = request.RemoteDomain;
                long result = Hypercalls.Call(Hypercall.EventChannelOp, EventChannelOp.AllocUnbound, (ulong)&unbound);
                request.Port = unbound.Port;
                return result;
            case PlatformEventKind.Interdomain:
                EvtchnBindInterdomain interdomain;
                interdomain.RemoteDom = request.RemoteDomain;
                interdomain.RemotePort = request.Source;
                result = Hypercalls.Call(Hypercall.EventChannelOp, EventChannelOp.BindInterdomain, (ulong)&interdomain);
                request.Port = interdomain.LocalPort;
                return result;
            case PlatformEventKind.Virq:
                EvtchnBindVirq virq;
                virq.Virq = request.Source;
                virq.Vcpu = request.Vcpu;
                result = Hypercalls.Call(Hypercall.EventChannelOp, EventChannelOp.BindVirq, (ulong)&virq);
                request.Port = virq.Port;
                return result;
            case PlatformEventKind.Ipi:
                EvtchnBindIpi ipi;
                ipi.Vcpu = request.Vcpu;
                result = Hypercalls.Call(Hypercall.EventChannelOp, EventChannelOp.BindIpi, (ulong)&ipi);
                request.Port = ipi.Port;
                return result;
            case PlatformEventKind.Existing:
                request.Port = request.Source;
                return TakeOver(request.Source);
            default:
                return -Errno.Invalid;
        }
    }

    /// <summary>Checks that a port is there, and neither the kernel's nor the program's already.</summary>
    private static long TakeOver(uint port)
    {
        if (port == Hypervisor.TimerPort || port == Hypervisor.ConsolePort || port >= EventChannels.Limit)
            return -Errno.Invalid;
        if (table.IsOpen(port))
            return -Errno.Exists;
        EvtchnStatus status = default;
        status.Dom = DomainId.Self;
        status.Port = port;
        long result = Hypercalls.Call(Hypercall.EventChannelOp, EventChannelOp.Status, (ulong)&status);
        return result != 0 ? result : status.Status == EvtchnState.Closed ? -Errno.Invalid : 0;
    }

    private static long MakeRoom(uint port)
    {
        if (port == 0 || port >= EventChannels.Limit)
            return -Errno.NoSpace;
        long result = EventChannels.MakeRoom(port);
        if (result != 0 || table.HasRoom(port))
            return result;
        ulong frame = Frames.AllocateZeroed();
        if (frame == 0)
            return -Errno.NoMemory;
        table.AddPage(port, (uint*)(Layout.DirectMap + frame));
        return 0;
    }

    private static long Close(uint port)
    {
        EvtchnPort argument;
        argument.Port = port;
        return Hypercalls.Call(Hypercall.EventChannelOp, EventChannelOp.Close, (ulong)&argument);
    }
}
