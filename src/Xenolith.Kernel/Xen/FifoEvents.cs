// The FIFO event channel ABI (Xen: event_channel.h): a word a port, in an array that grows by pages, and a queue of words a priority,
// which Xen links at its tail and this code takes from its head.
using System.Numerics;
using System.Threading;
using Xenolith.Abi;

namespace Xenolith.Kernel.Xen;

/// <summary>Interrupts are off. Knows the pages that it was given and no hypercalls.</summary>
internal unsafe struct FifoEvents
{
    internal const uint WordsPerPage = 1024;
    internal const int MaximumPages = (int)(EvtchnFifo.NrChannels / WordsPerPage);

    private const uint Pending = 1u << EvtchnFifo.Pending, Masked = 1u << EvtchnFifo.Masked, Linked = 1u << EvtchnFifo.Linked, Busy = 1u << EvtchnFifo.Busy;
    private const uint Link = (1u << EvtchnFifo.LinkBits) - 1;

    private EvtchnFifoControlBlock* control;
    private int pageCount;
    private uint ready;
    private fixed uint heads[EvtchnFifo.MaxQueues];
    private fixed ulong pages[MaximumPages];

    /// <summary>Ports that have a word.</summary>
    internal readonly uint WordCount => (uint)pageCount * WordsPerPage;

    /// <param name="controlBlock">Zeroed, and shared with Xen from <c>EVTCHNOP_init_control</c> on.</param>
    internal void Initialize(EvtchnFifoControlBlock* controlBlock) => control = controlBlock;

    /// <summary>A page of the array as Xen shall get it: every port masked.</summary>
    internal static void Prepare(uint* page)
    {
        for (int i = 0; i < WordsPerPage; i++)
            page[i] = Masked;
    }

    /// <summary>Adds a page that Xen has accepted (<c>EVTCHNOP_expand_array</c>).</summary>
    internal void AddPage(uint* page) => pages[pageCount++] = (ulong)page;

    /// <summary>
    /// Makes the control block and all pages ready to be given to another Xen. Afterwards none has been: <see cref="AddPage"/> again, in order.
    /// </summary>
    internal void Restart()
    {
        *control = default;
        ready = 0;
        for (int i = 0; i < EvtchnFifo.MaxQueues; i++)
            heads[i] = 0;
        for (int i = 0; i < pageCount; i++)
            Prepare((uint*)pages[i]);
        pageCount = 0;
    }

    /// <summary>Pages that were added.</summary>
    internal readonly int PageCount => pageCount;

    /// <summary>The page that was added as the n-th, also before it is added again.</summary>
    internal readonly uint* Page(int index) => (uint*)pages[index];

    internal readonly EvtchnFifoControlBlock* Control => control;

    /// <summary>A port that is pending and not masked, or 0. The caller clears its pending bit.</summary>
    internal uint Next()
    {
        for (; ; )
        {
            if (ready == 0)
                ready = (uint)Interlocked.Exchange(ref *(int*)&control->Ready, 0);
            if (ready == 0)
                return 0;
            int queue = BitOperations.TrailingZeroCount(ready);
            uint port = heads[queue];
            // Xen writes the head before the ready bit, which was taken by a full barrier.
            if (port == 0)
                port = Volatile.Read(ref control->Head[queue]);
            if (port == 0 || port >= WordCount)
            {
                // Xen links only ports that have a word. Should it not, the queue begins anew.
                heads[queue] = 0;
                ready &= ~(1u << queue);
                continue;
            }
            uint seen = AtomicBits.Change(Word(port), ~(Linked | Link), 0);
            heads[queue] = seen & Link;
            if ((seen & Link) == 0)
                ready &= ~(1u << queue);
            if ((seen & (Pending | Masked)) == Pending)
                return port;
        }
    }

    internal void Clear(uint port) => AtomicBits.Change(Word(port), ~Pending, 0);

    internal void Mask(uint port) => AtomicBits.Change(Word(port), ~Masked, Masked);

    /// <summary>Lets upcalls through. True if there is an event already: then it is taken back, and the port stays masked.</summary>
    internal bool Unmask(uint port)
    {
        uint* word = Word(port);
        int seen = Volatile.Read(ref *(int*)word);
        for (; ; )
        {
            if (((uint)seen & Pending) != 0)
            {
                Clear(port);
                return true;
            }
            // While Xen links the word (busy) its mask must not go: Xen has looked at it already.
            int expected = (int)((uint)seen & ~Busy);
            int found = Interlocked.CompareExchange(ref *(int*)word, (int)((uint)expected & ~Masked), expected);
            if (found == expected)
                return false;
            seen = found;
        }
    }

    private readonly uint* Word(uint port) => (uint*)pages[port / WordsPerPage] + port % WordsPerPage;
}
