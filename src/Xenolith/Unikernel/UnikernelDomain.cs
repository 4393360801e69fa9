using Xenolith.Abi;
using Xenolith.Memory;

namespace Xenolith.Unikernel;

/// <summary>Memory and scheduler as the kernel counts them, and the runtime's heap.</summary>
internal sealed unsafe class UnikernelDomain : DomainOperations
{
    private const string HeapLimit = "GCHeapHardLimit";

    // Whether the limit is ours, or there is none.
    private readonly bool _mayLimitHeap = !GC.GetConfigurationVariables().TryGetValue(HeapLimit, out object? limit) || limit is 0L;

    public override MemoryInfo ReadMemory()
    {
        MemoryInfo info; // on this stack until the call returns; so below
        _ = NativeMethods.ReadMemory(&info);
        return info;
    }

    public override MemoryBlocks ReadFreeBlocks()
    {
        MemoryBlocks blocks;
        _ = NativeMethods.ReadMemoryBlocks(&blocks);
        return blocks;
    }

    public override HeapStatistics ReadHeap()
    {
        GCMemoryInfo last = GC.GetGCMemoryInfo();
        return new HeapStatistics(GC.GetTotalMemory(forceFullCollection: false), last.TotalCommittedBytes, last.FragmentedBytes);
    }

    public override SchedulerInfo ReadScheduler()
    {
        SchedulerInfo info;
        _ = NativeMethods.ReadScheduler(&info);
        return info;
    }

    public override void Trim()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _ = NativeMethods.TrimMemory();
    }

    public override BalloonStep Balloon(long target) => NativeMethods.BalloonMemory((ulong)target >> 12) switch
    {
        0 => BalloonStep.Reached,
        > 0 => BalloonStep.Partial,
        -(long)XenError.NoMemory => BalloonStep.InUse,
        _ => BalloonStep.Refused,
    };

    /// <summary>
    /// The collector asks the system for the size of the memory once, at its start. A hard limit is what it can be told later. Memory is promised
    /// before it is used, so the limit keeps nothing from the heap that it could have: it makes the collector collect before it runs against the end.
    /// </summary>
    public override void LimitHeap(long bytes)
    {
        if (!_mayLimitHeap)
            return;
        try
        {
            AppContext.SetData(HeapLimit, (ulong)bytes);
            GC.RefreshMemoryLimit();
        }
        catch (InvalidOperationException)
        {
            // The heap has committed more by the collector's account: the limit of before stays.
        }
    }
}
