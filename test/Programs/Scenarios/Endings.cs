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

    [LibraryImport("xenolith", EntryPoint = "xl_platform_info")]
    private static partial int GetPlatformInfo(nint info);
}
