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
    internal const int Getrandom = 318, Membarrier = 324;
}
