using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Xenolith.Linux;

/// <summary>
/// The system calls that the devices in /dev/xen are used by. Pointers must be valid for the call only. An image binds them at link time
/// (<c>DirectPInvoke</c> in Xenolith.Sdk.targets names each); in any other process the runtime finds them in the C library.
/// </summary>
internal static unsafe partial class NativeMethods
{
    internal const int ReadAndWrite = 3; // PROT_READ | PROT_WRITE
    internal const int ReadOnly = 1; // PROT_READ
    internal const int Shared = 0x01; // MAP_SHARED
    internal const int Private = 0x02; // MAP_PRIVATE
    internal const int Fixed = 0x10; // MAP_FIXED
    internal const int Anonymous = 0x20; // MAP_ANONYMOUS
    internal const int Locked = 0x2000; // MAP_LOCKED
    internal const int DoNotFork = 10; // MADV_DONTFORK
    internal const short Readable = 1; // POLLIN

    private const string Library = "libc";
    private const int Interrupted = 4; // EINTR: the runtime signalled the thread
    private const int TryAgain = 11; // EAGAIN
    private const int CloseOnExecute = 0x80000; // EFD_CLOEXEC

    /// <summary>ioctl(2) with a structure: 0 or a positive answer, or -1 and the error number.</summary>
    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int Control(SafeFileHandle device, nuint request, void* argument);

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint Map(nint address, nuint length, int protection, int flags, SafeFileHandle device, long offset);

    /// <summary>mmap(2) of memory that belongs to no file.</summary>
    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint MapAnonymous(nint address, nuint length, int protection, int flags, int none, long offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    internal static partial int Unmap(nint address, nuint length);

    [LibraryImport(Library, EntryPoint = "madvise")]
    internal static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollEntry* entries, nuint count, int timeout);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(SafeFileHandle device, void* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(SafeFileHandle device, void* bytes, nuint length);

    [LibraryImport(Library, EntryPoint = "gettid"), SuppressGCTransition]
    internal static partial int GetThreadId();

    [LibraryImport(Library, EntryPoint = "getrusage")]
    internal static partial int ReadUsage(int who, ResourceUsage* usage);

    /// <summary>Whether the last call of this thread failed for no other reason than that it is to be made again.</summary>
    internal static bool WasInterrupted() => Marshal.GetLastPInvokeError() is Interrupted or TryAgain;

    /// <summary>eventfd(2), closed when another program is executed.</summary>
    internal static SafeFileHandle CreateEvent()
    {
        int descriptor = OpenEvent(0, CloseOnExecute);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"No event descriptor can be made: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    private static partial int OpenEvent(uint initial, int flags);

    /// <summary><c>struct pollfd</c>.</summary>
    /// <param name="Descriptor">What to wait for; -1 for nothing.</param>
    /// <param name="Events">For what.</param>
    /// <param name="Returned">Out: what is there, errors too.</param>
    internal readonly record struct PollEntry(int Descriptor, short Events, short Returned = 0);

    /// <summary><c>struct rusage</c>: two times of two words each, then fourteen counters.</summary>
    internal struct ResourceUsage
    {
        internal fixed long Words[18];

        /// <summary>Times that a thread gave up its CPU (<c>ru_nvcsw</c>) or was taken from it (<c>ru_nivcsw</c>).</summary>
        internal readonly ulong Switches => (ulong)(Words[16] + Words[17]);
    }
}
