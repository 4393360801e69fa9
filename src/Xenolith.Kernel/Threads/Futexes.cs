// Futexes: threads waiting for a word of the program's memory to change. Private futexes only: there is one process.
using System.Threading;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Threads;

internal static unsafe class Futexes
{
    internal const uint AnyBit = 0xFFFFFFFF;

    /// <summary>Waits while the word holds <paramref name="expected"/>.</summary>
    /// <returns>False if the word did not hold it; then <paramref name="reason"/> means nothing.</returns>
    internal static bool Wait(uint* word, uint expected, uint bits, ulong deadline, out WakeReason reason)
    {
        reason = WakeReason.Event;
        // Interrupts are off and there is one CPU: nothing changes the word between this look and the queue.
        if (Volatile.Read(ref *word) != expected)
            return false;
        Thread* thread = Thread.Current;
        thread->FutexAddress = (ulong)word;
        thread->FutexBits = bits;
        reason = Scheduler.Block(Bucket((ulong)word), deadline);
        return true;
    }

    /// <summary>Wakes up to <paramref name="limit"/> waiters whose bits meet <paramref name="bits"/>; returns how many.</summary>
    internal static int Wake(ulong address, int limit, uint bits)
    {
        int count = 0;
        Thread* thread = Bucket(address)->First;
        while (thread != null && count < limit)
        {
            Thread* next = thread->Next;
            if (thread->FutexAddress == address && (thread->FutexBits & bits) != 0)
            {
                Scheduler.Wake(thread, WakeReason.Event);
                count++;
            }
            thread = next;
        }
        return count;
    }

    /// <summary>Wakes some waiters and moves up to <paramref name="moveLimit"/> others to wait for another word; returns how many in all.</summary>
    internal static int Requeue(ulong address, int wakeLimit, ulong target, int moveLimit)
    {
        int count = Wake(address, wakeLimit, AnyBit);
        WaitQueue* from = Bucket(address);
        WaitQueue* to = Bucket(target);
        Thread* thread = from->First;
        for (int moved = 0; thread != null && moved < moveLimit;)
        {
            Thread* next = thread->Next;
            if (thread->FutexAddress == address)
            {
                thread->FutexAddress = target;
                if (from != to)
                {
                    from->Remove(thread);
                    to->Append(thread);
                    thread->Queue = to;
                }
                moved++;
                count++;
            }
            thread = next;
        }
        return count;
    }

    private static WaitQueue* Bucket(ulong address)
    {
        // Fibonacci hashing: futex words lie at regular distances. Known to the assembly, which has the 256 buckets (Cpu/Traps.S).
        ulong hash = (address >> 2) * 0x9E3779B97F4A7C15;
        return (WaitQueue*)Asm.FutexBuckets + (int)(hash >> 56);
    }
}
