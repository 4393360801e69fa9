// The host's own files, below a temporary directory in memory, by Linux's system calls: what the kernel's are compared with.

using System.Runtime.InteropServices;

namespace Xenolith.Kernel.Tests.Files;

internal sealed unsafe partial class LinuxFiles : IDisposable
{
    /// <summary>The directory from which paths lead: so deep that they stay below the temporary one.</summary>
    public const string Start = "/a/b/base";

    private readonly string root;
    private readonly int start;

    public LinuxFiles()
    {
        root = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), Path.GetRandomFileName());
        Directory.CreateDirectory(root + Start);
        start = openat(-100, root + Start, 0x10000, 0);
        Assert.True(start >= 0);
    }

    public long Open(string path, uint flags) => Result(openat(start, path, (int)flags | 0x80000, 0x1A4));

    public static void Close(long file) => _ = close((int)file);

    public static long Write(long file, ulong offset, byte[] data) => Result(pwrite((int)file, data, (nuint)data.Length, (long)offset));

    public static long Read(long file, ulong offset, byte[] data) => Result(pread((int)file, data, (nuint)data.Length, (long)offset));

    public static long Truncate(long file, ulong size) => Result(ftruncate((int)file, (long)size));

    public static long Allocate(long file, ulong mode, ulong offset, ulong length) => Result(fallocate((int)file, (int)mode, (long)offset, (long)length));

    public static long Seek(long file, ulong offset, bool hole) => Result(lseek((int)file, (long)offset, hole ? 4 : 3));

    /// <summary>chmod(2).</summary>
    public long SetMode(string path, uint mode) => Result(fchmodat(start, path, mode, 0));

    /// <summary>A descriptor of inotify(7) that does not block.</summary>
    public static int Watcher() => (int)Result(inotify_init1(0x80800));

    public long AddWatch(int watcher, string path, uint mask) => Result(inotify_add_watch(watcher, root + Start + "/" + path, mask));

    public static long RemoveWatch(int watcher, int number) => Result(inotify_rm_watch(watcher, number));

    public static long ReadEvents(int watcher, byte[] buffer) => Result(read(watcher, buffer, (nuint)buffer.Length));

    public long MakeDirectory(string path) => Result(mkdirat(start, path, 0x1ED));

    public long Unlink(string path, bool directory) => Result(unlinkat(start, path, directory ? 0x200 : 0));

    public long Rename(string from, string to, uint flags) => Result(renameat2(start, from, start, to, flags));

    public long Link(string from, string to) => Result(linkat(start, from, start, to, 0));

    public long Symlink(string text, string path) => Result(symlinkat(text, start, path));

    public long ReadLink(string path, byte[] buffer) => Result(readlinkat(start, path, buffer, (nuint)buffer.Length));

    /// <summary>0 and mode, links and size; size and links of a directory are the file system's affair, and 0 here.</summary>
    public (long Error, uint Mode, ulong Links, ulong Size) Stat(string path, bool follow)
    {
        byte* buffer = stackalloc byte[256];
        long error = Result(fstatat(start, path, buffer, follow ? 0 : 0x100));
        if (error != 0)
            return (error, 0, 0, 0);
        uint mode = *(uint*)(buffer + 24);
        return (0, mode, *(ulong*)(buffer + 16), (mode & 0xF000) == 0x4000 ? 0 : *(ulong*)(buffer + 48));
    }

    public string[] List(string path) =>
        [.. Directory.EnumerateFileSystemEntries(Path.Combine(root + Start, path)).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];

    public void Dispose()
    {
        _ = close(start);
        Directory.Delete(root, recursive: true);
    }

    private static long Result(long value) => value >= 0 ? value : -Marshal.GetLastPInvokeError();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int openat(int directory, string path, int flags, int mode);

    [LibraryImport("libc")]
    private static partial int close(int file);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int fchmodat(int directory, string path, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(int watcher, string path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(int watcher, int number);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int file, byte[] buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwrite(int file, byte[] data, nuint length, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(int file, byte[] data, nuint length, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(int file, long size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(int file, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(int file, long offset, int whence);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdirat(int directory, string path, int mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlinkat(int directory, string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int fromDirectory, string from, int toDirectory, string to, uint flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int linkat(int fromDirectory, string from, int toDirectory, string to, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int symlinkat(string text, int directory, string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlinkat(int directory, string path, byte[] buffer, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int fstatat(int directory, string path, byte* buffer, int flags);
}
