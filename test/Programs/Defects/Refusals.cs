// What the system refuses, with the error that it gives.
using System.Runtime.InteropServices;

namespace Defects;

internal static class Refusals
{
    private const ulong Page = 4096;
    private const int ReadWrite = Native.ReadAccess | Native.WriteAccess, All = ReadWrite | Native.ExecuteAccess;

    internal static void Show()
    {
        ulong memory = (ulong)Native.Map(0, (nuint)Page, ReadWrite, Native.Private | Native.Anonymous, -1, 0);
        Tell("mmap writable and executable", Native.Map(0, (nuint)Page, All, Native.Private | Native.Anonymous, -1, 0));
        Tell("mprotect writable and executable", Native.Protect(memory, (nuint)Page, All));
        Tell("mprotect of data to executable", Native.Protect(Native.Data.Start, (nuint)Page, Native.ReadAccess | Native.ExecuteAccess));
        Tell("mprotect of code to writable", Native.Protect(Native.Text.Start, (nuint)Page, ReadWrite));
        Tell("mprotect of the kernel's code to writable", Native.Protect(Native.KernelText.Start, (nuint)Page, ReadWrite));
        Tell("mprotect of constants to writable", Native.Protect(Native.Constants.Start, (nuint)Page, ReadWrite));
        Tell("mprotect of a kernel stack's guard", Native.Protect(Native.GetKernelStack(2) - 3 * Page, (nuint)Page, ReadWrite));
        Tell("mprotect of the interrupt table", Native.Protect(Native.GetInterruptTable(), (nuint)Page, ReadWrite));
        Tell("munmap of a kernel stack's guard", Native.Unmap(Native.GetKernelStack(2) - 3 * Page, (nuint)Page));
        Tell("munmap of code", Native.Unmap(Native.Text.Start, (nuint)Page));
        Tell("mmap at page zero", Native.Map(0x1000, (nuint)Page, ReadWrite, Native.Private | Native.Anonymous | Native.FixedNoReplace, -1, 0));
        Tell("a system call that writes to code", Native.GetRandom(Native.Text.Start, 16, 0));
        Tell("a system call that writes to constants", Native.GetRandom(Native.Constants.Start, 16, 0));
        Tell("a system call that writes to the direct map", Native.GetRandom(0xFFFF_8000_0000_1000, 16, 0));
        Tell("a system call that writes to a kernel stack", Native.GetRandom(Native.GetKernelStack(0) - 64, 16, 0));
        Tell("a system call that writes to a kernel stack's guard", Native.GetRandom(Native.GetKernelStack(2) - 3 * Page, 16, 0));
    }

    private static void Tell(string what, nint result) =>
        Console.WriteLine($"{what}: {(result == -1 ? $"errno {Marshal.GetLastPInvokeError()}" : "done")}");
}
