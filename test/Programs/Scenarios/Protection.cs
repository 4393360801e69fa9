// Attempts on memory that must not succeed.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Scenarios;

internal static unsafe class Protection
{
    private const nuint Page = 4096;
    private const byte Return = 0xc3;

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Read(ulong address)
    {
        try
        {
            Console.WriteLine($"read {*(byte*)address}");
        }
        catch (NullReferenceException)
        {
            Console.WriteLine("null reference");
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void WriteCode()
    {
        delegate*<void> code = &WriteCode;
        *(byte*)code = Return;
        Console.WriteLine("written");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void WriteConstant()
    {
        ReadOnlySpan<byte> constant = "constant"u8;
        Unsafe.AsRef(in MemoryMarshal.GetReference(constant)) = 1;
        Console.WriteLine("written");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void ExecuteData()
    {
        byte* data = (byte*)Libc.MapMemory(Page);
        *data = Return;
        ((delegate* unmanaged<void>)data)();
        Console.WriteLine("executed");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void WriteProtected()
    {
        byte* page = (byte*)Libc.MapMemory(Page);
        *page = 1;
        Console.WriteLine($"protected {Libc.Protect((nint)page, Page, Libc.ReadAccess)}, holds {*page}");
        *page = 2;
        Console.WriteLine("written");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void UseUnmapped()
    {
        byte* page = (byte*)Libc.MapMemory(Page);
        *page = 1;
        int result = Libc.Unmap((nint)page, Page);
        // Nothing in between that might map something there.
        byte value = *page;
        Console.WriteLine($"read {value} after {result}");
    }

    internal static void WritableAndExecutable()
    {
        const int all = Libc.ReadAccess | Libc.WriteAccess | Libc.ExecuteAccess;
        nint page = Libc.Map(0, Page, all, Libc.Private | Libc.Anonymous, -1, 0);
        Console.WriteLine($"mmap {(page == Libc.Failed ? Error() : "done")}");
        page = Libc.MapMemory(Page);
        Console.WriteLine($"mprotect {(Libc.Protect(page, Page, all) != 0 ? Error() : "done")}");
        Console.WriteLine($"mprotect to execute only {(Libc.Protect(page, Page, Libc.ReadAccess | Libc.ExecuteAccess) != 0 ? Error() : "done")}");
        delegate*<void> code = &WriteCode;
        nint codePage = (nint)code & ~(nint)(Page - 1);
        Console.WriteLine($"mprotect of code {(Libc.Protect(codePage, Page, Libc.ReadAccess | Libc.WriteAccess) != 0 ? Error() : "done")}");
    }

    /// <summary>The system itself judges whether a page may be read: write(2) answers EFAULT where it may not.</summary>
    internal static void ProtectAndUnmap()
    {
        nint pages = Libc.MapMemory(3 * Page);
        new Span<byte>((void*)pages, (int)(3 * Page)).Fill((byte)'.');
        Console.WriteLine($"before: {Try(pages)} {Try(pages + (nint)Page)} {Try(pages + 2 * (nint)Page)}");
        Console.WriteLine($"no access: {Libc.Protect(pages + (nint)Page, Page, 0)}");
        Console.WriteLine($"then: {Try(pages)} {Try(pages + (nint)Page)} {Try(pages + 2 * (nint)Page)}");
        Console.WriteLine($"access again: {Libc.Protect(pages + (nint)Page, Page, Libc.ReadAccess)}");
        Console.WriteLine($"then: {Try(pages)} {Try(pages + (nint)Page)} {Try(pages + 2 * (nint)Page)}");
        Console.WriteLine($"unmapped: {Libc.Unmap(pages + (nint)Page, Page)}");
        Console.WriteLine($"then: {Try(pages)} {Try(pages + (nint)Page)} {Try(pages + 2 * (nint)Page)}");
        Console.WriteLine($"protecting what is unmapped: {Libc.Protect(pages, 3 * Page, Libc.ReadAccess)} {Error()}");
    }

    private static string Try(nint address)
    {
        Console.Out.Flush();
        nint written = Libc.Write(1, address, 1);
        return written == 1 ? "readable" : Error();
    }

    private static string Error() => $"errno {Marshal.GetLastPInvokeError()}";
}
