// GDT, TSS and IDT: one ring, one code segment, an IST stack for every vector.
using System.Runtime.InteropServices;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Cpu;

internal static unsafe class DescriptorTables
{
    internal const int UpcallVector = 0x20;
    private const int VectorCount = 33;
    private const ulong StackSize = 8192;
    private const int StackCount = 4;
    private const ulong CodeSelector = 0x08;
    private const int TaskSelector = 0x18;

    /*
     * IST 1  exceptions: taken from the program (then left at once for the thread's kernel stack) or from the kernel
     * IST 2  the event upcall: from the program or from the idle loop
     * IST 7  where the upcall's frame lands before it goes on to IST 2's stack: in the TSS itself (Traps.S tells why)
     * IST 3  double fault, IST 4  NMI and machine check: may strike while any of the others is in use
     */
    private const int ExceptionStack = 1, DoubleFaultStack = 3, NmiStack = 4, UpcallEntry = 7;
    private const int UpcallFrame = 120; // Layout.inc: TASK_UPCALL_FRAME

    // Its size and the places of IST 2 and IST 7 are known to the assembly (Layout.inc).
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct TaskState
    {
        internal uint Reserved0;
        internal fixed ulong RingStacks[3];
        internal ulong Reserved1;
        internal fixed ulong InterruptStacks[7];
        internal ulong Reserved2;
        internal ushort Reserved3, PortMap;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Gate
    {
        internal ulong Low, High;
    }

    internal static void Initialize()
    {
        TaskState* state = (TaskState*)Asm.TaskState;
        for (int i = 0; i < StackCount; i++)
            state->InterruptStacks[i] = Guard(i + 1);
        state->InterruptStacks[UpcallEntry - 1] = (ulong)state + UpcallFrame;
        state->PortMap = (ushort)sizeof(TaskState);

        ulong task = (ulong)state;
        ulong* gdt = Asm.Gdt;
        // Available 64-bit TSS (type 9), present; a system descriptor takes two slots.
        gdt[3] = (uint)(sizeof(TaskState) - 1) | (task & 0xFFFFFF) << 16 | 0x89ul << 40 | (task >> 24 & 0xFF) << 56;
        gdt[4] = task >> 32;
        Asm.LoadTaskRegister(TaskSelector);

        Gate* gates = (Gate*)Asm.InterruptTable;
        ulong stub = Asm.TrapStubs;
        for (int vector = 0; vector < VectorCount; vector++, stub += 16)
            SetGate(gates + vector, stub, ExceptionStack);
        SetGate(gates + 2, Asm.TrapStubs + 2 * 16, NmiStack);
        SetGate(gates + 8, Asm.TrapStubs + 8 * 16, DoubleFaultStack);
        SetGate(gates + 18, Asm.TrapStubs + 18 * 16, NmiStack);
        SetGate(gates + UpcallVector, Asm.TrapStubs + UpcallVector * 16, UpcallEntry);
        Asm.LoadInterruptTable(gates, (uint)(VectorCount * sizeof(Gate) - 1));
    }

    /// <summary>Stacks in the image, each above a page that guards it: those of traps, then that of the boot.</summary>
    internal const int GuardCount = StackCount + 1;

    /// <summary>The page below one of those stacks, which is the end of the stack before it.</summary>
    internal static ulong Guard(int stack) => Asm.GuardedStacks + (ulong)stack * (Layout.PageSize + StackSize);

    /// <summary>True for an address in such a page: the stack above ran over.</summary>
    internal static bool IsGuard(ulong address)
    {
        ulong offset = address - Asm.GuardedStacks;
        return offset < GuardCount * (Layout.PageSize + StackSize) && offset % (Layout.PageSize + StackSize) < Layout.PageSize;
    }

    /// <summary>The SYSCALL instruction: enters Traps.S with interrupts off.</summary>
    internal static void EnableSyscall()
    {
        Asm.WriteMsr(Msr.Star, CodeSelector << 32);
        Asm.WriteMsr(Msr.Lstar, Asm.SyscallEntry);
        // Cleared on entry: TF, IF, DF, NT, AC.
        Asm.WriteMsr(Msr.SyscallMask, 0x44700);
    }

    private static void SetGate(Gate* gate, ulong handler, int stack)
    {
        // Interrupt gate (type 14), present, ring 0.
        gate->Low = (handler & 0xFFFF) | CodeSelector << 16 | (ulong)(uint)stack << 32 | 0x8Eul << 40 | (handler >> 16 & 0xFFFF) << 48;
        gate->High = handler >> 32;
    }
}
