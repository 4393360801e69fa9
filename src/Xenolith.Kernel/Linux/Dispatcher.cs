// SYSCALL lands here: the number chooses the call; then timers, preemption and signals have their turn before the program goes on.
using System.Runtime;
using System.Runtime.CompilerServices;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Platform;
using Xenolith.Kernel.Threads;

namespace Xenolith.Kernel.Linux;

internal static unsafe class Dispatcher
{
    private const int HighestNumber = 512;

    private struct Numbers
    {
        internal fixed ulong Words[HighestNumber / 64];
    }

    // The calls that have been reported as unknown: each is named once.
    private static Numbers reported;

    /// <summary>Called by Traps.S on the thread's kernel stack. Returns 1 if the frame must be restored whole.</summary>
    [RuntimeExport("xl_syscall")]
    private static int Enter(TrapFrame* frame)
    {
        frame->Rax = (ulong)Call(frame);
        Scheduler.BeforeReturn();
        bool changed = frame->Error == SystemCall.RtSigreturn;
        while (Signals.DeliverPending(frame))
            changed = true;
        return changed ? 1 : 0;
    }

    private static long Call(TrapFrame* frame)
    {
        ulong a = frame->Rdi, b = frame->Rsi, c = frame->Rdx, d = frame->R10, e = frame->R8, f = frame->R9;
        switch (frame->Error)
        {
            case SystemCall.Read: return FileCalls.Read(a, b, c);
            case SystemCall.Write: return FileCalls.Write(a, b, c);
            case SystemCall.Readv: return FileCalls.ReadVector(a, b, c);
            case SystemCall.Writev: return FileCalls.WriteVector(a, b, c);
            case SystemCall.Open: return FileCalls.Open(a, b);
            case SystemCall.Openat: return FileCalls.Open(b, c);
            case SystemCall.Close: return FileCalls.Close(a);
            case SystemCall.Stat or SystemCall.Lstat: return FileCalls.Stat(a, b);
            case SystemCall.Newfstatat: return FileCalls.Stat(b, c);
            case SystemCall.Fstat: return FileCalls.StatDescriptor(a, b);
            case SystemCall.Lseek: return FileCalls.Seek(a);
            case SystemCall.Ioctl: return FileCalls.Control(a);
            case SystemCall.Flock: return FileCalls.Lock(a);
            case SystemCall.Access or SystemCall.Statfs: return FileCalls.FindPath(a);
            case SystemCall.Faccessat: return FileCalls.FindPath(b);
            case SystemCall.Readlink: return FileCalls.ReadLink(a, b, c);
            case SystemCall.Readlinkat: return FileCalls.ReadLink(b, c, d);
            case SystemCall.Pipe: return FileCalls.Pipe(a, 0);
            case SystemCall.Pipe2: return FileCalls.Pipe(a, b);
            case SystemCall.Dup: return FileCalls.Duplicate(a, 0, closeOnExec: false);
            case SystemCall.Dup2: return FileCalls.DuplicateTo(a, b);
            case SystemCall.Dup3: return FileCalls.DuplicateTo(a, b);
            case SystemCall.Fcntl: return FileCalls.FileControl(a, b, c);
            case SystemCall.Getcwd: return FileCalls.CurrentDirectory(a, b);

            case SystemCall.Mmap: return MemoryCalls.Map(a, b, c, d, (long)e);
            case SystemCall.Mprotect: return MemoryCalls.Protect(a, b, c);
            case SystemCall.Munmap: return MemoryCalls.Unmap(a, b);
            case SystemCall.Mremap: return MemoryCalls.Remap(a, b, c, d);
            case SystemCall.Madvise: return MemoryCalls.Advise(a, b, c);
            case SystemCall.Brk: return MemoryCalls.Break();
            case SystemCall.Membarrier: return MemoryCalls.Barrier(a);
            case SystemCall.GetMempolicy: return MemoryCalls.Policy(a);

            case SystemCall.Clone: return ThreadCalls.Clone(frame, a, b, c, d, e);
            case SystemCall.Exit: return ThreadCalls.Exit();
            case SystemCall.ExitGroup: return ThreadCalls.ExitGroup(a);
            case SystemCall.Gettid: return Thread.Current->Id;
            case SystemCall.SetTidAddress: return ThreadCalls.SetTidAddress(a);
            case SystemCall.SchedYield: return ThreadCalls.Yield();
            case SystemCall.Futex: return ThreadCalls.Futex(a, b, c, d, e, f);
            case SystemCall.SchedGetaffinity: return ThreadCalls.GetAffinity(a, b, c);
            case SystemCall.SchedSetaffinity: return ThreadCalls.SetAffinity(a, b, c);
            case SystemCall.Getcpu: return ThreadCalls.GetCpu(a, b);
            case SystemCall.ArchPrctl: return ThreadCalls.ArchControl(a, b);
            case SystemCall.Prctl: return ThreadCalls.Control(a, b);

            case SystemCall.RtSigaction: return SignalCalls.Action(a, b, c, d);
            case SystemCall.RtSigprocmask: return SignalCalls.Mask(a, b, c, d);
            case SystemCall.RtSigreturn: return SignalCalls.Return(frame);
            case SystemCall.RtSigpending: return SignalCalls.Pending(a, b);
            case SystemCall.RtSigsuspend: return SignalCalls.Suspend(a, b);
            case SystemCall.Sigaltstack: return SignalCalls.AlternateStack(frame, a, b);
            case SystemCall.Kill: return SignalCalls.Kill((long)a, b);
            case SystemCall.Tkill: return SignalCalls.ThreadKill(a, b);
            case SystemCall.Tgkill: return SignalCalls.ThreadKill(b, c);

            case SystemCall.Nanosleep: return TimeCalls.Sleep(a, b);
            case SystemCall.ClockNanosleep: return TimeCalls.SleepOnClock(a, b, c, d);
            case SystemCall.ClockGettime: return TimeCalls.Get(a, b);
            case SystemCall.ClockGetres: return TimeCalls.Resolution(a, b);
            case SystemCall.Gettimeofday: return TimeCalls.GetTimeOfDay(a);

            case SystemCall.Getpid: return ProcessCalls.ProcessId;
            case SystemCall.Getppid: return 0;
            case SystemCall.Getuid or SystemCall.Geteuid or SystemCall.Getgid or SystemCall.Getegid: return 0;
            case SystemCall.Uname: return ProcessCalls.Uname(a);
            case SystemCall.Sysinfo: return ProcessCalls.SystemInfo(a);
            case SystemCall.Getrusage: return ProcessCalls.ResourceUsage(a, b);
            case SystemCall.Getrlimit: return ProcessCalls.GetLimit(a, b);
            case SystemCall.Prlimit64: return ProcessCalls.GetLimit(b, d);
            case SystemCall.Getrandom: return ProcessCalls.Random(a, b);
        }
        return frame->Error >= PlatformCall.First ? PlatformDispatcher.Call(frame) : Unknown(frame->Error);
    }

    private static long Unknown(ulong number)
    {
        ulong* words = ((Numbers*)Unsafe.AsPointer(ref reported))->Words;
        if (number < HighestNumber && (words[number >> 6] & 1ul << (int)(number & 63)) == 0)
        {
            words[number >> 6] |= 1ul << (int)(number & 63);
            Log.Begin();
            Log.Text("system call ");
            Log.Decimal(number);
            Log.Text(" is not supported (ENOSYS)");
            Log.End();
        }
        return -Errno.NoSystemCall;
    }
}
