// Ways to end that are no exit.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Scenarios;

internal static unsafe partial class Endings
{
    private const ulong Nowhere = 0xdead0000;

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Throw()
    {
        Console.Write("before the exception");
        ThrowDeeper(3);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowDeeper(int levels)
    {
        if (levels == 0)
            throw new InvalidOperationException("the reason");
        ThrowDeeper(levels - 1);
        GC.KeepAlive(levels);
    }

    internal static void ThrowInThread()
    {
        Thread thread = new(Throw);
        thread.Start();
        thread.Join();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void FailFast() => Environment.FailFast("this cannot go on");

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Abort()
    {
        Console.WriteLine("before the abort");
        Libc.Abort();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void FaultInNativeCode()
    {
        Console.WriteLine("before the fault");
        Console.WriteLine(Libc.StringLength(Nowhere));
    }

    internal static void OverflowStackOfThread()
    {
        Thread thread = new(() => Console.WriteLine(OverflowStack(0)));
        thread.Start();
        thread.Join();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static int OverflowStack(int depth)
    {
        Span<byte> room = stackalloc byte[200];
        room[depth % 200] = 1;
        return OverflowStack(depth + 1) + room[depth * 7 % 200];
    }

    /// <summary>A function of the kernel trusts the library that calls it with the address to write to: this one faults in the kernel.</summary>
    internal static void BreakKernel()
    {
        Console.Write("before the panic");
        Console.WriteLine(GetPlatformInfo(unchecked((nint)0xffff_dead_beef_0000)));
    }

    /// <summary>The same with a part of the kernel's memory destroyed before, so that its report of the panic faults as well.</summary>
    /// <param name="address">Where the part begins, in hexadecimal digits.</param>
    /// <param name="size">Its size in bytes.</param>
    internal static void BreakKernelTwice(string address, string size)
    {
        ulong* part = (ulong*)ulong.Parse(address, System.Globalization.NumberStyles.HexNumber);
        int words = int.Parse(size) / sizeof(ulong);
        BreakKernel(0, part, 0); // brings everything in that the second call needs
        BreakKernel(unchecked((nint)0xffff_dead_beef_0000), part, words);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BreakKernel(nint info, ulong* part, int words)
    {
        const ulong NoAddress = 0x5a5a_5a5a_5a5a_5a5a;
        for (int i = 0; i < words; i++)
            part[i] = NoAddress;
        if (info != 0)
            _ = GetPlatformInfo(info);
    }

    [LibraryImport("xenolith", EntryPoint = "xl_platform_info")]
    private static partial int GetPlatformInfo(nint info);
}
