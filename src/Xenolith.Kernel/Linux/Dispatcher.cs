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

    // The calls that have been reported as not there: each is named once.
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
            case SystemCall.Read: return TransferCalls.Read(a, b, c);
            case SystemCall.Write: return TransferCalls.Write(a, b, c);
            case SystemCall.Readv: return TransferCalls.ReadVector(a, b, c);
            case SystemCall.Writev: return TransferCalls.WriteVector(a, b, c);
            case SystemCall.Pread64: return TransferCalls.ReadAt(a, b, c, (long)d);
            case SystemCall.Pwrite64: return TransferCalls.WriteAt(a, b, c, (long)d);
            case SystemCall.Preadv: return TransferCalls.ReadVectorAt(a, b, c, (long)d);
            case SystemCall.Pwritev: return TransferCalls.WriteVectorAt(a, b, c, (long)d);
            case SystemCall.Lseek: return TransferCalls.Seek(a, (long)b, c);
            case SystemCall.CopyFileRange: return TransferCalls.Copy(a, b, c, d, e, f);
            case SystemCall.Sendfile: return TransferCalls.Send(a, b, c, d);

            case SystemCall.Open: return OpenCalls.Open(a, b, c);
            case SystemCall.Openat: return OpenCalls.OpenAt(a, b, c, d);
            case SystemCall.Creat: return OpenCalls.Create(a, b);
            case SystemCall.Close: return OpenCalls.Close(a);
            case SystemCall.MemfdCreate: return OpenCalls.CreateInMemory(a, b);

            case SystemCall.Stat: return MetadataCalls.Stat(PathArguments.WorkingDirectory, a, b, 0);
            case SystemCall.Lstat: return MetadataCalls.Stat(PathArguments.WorkingDirectory, a, b, PathArguments.SymlinkNoFollow);
            case SystemCall.Newfstatat: return MetadataCalls.Stat(a, b, c, d);
            case SystemCall.Fstat: return MetadataCalls.StatOpen(a, b);
            case SystemCall.Statx: return MetadataCalls.StatExtended(a, b, c, d, e);
            case SystemCall.Access: return MetadataCalls.Access(PathArguments.WorkingDirectory, a, b, 0);
            case SystemCall.Faccessat: return MetadataCalls.Access(a, b, c, 0);
            case SystemCall.Faccessat2: return MetadataCalls.Access(a, b, c, d);
            case SystemCall.Chmod: return MetadataCalls.SetMode(PathArguments.WorkingDirectory, a, b);
            case SystemCall.Fchmodat: return MetadataCalls.SetMode(a, b, c);
            case SystemCall.Fchmod: return MetadataCalls.SetModeOpen(a, b);
            case SystemCall.Chown: return MetadataCalls.SetOwner(PathArguments.WorkingDirectory, a, b, c, 0);
            case SystemCall.Lchown: return MetadataCalls.SetOwner(PathArguments.WorkingDirectory, a, b, c, PathArguments.SymlinkNoFollow);
            case SystemCall.Fchownat: return MetadataCalls.SetOwner(a, b, c, d, e);
            case SystemCall.Fchown: return MetadataCalls.SetOwnerOpen(a, b, c);
            case SystemCall.Utimensat: return MetadataCalls.SetTimes(a, b, c, d);
            case SystemCall.Umask: return MetadataCalls.SetMask(a);
            case SystemCall.Statfs: return MetadataCalls.StatFileSystem(a, b);
            case SystemCall.Fstatfs: return MetadataCalls.StatFileSystemOpen(a, b);

            case SystemCall.Getdents64: return DirectoryCalls.Enumerate(a, b, c);
            case SystemCall.Mkdir: return DirectoryCalls.MakeDirectory(PathArguments.WorkingDirectory, a, b);
            case SystemCall.Mkdirat: return DirectoryCalls.MakeDirectory(a, b, c);
            case SystemCall.Rmdir: return DirectoryCalls.Remove(PathArguments.WorkingDirectory, a, PathArguments.RemoveDirectory);
            case SystemCall.Unlink: return DirectoryCalls.Remove(PathArguments.WorkingDirectory, a, 0);
            case SystemCall.Unlinkat: return DirectoryCalls.Remove(a, b, c);
            case SystemCall.Rename: return DirectoryCalls.Rename(PathArguments.WorkingDirectory, a, PathArguments.WorkingDirectory, b, 0);
            case SystemCall.Renameat: return DirectoryCalls.Rename(a, b, c, d, 0);
            case SystemCall.Renameat2: return DirectoryCalls.Rename(a, b, c, d, e);
            case SystemCall.Link: return DirectoryCalls.Link(PathArguments.WorkingDirectory, a, PathArguments.WorkingDirectory, b, 0);
            case SystemCall.Linkat: return DirectoryCalls.Link(a, b, c, d, e);
            case SystemCall.Symlink: return DirectoryCalls.MakeLink(a, PathArguments.WorkingDirectory, b);
            case SystemCall.Symlinkat: return DirectoryCalls.MakeLink(a, b, c);
            case SystemCall.Readlink: return DirectoryCalls.ReadLink(PathArguments.WorkingDirectory, a, b, c);
            case SystemCall.Readlinkat: return DirectoryCalls.ReadLink(a, b, c, d);
            case SystemCall.Getcwd: return DirectoryCalls.CurrentDirectory(a, b);
            case SystemCall.Chdir: return DirectoryCalls.ChangeDirectory(a);
            case SystemCall.Fchdir: return DirectoryCalls.ChangeToOpenDirectory(a);

            case SystemCall.Truncate: return SpaceCalls.Truncate(a, (long)b);
            case SystemCall.Ftruncate: return SpaceCalls.TruncateOpen(a, (long)b);
            case SystemCall.Fallocate: return SpaceCalls.Allocate(a, b, c, d);
            case SystemCall.Fsync or SystemCall.Fdatasync or SystemCall.Syncfs: return SpaceCalls.Synchronize(a);
            case SystemCall.Sync: return SpaceCalls.SynchronizeAll();
            case SystemCall.Fadvise64: return SpaceCalls.Advise(a, d);
            case SystemCall.Readahead: return SpaceCalls.Advise(a, 0);
            case SystemCall.Msync: return SpaceCalls.SynchronizeMapping(a, b, c);

            case SystemCall.Ioctl: return DescriptorCalls.Control(a, b, c);
            case SystemCall.Flock: return DescriptorCalls.Lock(a, b);
            case SystemCall.Fcntl: return DescriptorCalls.FileControl(a, b, c);
            case SystemCall.Pipe: return DescriptorCalls.Pipe(a, 0);
            case SystemCall.Pipe2: return DescriptorCalls.Pipe(a, b);
            case SystemCall.Dup: return DescriptorCalls.Duplicate(a, 0, closeOnExec: false);
            case SystemCall.Dup2: return DescriptorCalls.DuplicateTo(a, b);
            case SystemCall.Dup3: return DescriptorCalls.DuplicateTo(a, b, c);

            case SystemCall.Poll: return PollCalls.Poll(a, b, (long)c);
            case SystemCall.Ppoll: return PollCalls.PollMasked(a, b, c, d, e);
            case SystemCall.Select: return SelectCalls.Select(a, b, c, d, e);
            case SystemCall.Pselect6: return SelectCalls.SelectMasked(a, b, c, d, e, f);
            case SystemCall.EpollCreate: return PollCalls.Create(a);
            case SystemCall.EpollCreate1: return PollCalls.CreateWithFlags(a);
            case SystemCall.EpollCtl: return PollCalls.Control(a, b, c, d);
            case SystemCall.EpollWait: return PollCalls.Wait(a, b, c, (long)d);
            case SystemCall.EpollPwait: return PollCalls.WaitMasked(a, b, c, (long)d, e, f);

            case SystemCall.InotifyInit: return WatchCalls.Create(0);
            case SystemCall.InotifyInit1: return WatchCalls.Create(a);
            case SystemCall.InotifyAddWatch: return WatchCalls.Add(a, b, c);
            case SystemCall.InotifyRmWatch: return WatchCalls.Remove(a, b);

            case SystemCall.Mmap: return MemoryCalls.Map(a, b, c, d, e, f);
            case SystemCall.Mprotect: return MemoryCalls.Protect(a, b, c);
            case SystemCall.Munmap: return MemoryCalls.Unmap(a, b);
            case SystemCall.Mremap: return MemoryCalls.Remap(a, b, c, d);
            case SystemCall.Madvise: return MemoryCalls.Advise(a, b, c);
            case SystemCall.Brk: return MemoryCalls.Break();
            case SystemCall.Membarrier: return MemoryCalls.Barrier(a);
            case SystemCall.GetMempolicy: return MemoryCalls.Policy(a, b, d, e);
            case SystemCall.Mlock or SystemCall.Munlock: return MemoryCalls.Lock(a, b);

            case SystemCall.Clone: return ThreadCalls.Clone(frame, a, b, c, d, e);
            case SystemCall.Exit: return ThreadCalls.Exit();
            case SystemCall.ExitGroup: return ThreadCalls.ExitGroup(a);
            case SystemCall.Gettid: return ThreadCalls.Id();
            case SystemCall.SetTidAddress: return ThreadCalls.SetTidAddress(a);
            case SystemCall.SchedYield: return ThreadCalls.Yield();
            case SystemCall.Futex: return ThreadCalls.Futex(a, b, c, d, e, f);
            case SystemCall.SchedGetaffinity: return ThreadCalls.GetAffinity(a, b, c);
            case SystemCall.SchedSetaffinity: return ThreadCalls.SetAffinity(a, b, c);
            case SystemCall.Getpriority: return PriorityCalls.Get(a, b);
            case SystemCall.Setpriority: return PriorityCalls.Set(a, b);
            case SystemCall.SchedGetscheduler: return PriorityCalls.GetPolicy(a);
            case SystemCall.SchedSetscheduler: return PriorityCalls.SetPolicy(a, b, c);
            case SystemCall.SchedGetparam: return PriorityCalls.GetParameters(a, b);
            case SystemCall.SchedSetparam: return PriorityCalls.SetPolicy(a, 0, b);
            case SystemCall.SchedGetPriorityMax: return PriorityCalls.Highest(a);
            case SystemCall.SchedGetPriorityMin: return PriorityCalls.Lowest(a);
            case SystemCall.SchedRrGetInterval: return PriorityCalls.Slice(a, b);
            case SystemCall.Getcpu: return ThreadCalls.GetCpu(a, b);
            case SystemCall.ArchPrctl: return ThreadCalls.ArchControl(a, b);
            case SystemCall.Prctl: return ThreadCalls.Control(a, b);

            case SystemCall.RtSigaction: return SignalCalls.Action(a, b, c, d);
            case SystemCall.RtSigprocmask: return SignalCalls.Mask(a, b, c, d);
            case SystemCall.RtSigreturn: return SignalCalls.Return(frame);
            case SystemCall.RtSigpending: return SignalCalls.Pending(a, b);
            case SystemCall.RtSigsuspend: return SignalCalls.Suspend(a, b);
            case SystemCall.Sigaltstack: return SignalCalls.AlternateStack(frame, a, b);
            case SystemCall.Kill: return SignalCalls.Kill((int)a, b);
            case SystemCall.Tkill: return SignalCalls.ThreadKill(a, b);
            case SystemCall.Tgkill: return SignalCalls.GroupThreadKill(a, b, c);

            case SystemCall.Nanosleep: return TimeCalls.Sleep(a, b);
            case SystemCall.ClockNanosleep: return TimeCalls.SleepOnClock(a, b, c, d);
            case SystemCall.ClockGettime: return TimeCalls.Get(a, b);
            case SystemCall.ClockGetres: return TimeCalls.Resolution(a, b);
            case SystemCall.Gettimeofday: return TimeCalls.GetTimeOfDay(a);

            case SystemCall.Getpid: return ProcessCalls.Id();
            case SystemCall.Getppid: return ProcessCalls.ParentId();
            case SystemCall.Getuid or SystemCall.Geteuid or SystemCall.Getgid or SystemCall.Getegid: return ProcessCalls.UserId();
            case SystemCall.Getgroups: return ProcessCalls.Groups();
            case SystemCall.Fork or SystemCall.Vfork or SystemCall.Execve or SystemCall.Execveat or SystemCall.Clone3: return ProcessCalls.NewProcess(frame->Error);
            case SystemCall.Wait4 or SystemCall.Waitid: return ProcessCalls.WaitForChild();
            case SystemCall.Uname: return ProcessCalls.Uname(a);
            case SystemCall.Sysinfo: return ProcessCalls.SystemInfo(a);
            case SystemCall.Getrusage: return ProcessCalls.ResourceUsage(a, b);
            case SystemCall.Getrlimit: return ProcessCalls.GetLimit(a, b);
            case SystemCall.Setrlimit: return ProcessCalls.SetLimit(a, b);
            case SystemCall.Prlimit64: return ProcessCalls.ChangeLimit(a, b, c, d);
            case SystemCall.Getrandom: return ProcessCalls.Random(a, b, c);

            case SystemCall.Socket or SystemCall.Socketpair: return SocketCalls.Open();
            case SystemCall.Connect or SystemCall.Bind or SystemCall.Listen or SystemCall.Accept or SystemCall.Accept4 or SystemCall.Shutdown: return SocketCalls.Use(a);
            case SystemCall.Sendto or SystemCall.Sendmsg or SystemCall.Recvfrom or SystemCall.Recvmsg: return SocketCalls.Use(a);
            case SystemCall.Getsockname or SystemCall.Getpeername or SystemCall.Getsockopt or SystemCall.Setsockopt: return SocketCalls.Use(a);
        }
        return frame->Error >= PlatformCall.First ? PlatformDispatcher.Call(frame) : Refuse(frame->Error);
    }

    /// <summary>ENOSYS, with a line on the console when it is the first time for the number.</summary>
    internal static long Refuse(ulong number)
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
