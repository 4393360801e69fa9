using Xenolith.Abi;
using Xenolith.Memory;

namespace Xenolith.Simulation;

/// <summary>
/// The memory and the scheduler of one simulated domain: figures that the simulation sets, since its domains share one process and their real ones
/// say nothing. They are those of a quiet domain of 32 MiB until they are set.
/// </summary>
/// <remarks>Safe from any thread.</remarks>
public sealed class SimulatedFigures : DomainOperations
{
    private const ulong MiB = 1 << 20, Step = 4 * MiB;

    private readonly Lock _lock = new();
    private readonly SimulatedFaults _faults;
    private MemoryInfo _memory = new() { Total = 32 * MiB, Maximum = 32 * MiB, Free = 20 * MiB, Image = 3 * MiB, Program = 8 * MiB, Kernel = MiB, Committed = 12 * MiB, CommitLimit = 28 * MiB };
    private SchedulerInfo _scheduler = new() { Threads = 1 };
    private HeapStatistics _heap;
    private ulong _trimmable;

    internal SimulatedFigures(SimulatedFaults faults) => _faults = faults;

    /// <summary>Where the memory is. Its parts are to add up; a maximum below the total is the total.</summary>
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
                _memory = value with { Maximum = Math.Max(value.Maximum, value.Total) };
        }
    }

    /// <summary>The limit that the garbage collector was last told, in bytes; <see langword="null"/> before the first.</summary>
    public long? HeapLimit { get; private set; }

    /// <summary>How often the program's memory was trimmed.</summary>
    public int Trims { get; private set; }

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
            _memory.Committed -= Math.Min(returned, _memory.Committed);
            _trimmable = 0;
            Trims++;
        }
    }

    /// <summary>
    /// Steps of 4 MiB. What is free and not promised can be given back; <see cref="SimulatedOperation.TakeMemory"/> makes Xen refuse more, and
    /// <see cref="SimulatedOperation.GiveMemory"/> makes everything be in use, whatever the error.
    /// </summary>
    public override BalloonStep Balloon(long target)
    {
        lock (_lock)
        {
            ulong goal = (ulong)target, now = _memory.Total;
            if (goal == now)
                return BalloonStep.Reached;
            ulong change = Math.Min(goal > now ? goal - now : now - goal, Step);
            if (goal > now)
            {
                if (goal > _memory.Maximum || _faults.Next(SimulatedOperation.TakeMemory) != XenError.None)
                    return BalloonStep.Refused;
                (_memory.Total, _memory.Free, _memory.CommitLimit) = (now + change, _memory.Free + change, _memory.CommitLimit + change);
                return _memory.Total == goal ? BalloonStep.Reached : BalloonStep.Partial;
            }
            ulong promised = Math.Min(_memory.Committed, _memory.CommitLimit);
            change = Math.Min(change, Math.Min(_memory.Free, _memory.CommitLimit - promised));
            if (change == 0 || _faults.Next(SimulatedOperation.GiveMemory) != XenError.None)
                return BalloonStep.InUse;
            (_memory.Total, _memory.Free, _memory.CommitLimit) = (now - change, _memory.Free - change, _memory.CommitLimit - change);
            return _memory.Total == goal ? BalloonStep.Reached : BalloonStep.Partial;
        }
    }

    /// <inheritdoc/>
    public override void LimitHeap(long bytes) => HeapLimit = bytes;
}
