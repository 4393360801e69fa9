using System.Runtime.InteropServices;
using Xenolith.Abi;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Tests.Xen;

/// <summary>One ABI with both of its sides: the kernel's code under test, and Xen's part as far as one virtual CPU needs it.</summary>
internal abstract class EventAbiModel : IDisposable
{
    /// <summary>Whether Xen has asked for an upcall that has not looked for events since.</summary>
    public abstract bool IsUpcallDue { get; }

    /// <summary>What Xen does when a port is notified. Safe beside one thread that calls the others.</summary>
    public abstract void Send(uint port);

    public abstract uint Next();

    public abstract void Clear(uint port);

    public abstract void Mask(uint port);

    public abstract bool Unmask(uint port);

    public abstract void Dispose();
}

internal sealed unsafe class TwoLevelModel : EventAbiModel
{
    private readonly SharedInfo* info = (SharedInfo*)NativeMemory.AllocZeroed((nuint)sizeof(SharedInfo));
    private TwoLevelEvents events;

    public TwoLevelModel()
    {
        for (int i = 0; i < 64; i++)
            info->EvtchnMask[i] = ulong.MaxValue;
        events.Initialize(info);
    }

    public override bool IsUpcallDue => info->VcpuInfo.EvtchnPendingSel != 0;

    public override void Send(uint port)
    {
        ulong bit = 1ul << (int)(port % 64);
        if ((Interlocked.Or(ref info->EvtchnPending[port / 64], bit) & bit) == 0 && (Volatile.Read(ref info->EvtchnMask[port / 64]) & bit) == 0)
            Interlocked.Or(ref info->VcpuInfo.EvtchnPendingSel, 1ul << (int)(port / 64));
    }

    public override uint Next() => events.Next();

    public override void Clear(uint port) => events.Clear(port);

    public override void Mask(uint port) => events.Mask(port);

    public override bool Unmask(uint port) => events.Unmask(port);

    public override void Dispose() => NativeMemory.Free(info);
}

internal sealed unsafe class FifoModel : EventAbiModel
{
    private const uint Pending = 1u << EvtchnFifo.Pending, Masked = 1u << EvtchnFifo.Masked, Linked = 1u << EvtchnFifo.Linked;
    private const uint Link = (1u << EvtchnFifo.LinkBits) - 1;
    private const int Pages = 4;

    private readonly EvtchnFifoControlBlock* control = (EvtchnFifoControlBlock*)NativeMemory.AllocZeroed((nuint)sizeof(EvtchnFifoControlBlock));
    private readonly uint* words = (uint*)NativeMemory.Alloc(Pages * FifoEvents.WordsPerPage, sizeof(uint));
    private FifoEvents events;
    private uint tail;

    public FifoModel()
    {
        events.Initialize(control);
        for (int i = 0; i < Pages; i++)
        {
            FifoEvents.Prepare(words + i * FifoEvents.WordsPerPage);
            events.AddPage(words + i * FifoEvents.WordsPerPage);
        }
    }

    public override bool IsUpcallDue => control->Ready != 0;

    /// <summary>The same pages for another Xen, to which nothing of before is known.</summary>
    public void Resume()
    {
        events.Restart();
        tail = 0;
        Assert.Equal((0, 0u), (events.PageCount, events.WordCount));
        for (int i = 0; i < Pages; i++)
            events.AddPage(events.Page(i));
    }

    public override void Send(uint port)
    {
        const int queue = EvtchnFifo.PriorityDefault;
        uint* word = words + port;
        Interlocked.Or(ref *word, Pending);
        if ((Volatile.Read(ref *word) & Masked) != 0 || (Interlocked.Or(ref *word, Linked) & Linked) != 0)
            return;
        // Behind the queue's tail if that is still linked; else the queue is empty and gets a new head.
        bool appended = false;
        if (tail != 0 && tail != port)
        {
            uint* last = words + tail;
            uint seen = Volatile.Read(ref *last);
            while ((seen & Linked) != 0)
            {
                uint found = Interlocked.CompareExchange(ref *last, seen & ~Link | port, seen);
                appended = found == seen;
                if (appended)
                    break;
                seen = found;
            }
        }
        if (!appended)
            Volatile.Write(ref control->Head[queue], port);
        tail = port;
        if (!appended)
            Interlocked.Or(ref control->Ready, 1u << queue);
    }

    public override uint Next() => events.Next();

    public override void Clear(uint port) => events.Clear(port);

    public override void Mask(uint port) => events.Mask(port);

    public override bool Unmask(uint port) => events.Unmask(port);

    public override void Dispose()
    {
        NativeMemory.Free(control);
        NativeMemory.Free(words);
    }
}
