// The control words MXCSR and that of the x87, through the C library: fesetround(3) sets the rounding mode in both.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Conformance;

internal static partial class Control
{
    internal const int ToNearest = 0, Down = 0x400, Up = 0x800, TowardZero = 0xC00;

    internal static void RoundingModes()
    {
        foreach (int mode in (int[])[ToNearest, Down, Up, TowardZero])
        {
            SetRounding(mode);
            long third = BitConverter.DoubleToInt64Bits(Divide(1, 3)), negative = BitConverter.DoubleToInt64Bits(Divide(-1, 3));
            int seen = GetRounding();
            SetRounding(ToNearest);
            Console.WriteLine($"mode {mode:x}: read back {seen:x}, 1/3 {third:x}, -1/3 {negative:x}");
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static double Divide(double a, double b) => a / b;

    /// <summary>Sets MXCSR and the x87's control word of the calling thread.</summary>
    [LibraryImport("libc", EntryPoint = "fesetround")]
    internal static partial int SetRounding(int mode);

    /// <summary>Reads the x87's control word, in musl.</summary>
    [LibraryImport("libc", EntryPoint = "fegetround")]
    internal static partial int GetRounding();

    /// <summary>Converts by way of the x87's 80-bit registers, in musl.</summary>
    [LibraryImport("libc", EntryPoint = "strtod")]
    internal static unsafe partial double ParseLong(byte* text, byte** end);

    [LibraryImport("libc", EntryPoint = "mmap")]
    internal static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    internal static partial int Unmap(nint address, nuint length);
}
