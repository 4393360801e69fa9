using Xenolith.Abi;
using Xenolith.Memory;

namespace Xenolith.Tests.EventChannels;

/// <summary>A place that tells nothing of itself, for tests of events alone.</summary>
internal sealed class NoFigures : DomainOperations
{
    public override MemoryInfo ReadMemory() => default;

    public override MemoryBlocks ReadFreeBlocks() => default;

    public override HeapStatistics ReadHeap() => default;

    public override SchedulerInfo ReadScheduler() => default;

    public override void Trim() => throw new NotSupportedException();

    public override BalloonStep Balloon(long target) => throw new NotSupportedException();

    public override void LimitHeap(long bytes) => throw new NotSupportedException();
}
