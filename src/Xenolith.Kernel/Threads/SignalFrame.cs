// What the kernel puts on the program's stack when it calls a signal handler: Linux's rt_sigframe for x86-64,
// whose layout is ABI (Linux: arch/x86/include/uapi/asm/sigcontext.h, ucontext.h; asm-generic/siginfo.h).
using System.Runtime.InteropServices;

namespace Xenolith.Kernel.Threads;

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SignalFrame
{
    /// <summary>Return address of the handler: the restorer, which calls rt_sigreturn.</summary>
    internal ulong ReturnAddress;
    internal UserContext Context;
    internal SignalInfo Info;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct UserContext
{
    internal ulong Flags;
    internal ulong Link;
    internal ulong StackPointer;
    internal uint StackFlags, StackPadding;
    internal ulong StackSize;
    internal ulong R8, R9, R10, R11, R12, R13, R14, R15, Rdi, Rsi, Rbp, Rbx, Rdx, Rax, Rcx, Rsp, Rip, Rflags;
    internal ushort Cs, Gs, Fs, Ss;
    internal ulong Error, TrapNumber, OldMask, FaultAddress;
    /// <summary>Address of the extended state: an XSAVE area that ends in <see cref="ExtendedMagic2"/>.</summary>
    internal ulong ExtendedState;
    internal fixed ulong Reserved[8];
    internal ulong SignalMask;

    /// <summary>Flag: the extended state is an XSAVE area, not only FXSAVE's.</summary>
    internal const ulong HasExtendedState = 1;
    internal const uint ExtendedMagic1 = 0x46505853, ExtendedMagic2 = 0x46505845;
    /// <summary>Where the area tells that it is one: magic, size with trailer, feature mask, size.</summary>
    internal const int SoftwareBytes = 464;
}

[StructLayout(LayoutKind.Sequential, Size = 128)]
internal struct SignalInfo
{
    internal int Signal, Errno, Code, Padding;
    /// <summary>The address of a fault; for a signal that was sent, the sender's pid and uid.</summary>
    internal ulong Address;
}
