// Signals: actions, pending sets, delivery on the way back to the program, and return from a handler.
// The runtime needs them to suspend threads for a collection and to turn faults into exceptions.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Threads;

/// <summary>struct kernel_sigaction of Linux on x86-64.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SignalAction
{
    internal const ulong Default = 0, Ignore = 1;
    internal const ulong OnStack = 0x08000000, Restart = 0x10000000, NoDefer = 0x40000000, ResetHandler = 0x80000000;

    internal ulong Handler, Flags, Restorer, Mask;
}

internal static unsafe class Signals
{
    private const ulong RedZone = 128;
    // Bits of rflags that a handler may change for the interrupted code: CF PF AF ZF SF TF DF OF.
    private const ulong ProgramFlags = 0xDD5;
    private const ulong InterruptFlag = 0x200;
    // SIGKILL and SIGSTOP cannot be blocked.
    private const ulong Unblockable = 1ul << 8 | 1ul << 18;

    private struct Actions
    {
        internal fixed ulong Table[SignalNumber.Count * 4];
    }

    private static Actions actions;
    // Sent to the process while every thread blocked them.
    private static ulong processPending;

    internal static SignalAction* Action(int signal) => (SignalAction*)Unsafe.AsPointer(ref actions) + (signal - 1);

    internal static void SetMask(Thread* thread, ulong mask) => thread->BlockedSignals = mask & ~Unblockable;

    /// <summary>Sends to one thread: interrupts what it waits for, and is delivered before it next runs the program.</summary>
    internal static void SendToThread(Thread* thread, int signal)
    {
        bool isBlocked = (thread->BlockedSignals & SignalNumber.Bit(signal)) != 0;
        if (!isBlocked && IsIgnored(signal))
            return; // who blocks it may have a handler by the time that it no longer does
        thread->PendingSignals |= SignalNumber.Bit(signal);
        if (!isBlocked)
            Scheduler.Wake(thread, WakeReason.Signal);
    }

    /// <summary>The thread's and the process's pending signals.</summary>
    internal static ulong PendingFor(Thread* thread) => thread->PendingSignals | processPending;

    /// <summary>True if a signal is to be delivered to a thread; what it has ignored by now is dropped.</summary>
    internal static bool HasDeliverable(Thread* thread)
    {
        for (ulong rest = PendingFor(thread) & ~thread->BlockedSignals; rest != 0; rest &= rest - 1)
        {
            int signal = System.Numerics.BitOperations.TrailingZeroCount(rest) + 1;
            if (!IsIgnored(signal))
                return true;
            thread->PendingSignals &= ~SignalNumber.Bit(signal);
            processPending &= ~SignalNumber.Bit(signal);
        }
        return false;
    }

    /// <summary>Sends to the process: to any thread that does not block it.</summary>
    internal static void SendToProcess(int signal)
    {
        ulong bit = SignalNumber.Bit(signal);
        if ((Thread.Current->BlockedSignals & bit) == 0)
        {
            SendToThread(Thread.Current, signal);
            return;
        }
        for (int id = 1, seen = 0; seen < ThreadTable.Count && id <= ThreadTable.MaximumThreads; id++)
        {
            Thread* thread = ThreadTable.Find(id);
            if (thread == null)
                continue;
            seen++;
            if ((thread->BlockedSignals & bit) == 0)
            {
                SendToThread(thread, signal);
                return;
            }
        }
        processPending |= bit;
    }

