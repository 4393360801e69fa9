// Numbers of the system calls on x86-64 (Linux: arch/x86/entry/syscalls/syscall_64.tbl) that this kernel serves.
namespace Xenolith.Kernel.Linux;

internal static class SystemCall
{
    internal const int Read = 0, Write = 1, Open = 2, Close = 3, Stat = 4, Fstat = 5, Lstat = 6, Poll = 7, Lseek = 8;
    internal const int Mmap = 9, Mprotect = 10, Munmap = 11, Brk = 12;
    internal const int RtSigaction = 13, RtSigprocmask = 14, RtSigreturn = 15, Ioctl = 16, Readv = 19, Writev = 20, Access = 21, Pipe = 22;
    internal const int SchedYield = 24, Mremap = 25, Madvise = 28, Dup = 32, Dup2 = 33, Nanosleep = 35, Getpid = 39;
    internal const int Clone = 56, Exit = 60, Kill = 62, Uname = 63, Fcntl = 72, Flock = 73, Getcwd = 79, Readlink = 89, Gettimeofday = 96;
    internal const int Getrlimit = 97, Getrusage = 98, Sysinfo = 99, Getuid = 102, Getgid = 104, Geteuid = 107, Getegid = 108, Getppid = 110;
    internal const int RtSigpending = 127, RtSigsuspend = 130, Sigaltstack = 131, Statfs = 137, Prctl = 157, ArchPrctl = 158;
    internal const int Gettid = 186, Tkill = 200, Futex = 202, SchedSetaffinity = 203, SchedGetaffinity = 204, SetTidAddress = 218;
    internal const int ClockGettime = 228, ClockGetres = 229, ClockNanosleep = 230, ExitGroup = 231, Tgkill = 234, GetMempolicy = 239;
    internal const int Openat = 257, Newfstatat = 262, Readlinkat = 267, Faccessat = 269, Dup3 = 292, Pipe2 = 293, Prlimit64 = 302, Getcpu = 309;
    internal const int Socket = 41, Socketpair = 53, Wait4 = 61, Getpriority = 140, Setpriority = 141, SchedSetparam = 142, SchedGetparam = 143;
    internal const int SchedSetscheduler = 144, SchedGetscheduler = 145, SchedGetPriorityMax = 146, SchedGetPriorityMin = 147, SchedRrGetInterval = 148;
    internal const int EpollCreate = 213, EpollWait = 232, EpollCtl = 233, Waitid = 247, Ppoll = 271, EpollPwait = 281, EpollCreate1 = 291;
    internal const int Getrandom = 318, Membarrier = 324;
    internal const int Pread64 = 17, Pwrite64 = 18, Msync = 26, Sendfile = 40, Fsync = 74, Fdatasync = 75, Truncate = 76, Ftruncate = 77;
    internal const int Chdir = 80, Fchdir = 81, Rename = 82, Mkdir = 83, Rmdir = 84, Creat = 85, Link = 86, Unlink = 87, Symlink = 88;
    internal const int Chmod = 90, Fchmod = 91, Chown = 92, Fchown = 93, Lchown = 94, Umask = 95, Fstatfs = 138, Sync = 162, Readahead = 187;
    internal const int Getdents64 = 217, Fadvise64 = 221, Mkdirat = 258, Fchownat = 260, Unlinkat = 263, Renameat = 264, Linkat = 265;
    internal const int Symlinkat = 266, Fchmodat = 268, Utimensat = 280, Fallocate = 285, Preadv = 295, Pwritev = 296, Syncfs = 306;
    internal const int InotifyInit = 253, InotifyAddWatch = 254, InotifyRmWatch = 255, InotifyInit1 = 294;
    internal const int Renameat2 = 316, MemfdCreate = 319, CopyFileRange = 326, Faccessat2 = 439;
    internal const int Connect = 42, Accept = 43, Sendto = 44, Recvfrom = 45, Sendmsg = 46, Recvmsg = 47, Shutdown = 48, Bind = 49, Listen = 50;
    internal const int Getsockname = 51, Getpeername = 52, Setsockopt = 54, Getsockopt = 55, Accept4 = 288;
    internal const int Fork = 57, Vfork = 58, Execve = 59, Execveat = 322, Clone3 = 435;
    internal const int Select = 23, Pselect6 = 270;
    internal const int Getgroups = 115, Mlock = 149, Munlock = 150, Setrlimit = 160, Statx = 332;
}
