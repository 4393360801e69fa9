// The registers of an interrupted program or kernel, as the stubs in Traps.S leave them on the stack.
using System.Runtime.InteropServices;

namespace Xenolith.Kernel.Cpu;

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TrapFrame
{
    /// <summary>The vector of a frame that SYSCALL made.</summary>
    internal const ulong SyscallVector = 0x100;

    internal fixed ulong Xmm[32];
    internal ulong R15, R14, R13, R12, R11, R10, R9, R8, Rbp, Rdi, Rsi, Rdx, Rcx, Rbx, Rax;
    internal ulong Vector;
    /// <summary>The CPU's error code; for SYSCALL the number of the call.</summary>
    internal ulong Error;
    internal ulong Rip, Cs, Rflags, Rsp, Ss;
}
