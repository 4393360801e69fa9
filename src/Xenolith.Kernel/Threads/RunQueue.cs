// Who runs next: the order of the runnable threads, and what each may use of the CPU before the others have had their turn.
//
//      woken    [T1, T2, ...]       were waiting for something; have some of their slice left; served first, in order
//      waiting  [C, W1, W2, ...]    used up their slice, yielded or are new; round robin
//
// A slice is used up piece by piece, however often its thread blocks in between: who wakes has what it left. So threads that wake each other
// all the time, or sleep just before their slice ends, come behind the others after 10 ms of the CPU like everyone else, and a thread in
// `waiting` waits for at most one slice of each other thread.
//
// The thread at the head of `waiting` has its turn until it has used up its slice, yields or blocks. A woken thread interrupts the turn and
// does not end it. A thread that has slept while everybody in `waiting` had a turn has a full slice again.
namespace Xenolith.Kernel.Threads;

/// <summary>Starts zeroed. Knows nothing of time but how long threads have run; the scheduler tells it.</summary>
internal unsafe struct RunQueue
{
    /// <summary>What a thread may use of the CPU, in nanoseconds, before others that are runnable go first.</summary>
    internal const ulong Slice = 10_000_000;

    /// <summary>A rest of a slice that is not worth a timer; it is added to the thread's next slice.</summary>
    private const ulong Least = Slice / 8;

    private WaitQueue woken, waiting;
    private uint wokenCount, waitingCount;
    private Thread* turn; // has been taken from `waiting`, and nothing of what ends its turn has happened
    private ulong turns;  // that have ended

    /// <summary>Runnable threads, without the one that runs.</summary>
    internal readonly uint Count => wokenCount + waitingCount;

    internal readonly bool HasWoken => wokenCount != 0;

    /// <summary>Puts in a new thread, or the running one that yields or has used up its slice: behind all others, with a full slice.</summary>
    internal void Append(Thread* thread)
    {
        EndTurn(thread);
        thread->State = ThreadState.Runnable;
        thread->Slice = Slice;
        waiting.Append(thread);
        waitingCount++;
    }

    /// <summary>Puts in a thread that was blocked.</summary>
    internal void AppendWoken(Thread* thread)
    {
        // The turn of a thread that runs is still to come to its end.
        ulong others = waitingCount + (turn != null && turn->State == ThreadState.Running ? 1u : 0);
        if (turns - thread->TurnsSeen >= others)
            thread->Slice = Slice;
        if (thread->Slice < Least)
        {
            ulong rest = thread->Slice;
            Append(thread);
            thread->Slice += rest;
            return;
        }
        thread->State = ThreadState.Runnable;
        woken.Append(thread);
        wokenCount++;
    }

    /// <summary>Puts in the running thread while others go first; it keeps the rest of its slice, and its turn if it has one.</summary>
    internal void Interrupt(Thread* thread)
    {
        thread->State = ThreadState.Runnable;
        if (turn == thread)
        {
            waiting.Prepend(thread);
            waitingCount++;
            return;
        }
        woken.Append(thread);
        wokenCount++;
    }

    /// <summary>The running thread blocks or exits.</summary>
    internal void Leave(Thread* thread)
    {
        EndTurn(thread);
        thread->TurnsSeen = turns;
    }

    /// <summary>Takes out the thread that runs next; null when there is none.</summary>
    internal Thread* Take()
    {
        Thread* thread = woken.First;
        if (thread != null)
        {
            woken.Remove(thread);
            wokenCount--;
        }
        else if ((thread = waiting.First) != null)
        {
            waiting.Remove(thread);
            waitingCount--;
            turn = thread;
        }
        return thread;
    }

    internal readonly bool HasTurn(Thread* thread) => turn == thread;

    /// <summary>The thread's turn is over, if it has one.</summary>
    internal void EndTurn(Thread* thread)
    {
        if (turn != thread)
            return;
        turn = null;
        turns++;
    }
}
