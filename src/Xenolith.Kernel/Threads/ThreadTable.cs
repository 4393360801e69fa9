// Making and freeing threads: a slot of kernel address space each (guard, kernel stack, thread structure), and thread numbers.
using System.Runtime.CompilerServices;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Threads;

internal static unsafe class ThreadTable
{
    internal const int MaximumThreads = 8192;
    private const ulong SlotSize = 32 * 1024;
    private const ulong SlotMapped = 16 * 1024;

    /*
     * A slot:  +0x0000 unmapped: overflow of the stack faults here
     *          +0x4000 kernel stack, growing down from ...
     *          ...     Thread, then its XSAVE area
     *          +0x8000 end
     */
    private struct Slots
    {
        internal fixed ulong Used[MaximumThreads / 64];
    }

    private static Slots slots;
    private static int lowestFree;

    internal static int Count { get; private set; }

    /// <summary>A thread with nothing in it yet, or null when memory or numbers have run out.</summary>
    internal static Thread* Allocate()
    {
        int slot = FindFreeSlot();
        if (slot < 0 || !Commit.TryCharge(SlotMapped / Layout.PageSize))
            return null;
        ulong end = Layout.ThreadSlots + (ulong)(slot + 1) * SlotSize;
        for (ulong page = end - SlotMapped; page < end; page += Layout.PageSize)
        {
            ulong frame = Frames.Allocate(0, FrameUse.Threads);
            if (frame != 0 && PageTables.Map(page, frame, PageTables.Writable | PageTables.NoExecute))
                continue;
            if (frame != 0)
                Frames.Free(frame, 0, FrameUse.Threads);
            PageTables.Unmap(end - SlotMapped, end, FrameUse.Threads);
            Commit.Uncharge(SlotMapped / Layout.PageSize);
            return null;
        }
        ulong structureSize = ((ulong)sizeof(Thread) + 63 & ~63ul) + Features.ExtendedStateSize;
        Thread* thread = (Thread*)(end - structureSize & ~63ul);
        Asm.Fill(thread, 0, (nuint)structureSize);
        thread->ExtendedState = (byte*)thread + (sizeof(Thread) + 63 & ~63);
        thread->KernelStackTop = (ulong)thread;
        thread->Slot = slot;
        thread->Id = slot + 1;
        thread->Timer.Owner = thread;
        Mark(slot, used: true);
        Count++;
        return thread;
    }

    internal static void Free(Thread* thread)
    {
        ulong end = Layout.ThreadSlots + (ulong)(thread->Slot + 1) * SlotSize;
        int slot = thread->Slot;
        PageTables.Unmap(end - SlotMapped, end, FrameUse.Threads);
        Commit.Uncharge(SlotMapped / Layout.PageSize);
        Mark(slot, used: false);
        if (slot < lowestFree)
            lowestFree = slot;
        Count--;
    }

    /// <summary>The live thread with this number, or null.</summary>
    internal static Thread* Find(int id)
    {
        int slot = id - 1;
        if ((uint)slot >= MaximumThreads || !IsUsed(slot))
            return null;
        ulong end = Layout.ThreadSlots + (ulong)(slot + 1) * SlotSize;
        ulong structureSize = ((ulong)sizeof(Thread) + 63 & ~63ul) + Features.ExtendedStateSize;
        Thread* thread = (Thread*)(end - structureSize & ~63ul);
        return thread->State == ThreadState.Exited ? null : thread;
    }

    /// <summary>True for an address below the mapped part of a slot: a kernel stack ran over.</summary>
    internal static bool IsGuard(ulong address) =>
        address - Layout.ThreadSlots < MaximumThreads * SlotSize && (address & SlotSize - 1) < SlotSize - SlotMapped;

    private static int FindFreeSlot()
    {
        for (int slot = lowestFree; slot < MaximumThreads; slot++)
            if (!IsUsed(slot))
            {
                lowestFree = slot;
                return slot;
            }
        return -1;
    }

    private static bool IsUsed(int slot) => (Words[slot >> 6] & 1ul << (slot & 63)) != 0;

    private static void Mark(int slot, bool used)
    {
        if (used)
            Words[slot >> 6] |= 1ul << (slot & 63);
        else
            Words[slot >> 6] &= ~(1ul << (slot & 63));
    }

    private static ulong* Words => ((Slots*)Unsafe.AsPointer(ref slots))->Used;
}
