// What belongs to one CPU. Reached through GS by the assembly, which knows the first four fields (Layout.inc).
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xenolith.Kernel.Threads;
using Thread = Xenolith.Kernel.Threads.Thread; // on the host, where tests compile this, there is another

namespace Xenolith.Kernel.Cpu;

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PerCpu
{
    internal PerCpu* Self;
    internal ulong KernelStackTop;
    internal ulong UserStackScratch;
    internal uint Number;

    internal Thread* Current;
    /// <summary>A thread that has exited and whose kernel stack the next thread to run gives back.</summary>
    internal Thread* Exited;
    /// <summary>Set when another thread should run before the program continues.</summary>
    internal bool Reschedule;
    /// <summary>True while the CPU waits in the scheduler for an event.</summary>
    internal bool Idle;

    /// <summary>The threads that wait for this CPU.</summary>
    internal RunQueue Queue;
    /// <summary>Since when <see cref="Current"/> runs, or has last been accounted for; monotonic nanoseconds, as the times below.</summary>
    internal ulong RunningSince;
    /// <summary>When the slice of <see cref="Current"/> ends; means nothing unless <see cref="Competing"/>.</summary>
    internal ulong SliceEnd;
    /// <summary>Whether others were runnable when the program was last returned to: only then does a slice end.</summary>
    internal bool Competing;
    /// <summary>How long threads have run, but for what runs now.</summary>
    internal ulong BusyTime;

    /// <summary>What Xen's timer of this CPU is set to; Timers.Never when it is not.</summary>
    internal ulong TimerSet;
    /// <summary>The timer fired, and nobody has looked yet at what is due.</summary>
    internal bool TimerFired;

    private static PerCpu boot;

    /// <summary>The CPU that runs this code. One vCPU so far: with more, this reads GS.</summary>
    internal static PerCpu* This => (PerCpu*)Unsafe.AsPointer(ref boot);

    internal static void Initialize()
    {
        This->Self = This;
        Asm.WriteMsr(Msr.GsBase, (ulong)This);
    }
}

internal static class Msr
{
    internal const uint Star = 0xC0000081;
    internal const uint Lstar = 0xC0000082;
    internal const uint SyscallMask = 0xC0000084;
    internal const uint FsBase = 0xC0000100;
    internal const uint GsBase = 0xC0000101;
}
