// Invariants of the kernel's own data structures.
namespace Xenolith.Kernel.Diagnostics;

internal static class KernelAssert
{
    /// <summary>Stops the domain when a condition that the kernel relies on does not hold.</summary>
    internal static void That(bool condition, string message)
    {
        if (!condition)
            Panic.Stop(message);
    }
}
