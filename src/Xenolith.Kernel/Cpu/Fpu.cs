// The register state that the frame on the kernel stack does not hold: FS base, and the extended state for signals.
using Xenolith.Kernel.Threads;

namespace Xenolith.Kernel.Cpu;

internal static unsafe class Fpu
{
    // Offset of the XMM registers in an FXSAVE/XSAVE area, and of the header that follows the legacy region.
    private const int XmmOffset = 160;
    private const int XmmBytes = 256;

    /// <summary>Moves the TLS register from one thread to the next. The program may have set it without a system call.</summary>
    internal static void SwitchFsBase(Thread* from, Thread* to)
    {
        if (Features.HasFsGsBase)
        {
            from->FsBase = Asm.ReadFsBase();
            Asm.WriteFsBase(to->FsBase);
        }
        else
            Asm.WriteMsr(Msr.FsBase, to->FsBase);
    }

    /// <summary>The running thread's TLS register.</summary>
    internal static ulong CurrentFsBase(Thread* thread) => Features.HasFsGsBase ? Asm.ReadFsBase() : thread->FsBase;

    internal static void SetFsBase(Thread* thread, ulong value)
    {
        thread->FsBase = value;
        if (Features.HasFsGsBase)
            Asm.WriteFsBase(value);
        else
            Asm.WriteMsr(Msr.FsBase, value);
    }

    /// <summary>Writes the running thread's whole extended state to <paramref name="area"/> (64-byte aligned), XMM from its frame.</summary>
    internal static void Save(TrapFrame* frame, byte* area)
    {
        // XSAVE leaves the header's reserved bytes alone, and XRSTOR refuses any that are not zero.
        Asm.Fill(area + 512, 0, 64);
        Asm.SaveExtendedState(area);
        Asm.Move(area + XmmOffset, frame->Xmm, XmmBytes);
        *(ulong*)(area + 512) |= 2; // XSTATE_BV: the SSE part is there, even if the CPU thought it still initial
    }

    /// <summary>
    /// The reverse of <see cref="Save"/>. The area may come from the program: what XRSTOR would fault on is masked first.
    /// </summary>
    internal static void Restore(TrapFrame* frame, byte* area)
    {
        *(uint*)(area + 24) &= 0xFFFF;                                   // MXCSR: reserved bits
        *(ulong*)(area + 512) &= Features.ExtendedStateMask;             // XSTATE_BV: enabled components only
        Asm.Fill(area + 520, 0, 56);                                     // standard format, reserved bytes
        Asm.RestoreExtendedState(area);
        Asm.Move(frame->Xmm, area + XmmOffset, XmmBytes);
    }
}
