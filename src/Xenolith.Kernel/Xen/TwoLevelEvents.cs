// The two-level event channel ABI (Xen: xen.h): a bit a port in the shared info page, and a word that says which words to look at.
using System.Numerics;
using System.Threading;
using Xenolith.Abi;

namespace Xenolith.Kernel.Xen;

/// <summary>Interrupts are off. Ports are below <see cref="SharedInfo.EvtchnPorts"/>.</summary>
internal unsafe struct TwoLevelEvents
{
    private SharedInfo* info;
    // What is left of the words that were seen last.
    private ulong selector, fired;
    private int word;

    internal void Initialize(SharedInfo* sharedInfo) => info = sharedInfo;

    /// <summary>A port that is pending and not masked, or 0. The caller clears its pending bit.</summary>
    internal uint Next()
    {
        for (; ; )
        {
            if (fired != 0)
            {
                int bit = BitOperations.TrailingZeroCount(fired);
                fired &= fired - 1;
                return (uint)(word * 64 + bit);
            }
            // Taken in one step, so that a bit which Xen sets meanwhile is seen now or the next time, never lost.
            if (selector == 0)
                selector = (ulong)Interlocked.Exchange(ref *(long*)&info->VcpuInfo.EvtchnPendingSel, 0);
            if (selector == 0)
                return 0;
            word = BitOperations.TrailingZeroCount(selector);
            selector &= selector - 1;
            fired = Volatile.Read(ref info->EvtchnPending[word]) & ~Volatile.Read(ref info->EvtchnMask[word]);
        }
    }

    internal void Clear(uint port) => AtomicBits.Change(&info->EvtchnPending[port >> 6], ~Bit(port), 0);

    internal void Mask(uint port) => AtomicBits.Change(&info->EvtchnMask[port >> 6], ~Bit(port), Bit(port));

    /// <summary>Lets upcalls through. True if there is an event already: then it is taken back, and the port stays masked.</summary>
    internal bool Unmask(uint port)
    {
        // The mask goes first: Xen raises no upcall for an event that it finds masked, and one that comes after this is an upcall.
        AtomicBits.Change(&info->EvtchnMask[port >> 6], ~Bit(port), 0);
        if ((Volatile.Read(ref info->EvtchnPending[port >> 6]) & Bit(port)) == 0)
            return false;
        Mask(port);
        Clear(port);
        return true;
    }

    private static ulong Bit(uint port) => 1ul << (int)(port & 63);
}