    /// <summary>Delivers what is pending for the running thread. True if the frame now leads elsewhere.</summary>
    internal static bool DeliverPending(TrapFrame* frame)
    {
        Thread* thread = Thread.Current;
        ulong deliverable = PendingFor(thread) & ~thread->BlockedSignals;
        if (deliverable == 0 && thread->RestoreMask)
        {
            // What ended the wait is ignored by now: no handler's return takes the mask back.
            thread->RestoreMask = false;
            SetMask(thread, thread->SavedMask);
            return true;
        }
        if (deliverable == 0)
            return Restart(frame, restart: true); // woken for a signal that another thread has taken
        int signal = System.Numerics.BitOperations.TrailingZeroCount(deliverable) + 1;
        thread->PendingSignals &= ~SignalNumber.Bit(signal);
        processPending &= ~SignalNumber.Bit(signal);
        SignalInfo info = default;
        info.Signal = signal;
        info.Code = SignalNumber.CodeThread;
        info.Address = 1; // si_pid = 1, si_uid = 0: there is one process
        SignalAction* action = Action(signal);
        if (action->Handler == SignalAction.Ignore || action->Handler == SignalAction.Default && IsIgnoredByDefault(signal))
        {
            Restart(frame, restart: true);
            return true;
        }
        if (action->Handler == SignalAction.Default)
            Ending.KilledBySignal(signal, 0, frame);
        Restart(frame, (action->Flags & SignalAction.Restart) != 0);
        Enter(frame, &info);
        return true;
    }

    /// <summary>A fault of the program becomes a signal; without a handler it ends the domain as crashed.</summary>
    internal static void Fault(TrapFrame* frame, int signal, int code, ulong address)
    {
        SignalAction* action = Action(signal);
        bool blocked = (Thread.Current->BlockedSignals & SignalNumber.Bit(signal)) != 0;
        if (blocked || action->Handler <= SignalAction.Ignore)
            Ending.KilledBySignal(signal, address, frame);
        SignalInfo info = default;
        info.Signal = signal;
        info.Code = code;
        info.Address = address;
        Enter(frame, &info);
    }

    /// <summary>rt_sigreturn: continues what the handler interrupted, with the registers as the handler left them in its context.</summary>
    internal static void Return(TrapFrame* frame)
    {
        // The handler's `ret` has taken the return address, so the context is at the top of the stack.
        UserContext* context = (UserContext*)frame->Rsp;
        if (!UserMemory.IsReadable((ulong)context, (ulong)sizeof(UserContext)))
            Ending.KilledBySignal(SignalNumber.Segv, (ulong)context, frame);
        frame->R8 = context->R8;
        frame->R9 = context->R9;
        frame->R10 = context->R10;
        frame->R11 = context->R11;
        frame->R12 = context->R12;
        frame->R13 = context->R13;
        frame->R14 = context->R14;
        frame->R15 = context->R15;
        frame->Rdi = context->Rdi;
        frame->Rsi = context->Rsi;
        frame->Rbp = context->Rbp;
        frame->Rbx = context->Rbx;
        frame->Rdx = context->Rdx;
        frame->Rax = context->Rax;
        frame->Rcx = context->Rcx;
        frame->Rsp = context->Rsp;
        frame->Rip = context->Rip;
        frame->Rflags = frame->Rflags & ~ProgramFlags | context->Rflags & ProgramFlags | InterruptFlag;
        SetMask(Thread.Current, context->SignalMask);
        // IRETQ itself would fault on an address that is none.
        if (frame->Rip >= Layout.ProgramEnd)
            Ending.KilledBySignal(SignalNumber.Segv, frame->Rip, frame);
        ulong area = context->ExtendedState;
        if (area == 0)
            return;
        if ((area & 63) != 0 || !UserMemory.IsWritable(area, Features.ExtendedStateSize))
            Ending.KilledBySignal(SignalNumber.Segv, area, frame);
        Fpu.Restore(frame, (byte*)area);
    }

