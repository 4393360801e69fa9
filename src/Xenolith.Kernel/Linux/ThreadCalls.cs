// Threads, futexes and what belongs to a thread: clone, exit, affinity, TLS, name.
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Linux;

internal static unsafe class ThreadCalls
{
    private const ulong CloneVm = 0x100, CloneThread = 0x10000, CloneSettls = 0x80000, CloneParentSettid = 0x100000, CloneChildCleartid = 0x200000, CloneChildSettid = 0x1000000;
    private const int FutexWait = 0, FutexWake = 1, FutexRequeue = 3, FutexCompareRequeue = 4, FutexWaitBitset = 9, FutexWakeBitset = 10;
    private const uint FutexPrivate = 0x80, FutexClockRealtime = 0x100;
    private const ulong ArchSetFs = 0x1002, ArchGetFs = 0x1003;
    private const ulong PrctlSetName = 15, PrctlGetName = 16;

    /// <summary>clone(2) in the one shape that makes a thread.</summary>
    /// <kept>CLONE_VM with CLONE_THREAD and a stack; CLONE_SETTLS, CLONE_PARENT_SETTID, CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID.</kept>
    /// <refused>A second process, or memory of its own (ENOSYS).</refused>
    /// <errors>EAGAIN, EFAULT, ENOSYS, EPERM</errors>
    internal static long Clone(TrapFrame* frame, ulong flags, ulong stack, ulong parentTid, ulong childTid, ulong tls)
    {
        const ulong needed = CloneVm | CloneThread;
        if ((flags & needed) != needed || stack == 0)
            return -Errno.NoSystemCall;
        if ((flags & CloneParentSettid) != 0 && !UserMemory.IsWritable(parentTid, sizeof(int)))
            return -Errno.Fault;
        if ((flags & CloneSettls) != 0 && tls >= Layout.ProgramEnd)
            return -Errno.NotPermitted;
        if ((flags & CloneChildSettid) != 0 && !UserMemory.IsWritable(childTid, sizeof(int)))
            return -Errno.Fault;
        Thread* child = ThreadTable.Allocate();
        if (child == null)
            return -Errno.Again;

        TrapFrame* start = child->Frame;
        *start = *frame;
        start->Rax = 0;
        start->Rsp = stack;
        // A new thread is switched to as if it had been switched away from return_to_program: six registers and the address.
        ulong* kernelStack = (ulong*)start - 7;
        for (int i = 0; i < 6; i++)
            kernelStack[i] = 0;
        kernelStack[6] = Asm.ReturnToProgram;
        child->StackPointer = (ulong)kernelStack;
        Asm.SaveExtendedState(child->ExtendedState);

        Thread* parent = Thread.Current;
        child->FsBase = (flags & CloneSettls) != 0 ? tls : Fpu.CurrentFsBase(parent);
        child->BlockedSignals = parent->BlockedSignals;
        for (int i = 0; i < Thread.NameLength; i++)
            child->Name[i] = parent->Name[i];
        if ((flags & CloneChildCleartid) != 0)
            child->ClearChildTid = childTid;
        if ((flags & CloneParentSettid) != 0)
            *(int*)parentTid = child->Id;
        if ((flags & CloneChildSettid) != 0)
            *(int*)childTid = child->Id;
        Scheduler.Start(child);
        return child->Id;
    }

    /// <summary>exit(2): ends this thread. The last one's exit is the program's.</summary>
    /// <kept>The word of set_tid_address is cleared and its futex woken.</kept>
    /// <refused>Robust lists.</refused>
    /// <errors></errors>
    internal static long Exit()
    {
        Thread* thread = Thread.Current;
        if (ThreadTable.Count == 1)
            Ending.Exit((int)thread->Frame->Rdi);
        if (thread->ClearChildTid != 0 && UserMemory.IsWritable(thread->ClearChildTid, sizeof(int)))
        {
            *(int*)thread->ClearChildTid = 0;
            Futexes.Wake(thread->ClearChildTid, 1, Futexes.AnyBit);
        }
        Scheduler.Exit();
        return 0;
    }

