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

    /// <summary>
    /// Goes a step towards another size of the domain's memory, of a few MiB, and returns when that is done: gives memory back to Xen, or has it from
    /// there. To be called again until it says that it is there or can go no further.
    /// </summary>
    /// <param name="target">Bytes of RAM that are to be there, at most <see cref="MemoryInfo.Maximum"/>.</param>
    public abstract BalloonStep Balloon(long target);

    /// <summary>Tells the garbage collector how much memory the heap can have, unless the program has set a limit of its own.</summary>
    /// <param name="bytes">Bytes.</param>
    public abstract void LimitHeap(long bytes);
}
