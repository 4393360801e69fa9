// The C library's functions that the scenarios call directly, past .NET's own wrappers.
using System.Runtime.InteropServices;

namespace Scenarios;

internal static unsafe partial class Libc
{
    internal const int ReadAccess = 1, WriteAccess = 2, ExecuteAccess = 4;
    internal const int Private = 2, Anonymous = 0x20;
    internal static readonly nint Failed = -1;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    internal static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    internal static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int descriptor, nint bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long SystemCall(long number);

    [LibraryImport("libc", EntryPoint = "abort")]
    internal static partial void Abort();

    [LibraryImport("libc", EntryPoint = "strlen")]
    internal static partial nuint StringLength(ulong text);

    /// <summary>Fresh readable and writable memory.</summary>
    internal static nint MapMemory(nuint length)
    {
        nint address = Map(0, length, ReadAccess | WriteAccess, Private | Anonymous, -1, 0);
        return address != Failed ? address : throw new OutOfMemoryException($"mmap: errno {Marshal.GetLastPInvokeError()}");
    }
}
