// The hypercalls that the kernel makes, each with its argument structure on the caller's stack.
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Xen;

internal static unsafe class Hypercalls
{
    internal static long Call(int number, ulong a, ulong b = 0, ulong c = 0, ulong d = 0) => Asm.Hypercall((uint)number, a, b, c, d);

    /// <summary>Signals an event channel. The result is 0 or a negative errno; a peer that has gone is not an error of ours.</summary>
    internal static long Notify(uint port)
    {
        EvtchnPort argument;
        argument.Port = port;
        return Call(Hypercall.EventChannelOp, EventChannelOp.Send, (ulong)&argument);
    }

    /// <summary>Asks for the timer event at a time of the monotonic clock; a time in the past fires at once.</summary>
    internal static void SetTimer(ulong deadline)
    {
        VcpuSetSingleshotTimer argument;
        argument.TimeoutAbsNs = Clock.ToSystemTime(deadline);
        argument.Flags = 0;
        Call(Hypercall.VcpuOp, VcpuOp.SetSingleshotTimer, 0, (ulong)&argument);
    }

    /// <summary>Blocks this vCPU until one of the ports is pending or the monotonic clock has reached a time. Works with interrupts off.</summary>
    internal static void Poll(uint* ports, uint count, ulong deadline)
    {
        SchedPoll argument;
        argument.Ports = ports;
        argument.NrPorts = count;
        argument.Timeout = Clock.ToSystemTime(deadline);
        Call(Hypercall.SchedOp, SchedOp.Poll, (ulong)&argument);
    }

    internal static void Yield() => Call(Hypercall.SchedOp, SchedOp.Yield);

    internal static long HvmParameter(uint index)
    {
        XenHvmParam argument;
        argument.Domid = DomainId.Self;
        argument.Index = index;
        argument.Value = 0;
        return Call(Hypercall.HvmOp, HvmOp.GetParam, (ulong)&argument) == 0 ? (long)argument.Value : 0;
    }

    /// <summary>Pages of memory that the domain has, those beside its RAM among them; a negative errno.</summary>
    internal static long CurrentReservation()
    {
        XenMemoryDomain argument;
        argument.Domid = DomainId.Self;
        return Call(Hypercall.MemoryOp, MemoryOp.CurrentReservation, (ulong)&argument);
    }

    /// <summary>
    /// Gives frames back (<see cref="MemoryOp.DecreaseReservation"/>) or has memory put there (<see cref="MemoryOp.PopulatePhysmap"/>), in the list's
    /// order. Returns how many of the extents were done, whatever Xen answers.
    /// </summary>
    internal static int ChangeReservation(int operation, ulong* frames, int count, int order)
    {
        XenMemoryReservation argument = default;
        argument.ExtentStart = frames;
        argument.NrExtents = (ulong)count;
        argument.ExtentOrder = (uint)order;
        argument.Domid = DomainId.Self;
        long done = Call(Hypercall.MemoryOp, (ulong)operation, (ulong)&argument);
        return done < 0 ? 0 : done > count ? count : (int)done;
    }

    /// <summary>
    /// Stops the domain to be saved. Returns when it runs again: 0 in a new domain, 1 where it was after all not saved; a negative errno if Xen
    /// refused.
    /// </summary>
    internal static long Suspend()
    {
        SchedShutdown argument;
        argument.Reason = ShutdownReason.Suspend;
        return Call(Hypercall.SchedOp, SchedOp.Shutdown, (ulong)&argument);
    }

    internal static void Shutdown(ShutdownReason reason)
    {
        SchedShutdown argument;
        argument.Reason = reason;
        Call(Hypercall.SchedOp, SchedOp.Shutdown, (ulong)&argument);
        Asm.HaltForever();
    }
}
