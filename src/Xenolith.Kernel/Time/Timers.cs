// Deadlines of sleeping threads, and Xen's one-shot timer behind them. Tickless: armed only for a deadline or while two threads compete.
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Time;

internal static unsafe class Timers
{
    internal const ulong Never = ulong.MaxValue;
    private const ulong Slice = 10_000_000, RetryDelay = 100_000;

    /// <summary>Times that the timer fired, since the start.</summary>
    internal static ulong Interrupts { get; private set; }

    private static DeadlineHeap heap;
    // What the hypervisor's timer is set to; Never when it is not.
    private static ulong armed = Never;
    private static bool sliceArmed;
    private static bool fired;

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
        fired = true;
        armed = Never;
        sliceArmed = false;
    }

    /// <summary>
    /// An event came while the program was inside a function of the kernel's that it calls directly, where it cannot be preempted:
    /// asks for another a little later, so that what is due is not left to a program that never calls again.
    /// </summary>
    internal static void Retry()
    {
        if (!fired && !PerCpu.This->Reschedule)
            return;
        armed = Clock.Now() + RetryDelay;
        Hypercalls.SetTimer(armed);
    }

    /// <summary>After the domain was suspended: nothing is set any more, and deadlines may have passed.</summary>
    internal static void Resume()
    {
        armed = Never;
        sliceArmed = false;
        fired = true;
    }

    /// <summary>Wakes the threads whose deadline has passed. Returns at once when the timer has not fired.</summary>
    internal static void Expire()
    {
        if (!fired)
            return;
        fired = false;
        ulong now = Clock.Now();
        for (TimerNode* first = heap.Min; first != null && first->Deadline <= now; first = heap.Min)
        {
            heap.Remove(first);
            Scheduler.Wake((Thread*)first->Owner, WakeReason.TimedOut);
        }
        PerCpu.This->Reschedule = true;
    }

    /// <summary>Sets the hypervisor's timer to the next deadline, and to the end of the slice if threads compete. Called before the program continues or the CPU idles.</summary>
    internal static void Arm(bool competing)
    {
        TimerNode* first = heap.Min;
        ulong next = first == null ? Never : first->Deadline;
        if (competing && !sliceArmed)
        {
            ulong slice = Clock.Now() + Slice;
            if (slice < next)
                next = slice;
            sliceArmed = true;
        }
        if (next >= armed)
            return;
        armed = next;
        Hypercalls.SetTimer(next);
    }
}
