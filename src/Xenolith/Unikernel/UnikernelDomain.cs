using Xenolith.Abi;
using Xenolith.Memory;

namespace Xenolith.Unikernel;

/// <summary>Memory and scheduler as the kernel counts them, and the runtime's heap.</summary>
internal sealed unsafe class UnikernelDomain : DomainOperations
{
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
}
