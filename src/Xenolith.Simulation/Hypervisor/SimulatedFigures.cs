using Xenolith.Abi;
using Xenolith.Memory;

namespace Xenolith.Simulation;

/// <summary>
/// The memory and the scheduler of one simulated domain: figures that the simulation sets, since its domains share one process and their real ones say
/// nothing. They are those of a quiet domain of 32 MiB until they are set.
/// </summary>
/// <remarks>Safe from any thread.</remarks>
public sealed class SimulatedFigures : DomainOperations
{
    private const ulong MiB = 1 << 20;

    private readonly Lock _lock = new();
    private MemoryInfo _memory = new() { Total = 32 * MiB, Free = 20 * MiB, Image = 3 * MiB, Program = 8 * MiB, Kernel = MiB, Committed = 12 * MiB, CommitLimit = 28 * MiB };
    private SchedulerInfo _scheduler = new() { Threads = 1 };
    private HeapStatistics _heap;
    private ulong _trimmable;

    internal SimulatedFigures()
    {
    }

    /// <summary>Where the memory is. Its parts are to add up.</summary>
    public MemoryInfo Memory
    {
        get
        {
            lock (_lock)
                return _memory;
        }
        set
        {
            lock (_lock)
                _memory = value;
        }
    }

    /// <summary>The heap.</summary>
    public HeapStatistics Heap
    {
        get
        {
            lock (_lock)
                return _heap;
        }
        set
        {
            lock (_lock)
                _heap = value;
        }
    }

    /// <summary>The scheduler.</summary>
    public SchedulerInfo Scheduler
    {
        get
        {
            lock (_lock)
                return _scheduler;
        }
        set
        {
            lock (_lock)
                _scheduler = value;
        }
    }

    /// <summary>Bytes of the program's memory that the next <see cref="Trim"/> gives back; 0 at the start.</summary>
    public ulong Trimmable
    {
        get
        {
            lock (_lock)
                return _trimmable;
        }
        set
        {
            lock (_lock)
                _trimmable = value;
        }
    }

    /// <inheritdoc/>
    public override MemoryInfo ReadMemory() => Memory;

    /// <summary>All free memory in the largest blocks that it can be cut into.</summary>
    public override unsafe MemoryBlocks ReadFreeBlocks()
    {
        MemoryBlocks blocks = default;
        ulong frames = Memory.Free / SimulatedMemory.PageSize;
        for (int order = MemoryBlocks.Orders - 1; order >= 0; order--)
        {
            blocks.Free[order] = frames >> order; // a local structure: its buffer does not move
            frames -= blocks.Free[order] << order;
        }
        return blocks;
    }

    /// <inheritdoc/>
    public override HeapStatistics ReadHeap() => Heap;

    /// <inheritdoc/>
    public override SchedulerInfo ReadScheduler() => Scheduler;

    /// <inheritdoc/>
    public override void Trim()
    {
        lock (_lock)
        {
            ulong returned = Math.Min(_trimmable, _memory.Program);
            _memory.Program -= returned;
            _memory.Free += returned;
            _trimmable = 0;
        }
    }
}
