// Who runs: threads woken by an event first, then round robin. Interrupts are off in all of this.
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Threads;

internal static unsafe class Scheduler
{
    private static WaitQueue woken;   // became runnable by an event: served first
    private static WaitQueue waiting; // used up a slice or yielded: round robin

    /// <summary>Threads that wait for the CPU.</summary>
    internal static uint RunnableCount { get; private set; }

    /// <summary>Switches from one thread to another, since the start.</summary>
    internal static ulong Switches { get; private set; }

    private static bool HasRunnable => woken.First != null || waiting.First != null;

    /// <summary>Makes a new thread runnable.</summary>
    internal static void Start(Thread* thread)
    {
        thread->State = ThreadState.Runnable;
        waiting.Append(thread);
        RunnableCount++;
    }

    /// <summary>
    /// Blocks the running thread in <paramref name="queue"/> (or in none) until it is woken, the deadline passes or a signal comes.
    /// </summary>
    /// <param name="queue">Where it waits; whoever wakes it need not know the queue.</param>
    /// <param name="deadline">Absolute monotonic nanoseconds, or <see cref="Timers.Never"/>.</param>
    internal static WakeReason Block(WaitQueue* queue, ulong deadline)
    {
        Thread* thread = Thread.Current;
        if ((thread->PendingSignals & ~thread->BlockedSignals) != 0)
            return WakeReason.Signal;
        thread->State = ThreadState.Blocked;
        thread->Queue = queue;
        if (queue != null)
            queue->Append(thread);
        if (deadline != Timers.Never)
            Timers.Add(&thread->Timer, deadline);
        RunNext();
        return thread->Reason;
    }

    /// <summary>Makes a blocked thread runnable; does nothing to any other.</summary>
    internal static void Wake(Thread* thread, WakeReason reason)
    {
        if (thread->State != ThreadState.Blocked)
            return;
        if (thread->Queue != null)
        {
            thread->Queue->Remove(thread);
            thread->Queue = null;
        }
        Timers.Remove(&thread->Timer);
        thread->Reason = reason;
        thread->State = ThreadState.Runnable;
        woken.Append(thread);
        RunnableCount++;
    }

    internal static bool WakeFirst(WaitQueue* queue)
    {
        if (queue->First == null)
            return false;
        Wake(queue->First, WakeReason.Event);
        return true;
    }

    internal static void WakeAll(WaitQueue* queue)
    {
        while (WakeFirst(queue))
        {
        }
    }

    /// <summary>Lets the others run first; returns at once when there is none.</summary>
    internal static void Yield()
    {
        PerCpu* cpu = PerCpu.This;
        cpu->Reschedule = false;
        if (!HasRunnable)
            return;
        cpu->Current->State = ThreadState.Runnable;
        waiting.Append(cpu->Current);
        RunnableCount++;
        RunNext();
    }

    /// <summary>Ends the running thread; its kernel stack is given back by the thread that runs next.</summary>
    internal static void Exit()
    {
        PerCpu* cpu = PerCpu.This;
        cpu->Current->State = ThreadState.Exited;
        RunNext();
    }

    /// <summary>Run before the program continues after a trap or system call: timers, preemption.</summary>
    internal static void BeforeReturn()
    {
        PerCpu* cpu = PerCpu.This;
        Timers.Expire();
        if (cpu->Reschedule)
            Yield();
        Timers.Arm(HasRunnable);
    }

    /// <summary>
    /// Lets events in and other threads run, as between two system calls: for a call that takes long. What the program's memory holds or allows may
    /// be different afterwards.
    /// </summary>
    internal static void Pause()
    {
        Asm.AllowInterrupts();
        BeforeReturn();
    }

    private static void RunNext()
    {
        PerCpu* cpu = PerCpu.This;
        Thread* current = cpu->Current;
        Thread* next = Take();
        if (next == null)
            next = Idle(cpu);
        next->State = ThreadState.Running;
        if (next == current)
            return;
        Switches++;
        Reap();
        if (current->State == ThreadState.Exited)
            cpu->Exited = current;
        cpu->Current = next;
        cpu->KernelStackTop = next->KernelStackTop;
        Fpu.SwitchFsBase(current, next);
        Asm.SwitchThread(current, next);
    }

    /// <summary>Gives back what a thread left that exited before this switch: nothing runs on its stack any more.</summary>
    private static void Reap()
    {
        PerCpu* cpu = PerCpu.This;
        if (cpu->Exited != null)
        {
            ThreadTable.Free(cpu->Exited);
            cpu->Exited = null;
        }
    }

    /// <summary>Waits in the hypervisor, on the stack of the thread that blocked, until an event makes a thread runnable.</summary>
    private static Thread* Idle(PerCpu* cpu)
    {
        cpu->Idle = true;
        Thread* next;
        do
        {
            Timers.Expire();
            next = Take();
            if (next != null)
                break;
            Timers.Arm(competing: false);
            Asm.WaitForInterrupt();
        }
        while (true);
        cpu->Idle = false;
        return next;
    }

    private static Thread* Take()
    {
        WaitQueue* queue = woken.First != null ? Pointer(ref woken) : Pointer(ref waiting);
        Thread* thread = queue->First;
        if (thread != null)
        {
            queue->Remove(thread);
            RunnableCount--;
        }
        return thread;
    }

    private static WaitQueue* Pointer(ref WaitQueue queue) => (WaitQueue*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref queue);
}
