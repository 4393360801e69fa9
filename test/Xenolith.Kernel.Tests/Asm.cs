// The kernel's CPU primitives as far as the sources under test use them: a test decides what they do.

namespace Xenolith.Kernel.Cpu;

internal static class Asm
{
    [ThreadStatic]
    private static Func<ulong>? timestamp;

    public static void SetTimestamp(Func<ulong> source) => timestamp = source;

    public static ulong ReadTimestamp() => timestamp!();
}
