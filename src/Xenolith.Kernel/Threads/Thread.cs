// A thread of the program: its kernel stack, its saved state and what it waits for.
using System.Runtime.InteropServices;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Threads;

internal enum ThreadState
{
    Runnable,
    Running,
    Blocked,
    Exited,
}

/// <summary>Why a blocked thread runs again.</summary>
internal enum WakeReason
{
    Event,
    TimedOut,
    Signal,
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Thread
{
    internal const int NameLength = 16;

    // Known to the assembly (Layout.inc).
    internal ulong StackPointer;
    internal byte* ExtendedState;
    internal ulong FsBase;

    internal int Id;
    internal int Slot;
    internal ThreadState State;
    internal WakeReason Reason;
    internal ulong KernelStackTop;

    /// <summary>Links in the run queue or in the queue that the thread waits in.</summary>
    internal Thread* Next, Previous;
    internal WaitQueue* Queue;
    internal TimerNode Timer;

    /// <summary>Nanoseconds left of the thread's slice while it does not run.</summary>
    internal ulong Slice;
    /// <summary>How many turns had ended when it blocked: see RunQueue.</summary>
    internal ulong TurnsSeen;
    /// <summary>Nanoseconds that the thread has had the CPU, up to when it last ran.</summary>
    internal ulong RunTime;

    internal ulong FutexAddress;
    internal uint FutexBits;

    internal ulong PendingSignals, BlockedSignals;
    /// <summary>Set by rt_sigsuspend: the mask that the handler's return takes back.</summary>
    internal ulong SavedMask;
    internal bool RestoreMask;
    internal ulong AlternateStack, AlternateStackSize;
    internal ulong ClearChildTid;
    internal fixed byte Name[NameLength];

    /// <summary>The registers of the program, while the thread is in the kernel.</summary>
    internal TrapFrame* Frame => (TrapFrame*)(KernelStackTop - (ulong)sizeof(TrapFrame));

    internal static Thread* Current => PerCpu.This->Current;
}

/// <summary>Threads that wait for the same thing, first come first served.</summary>
internal unsafe struct WaitQueue
{
    internal Thread* First, Last;

    internal void Append(Thread* thread)
    {
        thread->Next = null;
        thread->Previous = Last;
        if (Last == null)
            First = thread;
        else
            Last->Next = thread;
        Last = thread;
    }

    /// <summary>Puts a thread before all others.</summary>
    internal void Prepend(Thread* thread)
    {
        thread->Previous = null;
        thread->Next = First;
        if (First == null)
            Last = thread;
        else
            First->Previous = thread;
        First = thread;
    }

    internal void Remove(Thread* thread)
    {
        if (thread->Previous == null)
            First = thread->Next;
        else
            thread->Previous->Next = thread->Next;
        if (thread->Next == null)
            Last = thread->Previous;
        else
            thread->Next->Previous = thread->Previous;
        thread->Next = thread->Previous = null;
    }
}
