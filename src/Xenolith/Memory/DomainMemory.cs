using Xenolith.Abi;
using Xenolith.Grants;

namespace Xenolith.Memory;

/// <summary>The memory of the domain: figures, quick ones for every packet and exact ones for a report, and giving memory back.</summary>
/// <remarks>Safe from any thread. All figures are bytes.</remarks>
public sealed class DomainMemory
{
    private readonly DomainOperations _operations;
    private readonly GrantTable _grants;

    internal DomainMemory(DomainOperations operations, GrantTable grants)
    {
        _operations = operations;
        _grants = grants;
    }

    /// <summary>
    /// Where the memory is. Reads the kernel's counters: no allocation, no system call, and the same time whatever the memory's size; cheap enough to
    /// ask before each packet whether there is room for it.
    /// </summary>
    public MemoryStatistics GetQuickStatistics() => MemoryStatistics.Of(_operations.ReadMemory());

    /// <summary>
    /// All that is known of the memory. Allocates, asks the garbage collector and takes the grant table's lock: for a report now and then. The parts
    /// are read one after the other, so what other threads do meanwhile is in some and not in others.
    /// </summary>
    public unsafe MemoryDetails GetStatistics()
    {
        HeapStatistics heap = _operations.ReadHeap();
        GrantStatistics grants = _grants.GetStatistics();
        long[] counts = new long[MemoryBlocks.Orders];
        MemoryInfo memory = _operations.ReadMemory();
        MemoryBlocks blocks = _operations.ReadFreeBlocks();
        for (int order = 0; order < counts.Length; order++)
            counts[order] = (long)blocks.Free[order]; // a local structure: its buffer does not move
        return new MemoryDetails(
            MemoryStatistics.Of(memory), heap, counts,
            Granted: (grants.Granted + grants.Reclaiming) * (long)SharedMemory.PageSize,
            Cached: grants.CachedPages * (long)SharedMemory.PageSize,
            Foreign: grants.MappedPages * (long)SharedMemory.PageSize);
    }

    /// <summary>
    /// Gives back what nobody needs: cached I/O pages, then what a full, compacting collection frees, then page tables that have become empty. The
    /// collection stops all threads for its time, some milliseconds for each ten megabytes of live objects; so this is for a program that has
    /// done something large and will be quiet for a while, not for a loop.
    /// </summary>
    /// <returns>The memory before and after.</returns>
    public TrimResult Trim()
    {
        MemoryStatistics before = GetQuickStatistics();
        _grants.ReleaseCachedPages();
        _operations.Trim();
        return new TrimResult(before, GetQuickStatistics());
    }

    /// <summary>As <see cref="Trim"/>, but not on the caller's time: it runs as a continuation of its own.</summary>
    /// <param name="cancellationToken">Gives up before it has begun; what has begun is finished.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<TrimResult> TrimAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        return Trim();
    }
}