    /// <summary>exit_group(2): ends the domain.</summary>
    /// <kept>The code's lower eight bits.</kept>
    /// <refused>Nothing.</refused>
    /// <errors></errors>
    internal static long ExitGroup(ulong code)
    {
        Ending.Exit((int)code);
        return 0;
    }

    /// <summary>gettid(2).</summary>
    /// <kept>All. Numbers are used again.</kept>
    /// <refused>Nothing.</refused>
    /// <errors></errors>
    internal static long Id() => Thread.Current->Id;

    /// <summary>set_tid_address(2).</summary>
    /// <kept>All.</kept>
    /// <refused>Nothing.</refused>
    /// <errors></errors>
    internal static long SetTidAddress(ulong address)
    {
        Thread.Current->ClearChildTid = address;
        return Thread.Current->Id;
    }

    /// <summary>sched_yield(2).</summary>
    /// <kept>All others that can run do so first.</kept>
    /// <refused>Nothing.</refused>
    /// <errors></errors>
    internal static long Yield()
    {
        Scheduler.Yield();
        return 0;
    }

    /// <summary>futex(2). All futexes are private, since there is one process.</summary>
    /// <kept>WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAIT_BITSET, WAKE_BITSET; FUTEX_CLOCK_REALTIME.</kept>
    /// <refused>Priority inheritance, WAKE_OP (ENOSYS).</refused>
    /// <errors>EAGAIN, EFAULT, EINTR, EINVAL, ENOSYS, ETIMEDOUT</errors>
    internal static long Futex(ulong address, ulong operation, ulong value, ulong timeout, ulong address2, ulong value3)
    {
        if ((address & 3) != 0)
            return -Errno.Invalid;
        int command = (int)(operation & ~(ulong)(FutexPrivate | FutexClockRealtime));
        switch (command)
        {
            case FutexWait:
                return Wait(address, (uint)value, Futexes.AnyBit, timeout, relative: true, realtime: false);
            case FutexWaitBitset:
                if ((uint)value3 == 0)
                    return -Errno.Invalid;
                return Wait(address, (uint)value, (uint)value3, timeout, relative: false, realtime: (operation & FutexClockRealtime) != 0);
            case FutexWake:
                return Futexes.Wake(address, (int)value, Futexes.AnyBit);
            case FutexWakeBitset:
                return (uint)value3 == 0 ? -Errno.Invalid : Futexes.Wake(address, (int)value, (uint)value3);
            case FutexCompareRequeue:
                if (!UserMemory.IsReadable(address, sizeof(uint)))
                    return -Errno.Fault;
                if (*(uint*)address != (uint)value3)
                    return -Errno.Again;
                goto case FutexRequeue;
            case FutexRequeue:
                // The fourth argument is a count here, not a time.
                return (address2 & 3) != 0 || (int)value < 0 || (int)timeout < 0 ? -Errno.Invalid : Futexes.Requeue(address, (int)value, address2, (int)timeout);
            default:
                return -Errno.NoSystemCall;
        }
    }

    private static long Wait(ulong address, uint expected, uint bits, ulong timeout, bool relative, bool realtime)
    {
        if (!UserMemory.IsReadable(address, sizeof(uint)))
            return -Errno.Fault;
        ulong deadline = Timers.Never;
        if (timeout != 0)
        {
            long error = TimeCalls.ReadTime(timeout, out ulong nanoseconds);
            if (error != 0)
                return error;
            deadline = relative ? TimeCalls.After(nanoseconds) : TimeCalls.Monotonic(nanoseconds, realtime);
        }
        if (!Futexes.Wait((uint*)address, expected, bits, deadline, out WakeReason reason))
            return -Errno.Again;
        return reason switch
        {
            WakeReason.Event => 0,
            WakeReason.TimedOut => -Errno.TimedOut,
            // A wait with an end in time cannot simply be made again: it would end later.
            _ => timeout == 0 ? -Errno.RestartSystemCall : -Errno.Interrupted,
        };
    }

