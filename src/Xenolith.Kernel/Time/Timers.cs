// Deadlines of sleeping threads, and Xen's one-shot timer behind them. Tickless: armed only for a deadline or while two threads compete.
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Tracing;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Time;

internal static unsafe class Timers
{
    internal const ulong Never = ulong.MaxValue;
    private const ulong RetryDelay = 100_000;

    /// <summary>Times that the timer fired, since the start.</summary>
    internal static ulong Interrupts { get; private set; }

    private static DeadlineHeap heap;

    internal static void Initialize() => PerCpu.This->TimerSet = Never;

    internal static void Add(TimerNode* node, ulong deadline)
    {
        node->Deadline = deadline;
        heap.Insert(node);
    }

    internal static void Remove(TimerNode* node) => heap.Remove(node);

    /// <summary>The timer event came: noted here, acted upon by <see cref="Expire"/> outside the upcall.</summary>
    internal static void Fired()
    {
        Interrupts++;
        PerCpu* cpu = PerCpu.This;
        if (Trace.IsOn(TraceCategory.Timers))
            Trace.Write(TraceKind.TimerFired, 0, cpu->TimerSet);
        cpu->TimerFired = true;
        cpu->TimerSet = Never;
    }

    /// <summary>
    /// An event came while the program was inside a function of the kernel's that it calls directly, where it cannot be preempted:
    /// asks for another a little later, so that what is due is not left to a program that never calls again.
    /// </summary>
    internal static void Retry()
    {
        PerCpu* cpu = PerCpu.This;
        if (cpu->TimerFired || cpu->Reschedule)
            Set(cpu, Clock.Now() + RetryDelay);
    }

    /// <summary>After the domain was suspended: nothing is set any more, and deadlines may have passed.</summary>
    internal static void Resume()
    {
        PerCpu* cpu = PerCpu.This;
        cpu->TimerSet = Never;
        cpu->TimerFired = true;
    }

    /// <summary>Wakes the threads whose deadline has passed. Returns at once when the timer has not fired.</summary>
    internal static void Expire()
    {
        PerCpu* cpu = PerCpu.This;
        if (!cpu->TimerFired)
            return;
        cpu->TimerFired = false;
        ulong now = Clock.Now();
        for (TimerNode* first = heap.Min; first != null && first->Deadline <= now; first = heap.Min)
        {
            heap.Remove(first);
            Scheduler.Wake((Thread*)first->Owner, WakeReason.TimedOut);
        }
        cpu->Reschedule = true;
    }

    /// <summary>
    /// Sees to it that the hypervisor's timer comes no later than the next deadline and <paramref name="sliceEnd"/> (<see cref="Never"/>: nobody
    /// competes). Called before the program continues or the CPU idles. A timer that is set for something that no longer matters stays: to
    /// stop it costs as much as to let it come, and often something else has it set anew before.
    /// </summary>
    internal static void Arm(ulong sliceEnd)
    {
        TimerNode* first = heap.Min;
        ulong next = first == null || sliceEnd < first->Deadline ? sliceEnd : first->Deadline;
        PerCpu* cpu = PerCpu.This;
        if (next < cpu->TimerSet)
            Set(cpu, next);
    }

    private static void Set(PerCpu* cpu, ulong time)
    {
        cpu->TimerSet = time;
        Hypercalls.SetTimer(time);
    }
}
