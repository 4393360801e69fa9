using System.Runtime.InteropServices;

namespace Defects;

/// <summary>Functions of NativeDefects.c, of KernelDefects.cs and of the C library.</summary>
internal static partial class Native
{
    private const string Code = "defects", Kernel = "xenolith";

    internal const int ReadAccess = 1, WriteAccess = 2, ExecuteAccess = 4;
    internal const int Private = 2, Anonymous = 0x20, FixedNoReplace = 0x100000;

    [LibraryImport(Code, EntryPoint = "defect_place")]
    private static partial ulong GetPlace(int which);

    internal static (ulong Start, ulong End) Text => (GetPlace(0), GetPlace(1));

    internal static (ulong Start, ulong End) KernelText => (GetPlace(2), GetPlace(3));

    internal static (ulong Start, ulong End) Constants => (GetPlace(4), GetPlace(5));

    internal static (ulong Start, ulong End) Data => (GetPlace(6), GetPlace(7));

    /// <param name="which">0, 3 and 4 are CR0, CR3 and CR4; another is EFER.</param>
    [LibraryImport(Code, EntryPoint = "defect_control_register")]
    internal static partial ulong ReadControlRegister(int which);

    [LibraryImport(Code, EntryPoint = "defect_canary")]
    internal static partial ulong GetCanary();

    [LibraryImport(Code, EntryPoint = "defect_read")]
    internal static partial int Read(ulong address);

    [LibraryImport(Code, EntryPoint = "defect_write")]
    internal static partial void Write(ulong address, byte value);

    [LibraryImport(Code, EntryPoint = "defect_call")]
    internal static partial void Call(ulong function);

    [LibraryImport(Code, EntryPoint = "defect_code_on_heap")]
    internal static partial ulong MakeCodeOnHeap();

    [LibraryImport(Code, EntryPoint = "defect_code_in_data")]
    internal static partial ulong MakeCodeInData();

    [LibraryImport(Code, EntryPoint = "defect_execute_stack")]
    internal static partial void ExecuteStack();

    [LibraryImport(Code, EntryPoint = "defect_overflow_buffer")]
    internal static partial int OverflowBuffer(int length);

    [LibraryImport(Code, EntryPoint = "defect_overflow_stack")]
    internal static partial int OverflowStack(int depth);

    [LibraryImport(Code, EntryPoint = "defect_overflow_stack_of_thread")]
    internal static partial int OverflowStackOfThread();

    [LibraryImport(Code, EntryPoint = "defect_overflow_heap")]
    internal static partial int OverflowHeap(int length);

    [LibraryImport(Code, EntryPoint = "defect_free_twice")]
    internal static partial int FreeTwice();

    [LibraryImport(Code, EntryPoint = "defect_free_inside")]
    internal static partial int FreeInside();

    /// <param name="which">0 is the running thread's; 1 to 4 are those of traps.</param>
    [LibraryImport(Code, EntryPoint = "defect_kernel_stack")]
    internal static partial ulong GetKernelStack(int which);

    [LibraryImport(Code, EntryPoint = "defect_interrupt_table")]
    internal static partial ulong GetInterruptTable();

    [LibraryImport(Code, EntryPoint = "defect_overflow_kernel_stack")]
    internal static partial void OverflowKernelStack(ulong top);

    [LibraryImport(Kernel, EntryPoint = "xl_defect_cookie")]
    internal static partial ulong GetKernelCookie();

    [LibraryImport(Kernel, EntryPoint = "xl_defect_overflow_buffer")]
    internal static partial int OverflowKernelBuffer(int length);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint Map(ulong address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    internal static partial int Protect(ulong address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    internal static partial int Unmap(ulong address, nuint length);

    [LibraryImport("libc", EntryPoint = "getrandom", SetLastError = true)]
    internal static partial nint GetRandom(ulong buffer, nuint length, uint flags);

    [LibraryImport("libc", EntryPoint = "malloc")]
    internal static partial ulong Allocate(nuint size);
}
