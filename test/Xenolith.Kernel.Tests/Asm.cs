// The kernel's CPU primitives as far as the sources under test use them: a test decides what they do.

namespace Xenolith.Kernel.Cpu;

internal static unsafe class Asm
{
    [ThreadStatic]
    private static Func<ulong>? timestamp;

    public static void SetTimestamp(Func<ulong> source) => timestamp = source;

    public static ulong ReadTimestamp() => timestamp!();

    /// <summary>No test makes a CPU's structure the host's.</summary>
    public static void WriteMsr(uint register, ulong value) => throw new NotSupportedException($"MSR {register:x} = {value:x}");

    public static void Move(void* to, void* from, nuint length) => System.Runtime.InteropServices.NativeMemory.Copy(from, to, length);

    public static void Fill(void* to, byte value, nuint length) => System.Runtime.InteropServices.NativeMemory.Fill(to, length, value);
}
