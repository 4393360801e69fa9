// Error numbers, as Linux defines them for x86-64 (errno(3)). A system call returns them negated.
namespace Xenolith.Kernel.Linux;

internal static class Errno
{
    internal const long NotPermitted = 1, NoEntry = 2, NoProcess = 3, Interrupted = 4, NoDevice = 6, BadFile = 9, NoChild = 10, Again = 11, NoMemory = 12, Access = 13, Fault = 14, Busy = 16;
    internal const long Exists = 17, NotDirectory = 20, IsDirectory = 21, Invalid = 22, TooManyFiles = 24, NotTerminal = 25, NoSpace = 28, IllegalSeek = 29, ReadOnly = 30, BrokenPipe = 32, Range = 34;
    internal const long TooLarge = 27, NoSystemCall = 38, NameTooLong = 36, NotEmpty = 39, TooManyLinks = 40, NotSupported = 95, TimedOut = 110;
    internal const long OtherDevice = 18, FileSystemNoDevice = 19, Overflow = 75, AddressFamily = 97, NotSocket = 88;

    /// <summary>Never reaches the program: the call is made again after a signal handler with SA_RESTART, else it is EINTR.</summary>
    internal const long RestartSystemCall = 512;
}
