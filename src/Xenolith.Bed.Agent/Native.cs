using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Xenolith.Bed.Agent;

/// <summary>The C library's functions that .NET does not offer. Constants are those of Linux on x86-64.</summary>
internal static unsafe partial class Native
{
    public const int O_RDWR = 2;
    public const int O_DIRECT = 0x4000;
    public const int O_NOCTTY = 0x100;
    public const int O_CLOEXEC = 0x80000;
    public const int SIGKILL = 9;
    public const int IN_MODIFY = 0x2;
    public const int IN_CLOSE_WRITE = 0x8;
    public const int IN_CREATE = 0x100;
    public const int IN_MOVED_TO = 0x80;
    public const int IN_CLOEXEC = 0x80000;

    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static partial nint ReadAt(int descriptor, byte* buffer, nint count, long position);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    public static partial nint WriteAt(int descriptor, byte* buffer, nint count, long position);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int descriptor, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "sync")]
    public static partial void Sync();

    [LibraryImport("libc", EntryPoint = "reboot", SetLastError = true)]
    public static partial int Reboot(int command);

    [LibraryImport("libc", EntryPoint = "clock_settime", SetLastError = true)]
    public static partial int SetClock(int clock, in TimeSpec time);

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    public static partial int InotifyInit(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int InotifyAddWatch(int descriptor, string path, int mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch")]
    public static partial int InotifyRemoveWatch(int descriptor, int watch);

    [LibraryImport("libc", EntryPoint = "if_nametoindex", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial uint InterfaceIndex(string name);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int domain, int type, int protocol);

    /// <summary>A call's result, or the error that it reports as an exception.</summary>
    public static int Check(int result, string what) =>
        result >= 0 ? result : throw new IOException($"{what}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
}
