// The assembly routines, as C# sees them: their contracts are written beside their code (Cpu/*.S).
using System.Runtime.InteropServices;

namespace Xenolith.Kernel.Cpu;

internal static unsafe class Asm
{
    [DllImport("*", EntryPoint = "read_timestamp"), SuppressGCTransition] internal static extern ulong ReadTimestamp();
    [DllImport("*", EntryPoint = "cpuid_query"), SuppressGCTransition] internal static extern void Cpuid(uint leaf, uint subleaf, uint* registers);
    [DllImport("*", EntryPoint = "write_msr"), SuppressGCTransition] internal static extern void WriteMsr(uint register, ulong value);
    [DllImport("*", EntryPoint = "write_xcr0"), SuppressGCTransition] internal static extern void WriteXcr0(ulong value);
    [DllImport("*", EntryPoint = "write_fs_base"), SuppressGCTransition] internal static extern void WriteFsBase(ulong value);
    [DllImport("*", EntryPoint = "read_fs_base"), SuppressGCTransition] internal static extern ulong ReadFsBase();
    [DllImport("*", EntryPoint = "read_fault_address"), SuppressGCTransition] internal static extern ulong ReadFaultAddress();
    [DllImport("*", EntryPoint = "read_page_table_root"), SuppressGCTransition] internal static extern ulong ReadPageTableRoot();
    [DllImport("*", EntryPoint = "invalidate_page"), SuppressGCTransition] internal static extern void InvalidatePage(ulong address);
    [DllImport("*", EntryPoint = "flush_translations"), SuppressGCTransition] internal static extern void FlushTranslations();
    [DllImport("*", EntryPoint = "load_interrupt_table"), SuppressGCTransition] internal static extern void LoadInterruptTable(void* table, uint limit);
    [DllImport("*", EntryPoint = "load_task_register"), SuppressGCTransition] internal static extern void LoadTaskRegister(uint selector);
    [DllImport("*", EntryPoint = "write_port"), SuppressGCTransition] internal static extern void WritePort(ushort port, byte value);
    [DllImport("*", EntryPoint = "read_port"), SuppressGCTransition] internal static extern byte ReadPort(ushort port);
    [DllImport("*", EntryPoint = "halt_forever"), SuppressGCTransition] internal static extern void HaltForever();
    [DllImport("*", EntryPoint = "frame_pointer"), SuppressGCTransition] internal static extern ulong FramePointer();
    [DllImport("*", EntryPoint = "read_random"), SuppressGCTransition] internal static extern int ReadRandom(int seed, ulong* value);
    [DllImport("*", EntryPoint = "zero_page"), SuppressGCTransition] internal static extern void ZeroPage(void* page);
    [DllImport("*", EntryPoint = "zero_page_wide"), SuppressGCTransition] internal static extern void ZeroPageWide(void* page);
    [DllImport("*", EntryPoint = "move_bytes"), SuppressGCTransition] internal static extern void Move(void* to, void* from, nuint length);
    [DllImport("*", EntryPoint = "fill_bytes"), SuppressGCTransition] internal static extern void Fill(void* to, byte value, nuint length);
    [DllImport("*", EntryPoint = "hypercall"), SuppressGCTransition] internal static extern long Hypercall(uint number, ulong a, ulong b, ulong c, ulong d);
    [DllImport("*", EntryPoint = "switch_thread"), SuppressGCTransition] internal static extern void SwitchThread(Threads.Thread* from, Threads.Thread* to);
    [DllImport("*", EntryPoint = "enter_program"), SuppressGCTransition] internal static extern void EnterProgram(ulong kernelStackPointer);
    [DllImport("*", EntryPoint = "wait_for_interrupt"), SuppressGCTransition] internal static extern void WaitForInterrupt();
    [DllImport("*", EntryPoint = "allow_interrupts"), SuppressGCTransition] internal static extern void AllowInterrupts();
    [DllImport("*", EntryPoint = "save_extended_state"), SuppressGCTransition] internal static extern void SaveExtendedState(void* area);
    [DllImport("*", EntryPoint = "restore_extended_state"), SuppressGCTransition] internal static extern void RestoreExtendedState(void* area);
    [DllImport("*", EntryPoint = "label_address"), SuppressGCTransition] private static extern ulong LabelAddress(int index);

    // The order is that of the table in Primitives.S.
    internal static ulong TrapStubs => LabelAddress(0);
    internal static ulong SyscallEntry => LabelAddress(1);
    internal static ulong ReturnToProgram => LabelAddress(2);
    internal static ulong HypercallPage => LabelAddress(3);
    internal static ulong* Gdt => (ulong*)LabelAddress(4);
    internal static ulong* RootTable => (ulong*)LabelAddress(5);
    internal static ulong ImageStart => LabelAddress(6);
    internal static ulong TextStart => LabelAddress(7);
    internal static ulong TextEnd => LabelAddress(8);
    internal static ulong RodataStart => LabelAddress(9);
    internal static ulong RodataEnd => LabelAddress(10);
    internal static ulong DataStart => LabelAddress(11);
    internal static ulong DataEnd => LabelAddress(12);
    internal static ulong ProgramEntry => LabelAddress(13);
    internal static byte* Symbols => (byte*)LabelAddress(14);
    internal static ulong* DirectMapLevel3 => (ulong*)LabelAddress(15);
    internal static ulong* DirectMapLevel2 => (ulong*)LabelAddress(16);
    internal static ulong* DirectMapLevel1 => (ulong*)LabelAddress(17);
    internal static ulong WaitHalt => LabelAddress(18);
    internal static ulong WaitHalted => LabelAddress(19);
    internal static ulong* SecurityCookie => (ulong*)LabelAddress(20);
    internal static ulong VdsoFile => LabelAddress(21);
    internal static void* TaskState => (void*)LabelAddress(22);
    internal static ulong Content => LabelAddress(23);
    internal static ulong GuardedStacks => LabelAddress(24);
    internal static ulong InterruptTable => LabelAddress(25);
    internal static byte* BuildId => (byte*)LabelAddress(26);
    internal static ulong KernelTextStart => LabelAddress(27);
    internal static ulong KernelTextEnd => LabelAddress(28);
}