    /// <summary>Builds the signal frame on the program's stack and points the program at its handler.</summary>
    private static void Enter(TrapFrame* frame, SignalInfo* info)
    {
        Thread* thread = Thread.Current;
        SignalAction* action = Action(info->Signal);
        ulong top = frame->Rsp - RedZone;
        bool onAlternate = frame->Rsp - thread->AlternateStack < thread->AlternateStackSize;
        if ((action->Flags & SignalAction.OnStack) != 0 && thread->AlternateStackSize != 0 && !onAlternate)
            top = thread->AlternateStack + thread->AlternateStackSize;
        ulong area = top - Features.ExtendedStateSize - 64 & ~63ul;
        // As after a call: the return address lies at 8 below a multiple of 16.
        SignalFrame* signal = (SignalFrame*)((area - (ulong)sizeof(SignalFrame) & ~15ul) - 8);
        if (action->Handler >= Layout.ProgramEnd || !UserMemory.IsWritable((ulong)signal, area + Features.ExtendedStateSize + 4 - (ulong)signal))
            Ending.KilledBySignal(info->Signal, info->Address, frame);

        Asm.Fill(signal, 0, (nuint)sizeof(SignalFrame));
        Fpu.Save(frame, (byte*)area);
        uint* software = (uint*)(area + UserContext.SoftwareBytes);
        software[0] = UserContext.ExtendedMagic1;
        software[1] = Features.ExtendedStateSize + 4;
        *(ulong*)(software + 2) = Features.ExtendedStateMask;
        software[4] = Features.ExtendedStateSize;
        *(uint*)(area + Features.ExtendedStateSize) = UserContext.ExtendedMagic2;

        UserContext* context = &signal->Context;
        context->Flags = UserContext.HasExtendedState;
        context->StackPointer = thread->AlternateStack;
        context->StackSize = thread->AlternateStackSize;
        context->R8 = frame->R8;
        context->R9 = frame->R9;
        context->R10 = frame->R10;
        context->R11 = frame->R11;
        context->R12 = frame->R12;
        context->R13 = frame->R13;
        context->R14 = frame->R14;
        context->R15 = frame->R15;
        context->Rdi = frame->Rdi;
        context->Rsi = frame->Rsi;
        context->Rbp = frame->Rbp;
        context->Rbx = frame->Rbx;
        context->Rdx = frame->Rdx;
        context->Rax = frame->Rax;
        context->Rcx = frame->Rcx;
        context->Rsp = frame->Rsp;
        context->Rip = frame->Rip;
        context->Rflags = frame->Rflags;
        context->Cs = 0x33; // what a Linux process would find there
        context->Error = frame->Error;
        context->TrapNumber = frame->Vector;
        context->FaultAddress = info->Address;
        context->ExtendedState = area;
        context->SignalMask = thread->RestoreMask ? thread->SavedMask : thread->BlockedSignals;
        thread->RestoreMask = false;
        signal->Info = *info;
        signal->ReturnAddress = action->Restorer;

        frame->Rdi = (ulong)info->Signal;
        frame->Rsi = (ulong)&signal->Info;
        frame->Rdx = (ulong)context;
        frame->Rax = 0;
        frame->Rip = action->Handler;
        frame->Rsp = (ulong)signal;
        ulong mask = thread->BlockedSignals | action->Mask;
        if ((action->Flags & SignalAction.NoDefer) == 0)
            mask |= SignalNumber.Bit(info->Signal);
        SetMask(thread, mask);
        if ((action->Flags & SignalAction.ResetHandler) != 0)
            action->Handler = SignalAction.Default;
    }

    /// <summary>A call that a signal interrupted either runs again after the handler or reports EINTR (signal(7)).</summary>
    private static bool Restart(TrapFrame* frame, bool restart)
    {
        if (frame->Vector != TrapFrame.SyscallVector || (long)frame->Rax != -Errno.RestartSystemCall)
            return false;
        if (restart)
        {
            frame->Rip -= 2; // the SYSCALL instruction
            frame->Rax = frame->Error;
        }
        else
            frame->Rax = unchecked((ulong)-Errno.Interrupted);
        return true;
    }

    private static bool IsIgnored(int signal)
    {
        ulong handler = Action(signal)->Handler;
        return handler == SignalAction.Ignore || handler == SignalAction.Default && IsIgnoredByDefault(signal);
    }

    private static bool IsIgnoredByDefault(int signal) =>
        signal is SignalNumber.Child or SignalNumber.Continue or SignalNumber.Urgent or SignalNumber.WindowChange;
}
