// Signals: actions, masks, sending and returning from handlers.
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Linux;

internal static unsafe class SignalCalls
{
    private const ulong MaskSize = 8;
    private const ulong Block = 0, Unblock = 1, SetMask = 2;
    private const uint StackDisabled = 2, StackInUse = 1;
    private const ulong MinimumStack = 2048;

    /// <summary>rt_sigaction(2).</summary>
    /// <kept>SA_SIGINFO, SA_ONSTACK, SA_RESTART, SA_NODEFER, SA_RESETHAND, SA_RESTORER; handlers get Linux's frame.</kept>
    /// <refused>SA_NOCLDSTOP and SA_NOCLDWAIT have no effect: there are no children.</refused>
    /// <errors>EFAULT, EINVAL</errors>
    internal static long Action(ulong number, ulong action, ulong old, ulong size)
    {
        int signal = (int)number;
        if (size != MaskSize || number is 0 or > SignalNumber.Count)
            return -Errno.Invalid;
        if (action != 0 && (!UserMemory.IsReadable(action, (ulong)sizeof(SignalAction))))
            return -Errno.Fault;
        if (old != 0 && !UserMemory.IsWritable(old, (ulong)sizeof(SignalAction)))
            return -Errno.Fault;
        if (action != 0 && signal is SignalNumber.Kill or SignalNumber.Stop)
            return -Errno.Invalid;
        SignalAction* current = Signals.Action(signal);
        SignalAction previous = *current;
        if (action != 0)
            *current = *(SignalAction*)action;
        if (old != 0)
            *(SignalAction*)old = previous;
        return 0;
    }

    /// <summary>rt_sigprocmask(2).</summary>
    /// <kept>All.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EFAULT, EINVAL</errors>
    internal static long Mask(ulong how, ulong set, ulong old, ulong size)
    {
        if (size != MaskSize)
            return -Errno.Invalid;
        if (set != 0 && !UserMemory.IsReadable(set, MaskSize) || old != 0 && !UserMemory.IsWritable(old, MaskSize))
            return -Errno.Fault;
        Thread* thread = Thread.Current;
        ulong previous = thread->BlockedSignals;
        if (set != 0)
        {
            ulong bits = *(ulong*)set;
            switch (how)
            {
                case Block: Signals.SetMask(thread, previous | bits); break;
                case Unblock: Signals.SetMask(thread, previous & ~bits); break;
                case SetMask: Signals.SetMask(thread, bits); break;
                default: return -Errno.Invalid;
            }
        }
        if (old != 0)
            *(ulong*)old = previous;
        return 0;
    }

    /// <summary>rt_sigreturn(2).</summary>
    /// <kept>Registers, flags, extended state and mask as the handler left them.</kept>
    /// <refused>A frame that is not readable ends the program as SIGSEGV; GS and the segments do not change.</refused>
    /// <errors></errors>
    internal static long Return(TrapFrame* frame)
    {
        Signals.Return(frame);
        return (long)frame->Rax;
    }

    /// <summary>rt_sigpending(2).</summary>
    /// <kept>The thread's own, and those of the process that all threads block.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EFAULT, EINVAL</errors>
    internal static long Pending(ulong set, ulong size)
    {
        if (size != MaskSize)
            return -Errno.Invalid;
        if (!UserMemory.IsWritable(set, MaskSize))
            return -Errno.Fault;
        *(ulong*)set = Signals.PendingFor(Thread.Current) & Thread.Current->BlockedSignals;
        return 0;
    }

    /// <summary>rt_sigsuspend(2): waits for a signal under another mask, which the handler's return takes back.</summary>
    /// <kept>All.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EFAULT, EINTR, EINVAL</errors>
    internal static long Suspend(ulong set, ulong size)
    {
        if (size != MaskSize)
            return -Errno.Invalid;
        if (!UserMemory.IsReadable(set, MaskSize))
            return -Errno.Fault;
        Thread* thread = Thread.Current;
        ulong previous = thread->BlockedSignals;
        Signals.SetMask(thread, *(ulong*)set);
        while (Scheduler.Block(null, Timers.Never) != WakeReason.Signal)
        {
        }
        thread->SavedMask = previous;
        thread->RestoreMask = true;
        return -Errno.Interrupted;
    }

    /// <summary>sigaltstack(2).</summary>
    /// <kept>SS_DISABLE, 2048 bytes at least.</kept>
    /// <refused>SS_AUTODISARM has no effect.</refused>
    /// <errors>EFAULT, ENOMEM, EPERM</errors>
    internal static long AlternateStack(TrapFrame* frame, ulong stack, ulong old)
    {
        const ulong structureSize = 24; // ss_sp, ss_flags, padding, ss_size
        Thread* thread = Thread.Current;
        bool inUse = frame->Rsp - thread->AlternateStack < thread->AlternateStackSize;
        if (stack != 0 && !UserMemory.IsReadable(stack, structureSize) || old != 0 && !UserMemory.IsWritable(old, structureSize))
            return -Errno.Fault;
        if (stack != 0 && inUse)
            return -Errno.NotPermitted;
        ulong address = stack == 0 ? 0 : ((ulong*)stack)[0], size = stack == 0 ? 0 : ((ulong*)stack)[2];
        uint flags = stack == 0 ? 0 : ((uint*)stack)[2];
        if (stack != 0 && (flags & StackDisabled) == 0 && size < MinimumStack)
            return -Errno.NoMemory;
        if (old != 0)
        {
            ((ulong*)old)[0] = thread->AlternateStack;
            ((ulong*)old)[1] = thread->AlternateStackSize == 0 ? StackDisabled : inUse ? StackInUse : 0;
            ((ulong*)old)[2] = thread->AlternateStackSize;
        }
        if (stack != 0)
        {
            thread->AlternateStack = (flags & StackDisabled) != 0 ? 0 : address;
            thread->AlternateStackSize = (flags & StackDisabled) != 0 ? 0 : size;
        }
        return 0;
    }

    /// <summary>kill(2): there is one process, so 0, -1 and its own number mean the same.</summary>
    /// <kept>Goes to a thread that does not block it; waits if all do.</kept>
    /// <refused>Queues: a signal is pending once. Stopping and continuing.</refused>
    /// <errors>EINVAL, ESRCH</errors>
    internal static long Kill(int process, ulong signal)
    {
        if ((uint)signal > SignalNumber.Count)
            return -Errno.Invalid;
        if (process is not (0 or -1 or ProcessCalls.ProcessId))
            return -Errno.NoProcess;
        if ((int)signal != 0)
            Signals.SendToProcess((int)signal);
        return 0;
    }

    /// <summary>tkill(2).</summary>
    /// <kept>All.</kept>
    /// <refused>As kill.</refused>
    /// <errors>EINVAL, ESRCH</errors>
    internal static long ThreadKill(ulong id, ulong signal)
    {
        if ((uint)signal > SignalNumber.Count || (int)id <= 0)
            return -Errno.Invalid;
        Thread* thread = ThreadTable.Find((int)id);
        if (thread == null)
            return -Errno.NoProcess;
        if ((int)signal != 0)
            Signals.SendToThread(thread, (int)signal);
        return 0;
    }

    /// <summary>tgkill(2).</summary>
    /// <kept>All.</kept>
    /// <refused>As kill.</refused>
    /// <errors>EINVAL, ESRCH</errors>
    internal static long GroupThreadKill(ulong process, ulong id, ulong signal)
    {
        if ((int)process <= 0)
            return -Errno.Invalid;
        long result = ThreadKill(id, signal);
        return result == 0 && (int)process != ProcessCalls.ProcessId ? -Errno.NoProcess : result;
    }
}
