// The hypercalls that the kernel makes, each with its argument structure on the caller's stack.
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;

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

    /// <summary>Asks for the timer event at an absolute system time; a time in the past fires at once.</summary>
    internal static void SetTimer(ulong systemTime)
    {
        VcpuSetSingleshotTimer argument;
        argument.TimeoutAbsNs = systemTime;
        argument.Flags = 0;
        Call(Hypercall.VcpuOp, VcpuOp.SetSingleshotTimer, 0, (ulong)&argument);
    }

    /// <summary>Blocks this vCPU until one of the ports is pending or the system time is reached. Works with interrupts off.</summary>
    internal static void Poll(uint* ports, uint count, ulong systemTime)
    {
        SchedPoll argument;
        argument.Ports = ports;
        argument.NrPorts = count;
        argument.Timeout = systemTime;
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

    internal static void Shutdown(ShutdownReason reason)
    {
        SchedShutdown argument;
        argument.Reason = reason;
        Call(Hypercall.SchedOp, SchedOp.Shutdown, (ulong)&argument);
        Asm.HaltForever();
    }
}
