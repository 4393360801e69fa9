// What belongs to one CPU. Reached through GS by the assembly, which knows the first four fields (Layout.inc).
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xenolith.Kernel.Threads;

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
