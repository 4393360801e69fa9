using Xenolith.Abi;

namespace Xenolith.Memory;

/// <summary>
/// Where the domain's memory is at one moment, in bytes. <see cref="Free"/>, <see cref="Image"/>, <see cref="Program"/>, <see cref="Shared"/>,
/// <see cref="PageTables"/>, <see cref="Threads"/> and <see cref="Kernel"/> add up to <see cref="Total"/>; every page is in exactly one of them.
/// </summary>
/// <param name="Total">RAM that the domain has now.</param>
/// <param name="Free">RAM that nobody uses.</param>
/// <param name="Image">The image as it lies in memory: code, constants and data of the program, the runtime and the kernel.</param>
/// <param name="Program">Memory that the program has touched: the managed heap, the C heap, stacks.</param>
/// <param name="Shared">I/O pages: those that are granted to other domains or can be.</param>
/// <param name="PageTables">Page tables.</param>
/// <param name="Threads">The kernel's side of threads: their kernel stacks and structures.</param>
/// <param name="Kernel">The kernel's other objects, its account of the RAM, and the RAM that it leaves alone.</param>
/// <param name="Committed">
/// What is promised: writable memory of the program, touched or not. A program gets <see cref="OutOfMemoryException"/> when this would exceed
/// <paramref name="CommitLimit"/>, and not when <paramref name="Free"/> reaches 0.
/// </param>
/// <param name="CommitLimit">
/// What can be promised: the memory that was free at the start, less a reserve for stacks and for the kernel. It follows <paramref name="Total"/>.
/// </param>
/// <param name="Maximum">
/// RAM that the domain can have: more than <paramref name="Total"/> after <c>xl mem-set</c>, or if it was started with <c>maxmem</c>.
/// </param>
public readonly record struct MemoryStatistics(
    long Total, long Free, long Image, long Program, long Shared, long PageTables, long Threads, long Kernel, long Committed, long CommitLimit,
    long Maximum)
{
    /// <summary>What the program can still be promised, in bytes: the distance to <see cref="OutOfMemoryException"/>.</summary>
    public long Available => Math.Max(0, CommitLimit - Committed);

    internal static MemoryStatistics Of(in MemoryInfo info) => new(
        (long)info.Total, (long)info.Free, (long)info.Image, (long)info.Program, (long)info.Shared, (long)info.PageTables, (long)info.Threads,
        (long)info.Kernel, (long)info.Committed, (long)info.CommitLimit, (long)info.Maximum);
}
