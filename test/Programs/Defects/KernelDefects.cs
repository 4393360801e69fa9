// Defects of the kernel for the tests that show how it ends: compiled into the kernel of this image alone.
using System.Runtime;
using System.Runtime.CompilerServices;
using Xenolith.Kernel.Cpu;

namespace Xenolith.Kernel.Extra;

internal static unsafe class KernelDefects
{
    /// <summary>The value that lies above buffers on the kernel's stacks.</summary>
    [RuntimeExport("xl_defect_cookie")]
    private static ulong Cookie() => *Asm.SecurityCookie;

    /// <summary>Fills a buffer of 16 bytes with so many.</summary>
    [RuntimeExport("xl_defect_overflow_buffer")]
    private static int OverflowBuffer(int length)
    {
        byte* buffer = stackalloc byte[16];
        for (int i = 0; i < length; i++)
            buffer[i] = (byte)'x';
        return buffer[length / 2];
    }

    /// <summary>Calls itself until the stack ends.</summary>
    [RuntimeExport("xl_defect_overflow_stack")]
    private static int OverflowStack(int depth) => Descend(depth);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Descend(int depth)
    {
        byte* room = stackalloc byte[200];
        room[depth % 200] = 1;
        return Descend(depth + 1) + room[depth * 7 % 200];
    }
}
