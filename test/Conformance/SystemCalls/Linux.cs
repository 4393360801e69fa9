// System calls as they are.
using System.Runtime.InteropServices;
using System.Text;

namespace SystemCalls;

internal static unsafe partial class Linux
{
    internal const ulong WorkingDirectory = unchecked((ulong)-100), Nowhere = 0x10, Kernel = 0xFFFF_8000_0000_0000;

    private static readonly Dictionary<int, string> Names = new()
    {
        [1] = "EPERM", [2] = "ENOENT", [3] = "ESRCH", [4] = "EINTR", [6] = "ENXIO", [9] = "EBADF", [10] = "ECHILD", [11] = "EAGAIN", [12] = "ENOMEM", [13] = "EACCES",
        [14] = "EFAULT", [16] = "EBUSY", [17] = "EEXIST", [18] = "EXDEV", [19] = "ENODEV", [20] = "ENOTDIR", [21] = "EISDIR", [22] = "EINVAL", [24] = "EMFILE",
        [25] = "ENOTTY", [27] = "EFBIG", [28] = "ENOSPC", [29] = "ESPIPE", [30] = "EROFS", [32] = "EPIPE", [34] = "ERANGE", [36] = "ENAMETOOLONG", [38] = "ENOSYS",
        [39] = "ENOTEMPTY", [40] = "ELOOP", [75] = "EOVERFLOW", [88] = "ENOTSOCK", [95] = "EOPNOTSUPP", [97] = "EAFNOSUPPORT", [110] = "ETIMEDOUT",
    };

    /// <summary>A page that can be written to, before one that nobody may touch.</summary>
    internal static readonly byte* Page = MapPage();

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long Call(long number, ulong a = 0, ulong b = 0, ulong c = 0, ulong d = 0, ulong e = 0, ulong f = 0);

    internal static string Error() => Names.GetValueOrDefault(Marshal.GetLastPInvokeError(), $"errno {Marshal.GetLastPInvokeError()}");

    /// <summary>Makes a call and prints what it answers; with <paramref name="value"/> also a result, else that there is one.</summary>
    internal static long Show(string what, long number, ulong a = 0, ulong b = 0, ulong c = 0, ulong d = 0, ulong e = 0, ulong f = 0, bool value = false)
    {
        long result = Call(number, a, b, c, d, e, f);
        Console.WriteLine($"{what}: {(result == -1 ? Error() : value ? result.ToString() : "done")}");
        return result;
    }

    /// <summary>A text at the start of a buffer that stays.</summary>
    internal static ulong Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text + "\0");
        byte* copy = (byte*)NativeMemory.Alloc((nuint)bytes.Length);
        bytes.CopyTo(new Span<byte>(copy, bytes.Length));
        return (ulong)copy;
    }

    private static byte* MapPage()
    {
        ulong pages = (ulong)Call(9, 0, 8192, 3, 0x22, ulong.MaxValue);
        _ = Call(10, pages + 4096, 4096);
        return (byte*)pages;
    }
}
