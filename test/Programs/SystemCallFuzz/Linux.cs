// System calls as they are, and the numbers of those that the fuzzer treats with care.
using System.Runtime.InteropServices;

namespace SystemCallFuzz;

internal static partial class Linux
{
    internal const long Read = 0, Write = 1, Open = 2, Close = 3, Poll = 7, Mmap = 9, Mprotect = 10, Munmap = 11, RtSigaction = 13;
    internal const long RtSigprocmask = 14, RtSigreturn = 15, Pread64 = 17, Pwrite64 = 18, Readv = 19, Writev = 20, Pipe = 22, Select = 23;
    internal const long Mremap = 25, Msync = 26, Madvise = 28, Dup = 32, Dup2 = 33, Pause = 34, Nanosleep = 35, Clone = 56, Fork = 57;
    internal const long Vfork = 58, Exit = 60, Kill = 62, Fcntl = 72, Flock = 73, Creat = 85, RtSigsuspend = 130, ArchPrctl = 158, Tkill = 200;
    internal const long Futex = 202, EpollCreate = 213, ClockNanosleep = 230, ExitGroup = 231, EpollWait = 232, Tgkill = 234, InotifyInit = 253;
    internal const long Openat = 257, Pselect6 = 270, Ppoll = 271, EpollPwait = 281, EpollCreate1 = 291, Dup3 = 292, Pipe2 = 293;
    internal const long InotifyInit1 = 294, Preadv = 295, Pwritev = 296, MemfdCreate = 319, Clone3 = 435;

    /// <summary>The first of Xenolith's own calls, and those of them that take something or wait (docs/platform-abi.md).</summary>
    internal const long Platform = 0x584C00;
    internal const long EventOpen = Platform + 1, EventClose = Platform + 2, EventTake = Platform + 6;
    internal const long PageAllocate = Platform + 8, PageFree = Platform + 9, GrantMap = Platform + 14, GrantUnmap = Platform + 15;
    internal const long ShutdownReason = Platform + 18, XenstoreUnsent = Platform + 20, Suspend = Platform + 21, MemoryBalloon = Platform + 24;

    internal const ulong ReadWrite = 3, PrivateAnonymous = 0x22, Fixed = 0x10;
    internal const int NonBlocking = 0x800;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long Call(long number, ulong a, ulong b = 0, ulong c = 0, ulong d = 0, ulong e = 0, ulong f = 0);

    /// <summary>A call that is to succeed.</summary>
    internal static long Require(long number, ulong a, ulong b = 0, ulong c = 0, ulong d = 0, ulong e = 0, ulong f = 0)
    {
        long result = Call(number, a, b, c, d, e, f);
        return result != -1 ? result : throw new InvalidOperationException($"system call {number}: errno {Marshal.GetLastPInvokeError()}");
    }
}