    /// <summary>sched_getaffinity(2): the CPUs there are.</summary>
    /// <kept>One CPU.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EFAULT, EINVAL, ESRCH</errors>
    internal static long GetAffinity(ulong thread, ulong size, ulong mask)
    {
        if (thread != 0 && ThreadTable.Find((int)thread) == null)
            return -Errno.NoProcess;
        if (size < sizeof(ulong) || (size & 7) != 0)
            return -Errno.Invalid;
        if (!UserMemory.IsWritable(mask, sizeof(ulong)))
            return -Errno.Fault;
        *(ulong*)mask = 1;
        return sizeof(ulong);
    }

    /// <summary>sched_setaffinity(2).</summary>
    /// <kept>A mask with the first CPU is granted, without effect.</kept>
    /// <refused>Masks without it.</refused>
    /// <errors>EFAULT, EINVAL, ESRCH</errors>
    internal static long SetAffinity(ulong thread, ulong size, ulong mask)
    {
        if (thread != 0 && ThreadTable.Find((int)thread) == null)
            return -Errno.NoProcess;
        if (size == 0 || !UserMemory.IsReadable(mask, 1))
            return -Errno.Fault;
        return (*(byte*)mask & 1) != 0 ? 0 : -Errno.Invalid;
    }

    /// <summary>getcpu(2).</summary>
    /// <kept>CPU 0 of node 0.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EFAULT</errors>
    internal static long GetCpu(ulong cpu, ulong node)
    {
        if (cpu != 0 && !UserMemory.IsWritable(cpu, sizeof(uint)) || node != 0 && !UserMemory.IsWritable(node, sizeof(uint)))
            return -Errno.Fault;
        if (cpu != 0)
            *(uint*)cpu = 0;
        if (node != 0)
            *(uint*)node = 0;
        return 0;
    }

    /// <summary>arch_prctl(2): the TLS register FS.</summary>
    /// <kept>ARCH_SET_FS, ARCH_GET_FS.</kept>
    /// <refused>GS, which is the kernel's.</refused>
    /// <errors>EFAULT, EINVAL, EPERM</errors>
    internal static long ArchControl(ulong code, ulong address)
    {
        switch (code)
        {
            case ArchSetFs:
                if (address >= Layout.ProgramEnd)
                    return -Errno.NotPermitted;
                Fpu.SetFsBase(Thread.Current, address);
                return 0;
            case ArchGetFs:
                if (!UserMemory.IsWritable(address, sizeof(ulong)))
                    return -Errno.Fault;
                *(ulong*)address = Fpu.CurrentFsBase(Thread.Current);
                return 0;
            default:
                return -Errno.Invalid;
        }
    }

    /// <summary>prctl(2): the thread's name.</summary>
    /// <kept>PR_SET_NAME, PR_GET_NAME.</kept>
    /// <refused>All else.</refused>
    /// <errors>EFAULT, EINVAL</errors>
    internal static long Control(ulong option, ulong address)
    {
        Thread* thread = Thread.Current;
        switch (option)
        {
            case PrctlSetName:
                int length = UserMemory.StringLength(address, Thread.NameLength - 2);
                if (length == UserMemory.TooLong)
                    length = Thread.NameLength - 1; // what is too long is cut off
                if (length < 0)
                    return -Errno.Fault;
                for (int i = 0; i < Thread.NameLength; i++)
                    thread->Name[i] = i < length ? ((byte*)address)[i] : (byte)0;
                return 0;
            case PrctlGetName:
                if (!UserMemory.IsWritable(address, Thread.NameLength))
                    return -Errno.Fault;
                for (int i = 0; i < Thread.NameLength; i++)
                    ((byte*)address)[i] = thread->Name[i];
                return 0;
            default:
                return -Errno.Invalid;
        }
    }
}
