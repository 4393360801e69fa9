using Xenolith.Abi;
using Xenolith.Memory;

namespace Xenolith;

/// <summary>
/// What one place tells of its domain's memory and scheduler. <see cref="DomainMemory"/> and <see cref="XenPlatform.GetSchedulerStatistics"/> are
/// built on this; programs use those.
/// </summary>
/// <remarks>Safe from any thread. Nothing here throws or waits.</remarks>
public abstract class DomainOperations
{
    /// <summary>Where the memory is. Copies counters and does nothing else, however much memory there is: cheap enough for every packet.</summary>
    public abstract MemoryInfo ReadMemory();

    /// <summary>The free memory by the size of its blocks.</summary>
    public abstract MemoryBlocks ReadFreeBlocks();

    /// <summary>What the garbage collector has. May take as long as a system call.</summary>
    public abstract HeapStatistics ReadHeap();

    /// <summary>What the scheduler did. Costs a hypercall.</summary>
    public abstract SchedulerInfo ReadScheduler();

    /// <summary>Compacts the heap and gives back what nobody needs. Returns when that is done.</summary>
    public abstract void Trim();
}
