// The upcall: which event channels fired, and who is told. Two-level ABI (Xen: event_channel.h, xen.h).
using System.Threading;
using Xenolith.Abi;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Xen;

internal static unsafe class EventChannels
{
    /// <summary>Times that Xen interrupted with events, since the start.</summary>
    internal static ulong Upcalls { get; private set; }

    /// <summary>Ports are born masked: opens one for upcalls.</summary>
    internal static void Unmask(uint port)
    {
        SharedInfo* info = Hypervisor.SharedInfo;
        AtomicAnd(&info->EvtchnMask[port >> 6], ~(1ul << (int)(port & 63)));
    }

    /// <summary>Takes back a pending event, so that the next one is seen as new. For ports that are polled, not upcalled.</summary>
    internal static void Clear(uint port)
    {
        SharedInfo* info = Hypervisor.SharedInfo;
        AtomicAnd(&info->EvtchnPending[port >> 6], ~(1ul << (int)(port & 63)));
    }

    /// <summary>Handles every event that is pending. Interrupts are off; may run on an interrupt stack, so it never switches threads.</summary>
    internal static void Handle()
    {
        Upcalls++;
        SharedInfo* info = Hypervisor.SharedInfo;
        VcpuInfo* vcpu = &info->VcpuInfo;
        for (; ; )
        {
            // The flag goes first: an event that comes after it raises a new upcall. The selector is taken in one step, so
            // that a bit which Xen sets meanwhile is seen now or in the next turn, never lost.
            vcpu->EvtchnUpcallPending = 0;
            ulong selector = (ulong)Interlocked.Exchange(ref *(long*)&vcpu->EvtchnPendingSel, 0);
            if (selector == 0)
                return;
            while (selector != 0)
            {
                int word = System.Numerics.BitOperations.TrailingZeroCount(selector);
                selector &= selector - 1;
                ulong fired = Volatile.Read(ref info->EvtchnPending[word]) & ~Volatile.Read(ref info->EvtchnMask[word]);
                while (fired != 0)
                {
                    int bit = System.Numerics.BitOperations.TrailingZeroCount(fired);
                    fired &= fired - 1;
                    AtomicAnd(&info->EvtchnPending[word], ~(1ul << bit));
                    Dispatch((uint)(word * 64 + bit));
                }
            }
        }
    }

    private static void Dispatch(uint port)
    {
        if (port == Hypervisor.TimerPort)
            Timers.Fired();
        else if (port == Hypervisor.ConsolePort)
            ConsoleRing.Signalled();
    }

    private static void AtomicAnd(ulong* word, ulong mask)
    {
        long seen = *(long*)word;
        for (; ; )
        {
            long found = Interlocked.CompareExchange(ref *(long*)word, seen & (long)mask, seen);
            if (found == seen)
                return;
            seen = found;
        }
    }
}
