// Who runs: the order is the run queue's; here are blocking, waking, the switch itself and the account of time. Interrupts are off in all of this.
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Tracing;

namespace Xenolith.Kernel.Threads;

internal static unsafe class Scheduler
{
    /// <summary>Threads that wait for the CPU.</summary>
    internal static uint RunnableCount => PerCpu.This->Queue.Count;

    /// <summary>Switches from one thread to another, since the start.</summary>
    internal static ulong Switches { get; private set; }

    /// <summary>Makes the first thread the running one.</summary>
    internal static void Begin(Thread* thread)
    {
        PerCpu* cpu = PerCpu.This;
        thread->State = ThreadState.Running;
        cpu->Current = thread;
        cpu->KernelStackTop = thread->KernelStackTop;
        cpu->RunningSince = Clock.Now();
    }

    /// <summary>Makes a new thread runnable.</summary>
    internal static void Start(Thread* thread)
    {
        if (Trace.IsOn(TraceCategory.Scheduler))
            Trace.Write(TraceKind.ThreadStart, (uint)thread->Id, 0);
        PerCpu.This->Queue.Append(thread);
    }

    /// <summary>How long a thread has had the CPU, in nanoseconds.</summary>
    internal static ulong RunTime(Thread* thread)
    {
        PerCpu* cpu = PerCpu.This;
        return thread == cpu->Current ? thread->RunTime + Clock.Now() - cpu->RunningSince : thread->RunTime;
    }

    /// <summary>How long all threads together have had the CPU, those that have ended included, in nanoseconds.</summary>
    internal static ulong BusyTime()
    {
        PerCpu* cpu = PerCpu.This;
        return cpu->BusyTime + Clock.Now() - cpu->RunningSince;
    }

    /// <summary>The domain has stood still for so long: that is no time of the running thread's.</summary>
    internal static void Resume(ulong pause)
    {
        PerCpu* cpu = PerCpu.This;
        cpu->RunningSince += pause;
        cpu->SliceEnd += pause;
    }

    /// <summary>
    /// Blocks the running thread in <paramref name="queue"/> (or in none) until it is woken, the deadline passes or a signal comes.
    /// </summary>
    /// <param name="queue">Where it waits; whoever wakes it need not know the queue.</param>
    /// <param name="deadline">Absolute monotonic nanoseconds, or <see cref="Timers.Never"/>.</param>
    internal static WakeReason Block(WaitQueue* queue, ulong deadline)
    {
        PerCpu* cpu = PerCpu.This;
        Thread* thread = cpu->Current;
        if (Signals.HasDeliverable(thread))
            return WakeReason.Signal;
        thread->State = ThreadState.Blocked;
        thread->Queue = queue;
        if (queue != null)
            queue->Append(thread);
        if (deadline != Timers.Never)
            Timers.Add(&thread->Timer, deadline);
        Account(cpu);
        cpu->Queue.Leave(thread);
        RunNext(cpu);
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
        PerCpu* cpu = PerCpu.This;
        // Alone, a thread's slice has no end that would end its turn.
        if (!cpu->Competing && cpu->Queue.HasTurn(cpu->Current) && Clock.Now() - cpu->RunningSince >= RunQueue.Slice)
            cpu->Queue.EndTurn(cpu->Current);
        cpu->Queue.AppendWoken(thread);
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
        if (cpu->Queue.Count == 0)
            return;
        Account(cpu);
        cpu->Queue.Append(cpu->Current);
        RunNext(cpu);
    }

    /// <summary>Ends the running thread; its kernel stack is given back by the thread that runs next.</summary>
    internal static void Exit()
    {
        PerCpu* cpu = PerCpu.This;
        if (Trace.IsOn(TraceCategory.Scheduler))
            Trace.Write(TraceKind.ThreadEnd, 0, 0);
        cpu->Current->State = ThreadState.Exited;
        Account(cpu);
        cpu->Queue.Leave(cpu->Current);
        RunNext(cpu);
    }

    /// <summary>Run before the program continues after a trap or system call: timers, preemption.</summary>
    internal static void BeforeReturn()
    {
        PerCpu* cpu = PerCpu.This;
        Timers.Expire();
        if (cpu->Reschedule)
            Preempt(cpu);
        bool competing = cpu->Queue.Count != 0;
        // Who ran alone has a full slice from when others come.
        if (competing && !cpu->Competing)
            cpu->SliceEnd = Clock.Now() + RunQueue.Slice;
        cpu->Competing = competing;
        Timers.Arm(competing ? cpu->SliceEnd : Timers.Never);
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

    /// <summary>Something was woken, or a slice may be at its end: who wakes goes first, who has used up a slice comes last.</summary>
    private static void Preempt(PerCpu* cpu)
    {
        cpu->Reschedule = false;
        if (cpu->Queue.Count == 0)
            return;
        Thread* current = cpu->Current;
        Account(cpu);
        if (current->Slice == 0)
            cpu->Queue.Append(current);
        else if (cpu->Queue.HasWoken)
            cpu->Queue.Interrupt(current);
        else
            return;
        RunNext(cpu);
    }

    /// <summary>Adds the time since it was last done to the running thread's account, and sees what is left of its slice.</summary>
    private static void Account(PerCpu* cpu)
    {
        ulong now = Clock.Now(), elapsed = now - cpu->RunningSince;
        Thread* thread = cpu->Current;
        thread->RunTime += elapsed;
        thread->Slice = !cpu->Competing ? RunQueue.Slice : now < cpu->SliceEnd ? cpu->SliceEnd - now : 0;
        cpu->BusyTime += elapsed;
        cpu->RunningSince = now;
    }

    /// <summary>Continues another thread, once there is one. The running one is accounted for, and in the run queue if it may go on.</summary>
    private static void RunNext(PerCpu* cpu)
    {
        Thread* current = cpu->Current;
        Thread* next = cpu->Queue.Take();
        if (next == null)
        {
            next = Idle(cpu);
            cpu->RunningSince = Clock.Now();
        }
        next->State = ThreadState.Running;
        cpu->Reschedule = false;
        cpu->SliceEnd = cpu->RunningSince + next->Slice;
        cpu->Competing = cpu->Queue.Count != 0;
        if (next == current)
            return;
        Switches++;
        if (Trace.IsOn(TraceCategory.Scheduler))
            Trace.Write(TraceKind.ThreadSwitch, (uint)next->Id, current->State == ThreadState.Exited ? 2u : current->State == ThreadState.Blocked ? 1u : 0);
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
            next = cpu->Queue.Take();
            if (next != null)
                break;
            Timers.Arm(Timers.Never);
            if (Trace.IsOn(TraceCategory.Scheduler))
                Trace.Write(TraceKind.DomainBlock, 0, cpu->TimerSet);
            Asm.WaitForInterrupt();
            if (Trace.IsOn(TraceCategory.Scheduler))
                Trace.Write(TraceKind.DomainWake, cpu->TimerFired ? 1u : 0, 0);
        }
        while (true);
        cpu->Idle = false;
        return next;
    }
}
