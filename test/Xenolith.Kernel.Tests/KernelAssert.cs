// The kernel's assertion as the tests see it: where the kernel stops, this throws.

namespace Xenolith.Kernel.Diagnostics;

internal static class KernelAssert
{
    public static void That(bool condition, string message)
    {
        if (!condition)
            throw new KernelAssertException(message);
    }
}

internal sealed class KernelAssertException(string message) : Exception(message);
