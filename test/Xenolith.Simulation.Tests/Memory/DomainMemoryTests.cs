using Xenolith.Abi;
using Xenolith.Grants;
using Xenolith.Memory;
using Xenolith.Simulation;

namespace Xenolith.Tests.Memory;

/// <summary>Figures of the domain's memory, and what trim reports, over figures that the simulation sets.</summary>
public sealed class DomainMemoryTests : IDisposable
{
    private const ulong MiB = 1 << 20;
    private const long Page = SharedMemory.PageSize;

    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _domain;

    public DomainMemoryTests()
    {
        _domain = _hypervisor.CreateDomain();
        _domain.Figures.Memory = new MemoryInfo
        {
            Total = 64 * MiB,
            Free = (40 * MiB) + (3 * 4096),
            Image = 4 * MiB,
            Program = 12 * MiB,
            Shared = 2 * MiB,
            PageTables = MiB,
            Threads = MiB,
            Kernel = (4 * MiB) - (3 * 4096),
            Committed = 20 * MiB,
            CommitLimit = 55 * MiB,
        };
    }

    private DomainMemory Memory => _domain.Platform.Memory;

    public void Dispose() => _hypervisor.Dispose();

    [Fact]
    public void The_quick_statistics_are_the_places_counters_in_bytes()
    {
        MemoryStatistics now = Memory.GetQuickStatistics();
        Assert.Equal(
            new MemoryStatistics(64 << 20, (40 << 20) + (3 * 4096), 4 << 20, 12 << 20, 2 << 20, 1 << 20, 1 << 20, (4 << 20) - (3 * 4096), 20 << 20, 55 << 20, 64 << 20), now);
        Assert.Equal(now.Total, now.Free + now.Image + now.Program + now.Shared + now.PageTables + now.Threads + now.Kernel);
        Assert.Equal(35 << 20, now.Available);
    }

    [Fact]
    public void Nothing_is_available_when_stacks_have_used_the_reserve()
    {
        _domain.Figures.Memory = new MemoryInfo { Total = 8 * MiB, Committed = 7 * MiB, CommitLimit = 6 * MiB };
        Assert.Equal(0, Memory.GetQuickStatistics().Available);
    }

    [Fact]
    public void The_quick_statistics_allocate_nothing()
    {
        _ = Memory.GetQuickStatistics();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            _ = Memory.GetQuickStatistics();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void The_exact_statistics_have_the_free_memory_by_size_and_the_heap()
    {
        _domain.Figures.Heap = new HeapStatistics(Used: 5 << 20, Committed: 6 << 20, Fragmented: 1 << 19);
        MemoryDetails details = Memory.GetStatistics();
        Assert.Equal(Memory.GetQuickStatistics(), details.Memory);
        Assert.Equal(new HeapStatistics(5 << 20, 6 << 20, 1 << 19), details.Heap);
        Assert.Equal([1, 1, 0, 0, 0, 0, 0, 0, 0, 20], details.FreeBlocks);
        Assert.Equal(2 << 20, details.LargestFreeBlock);
        Assert.Equal(1, details.FreeInBlocksOf(1));
        Assert.Equal((40.0 * MiB) / ((40 * MiB) + (3 * 4096)), details.FreeInBlocksOf(2 << 20));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 4096)]
    [InlineData(7, 16384)]
    public void The_largest_free_block_is_what_can_be_had_in_one_piece(ulong freePages, long largest)
    {
        _domain.Figures.Memory = new MemoryInfo { Total = MiB, Free = freePages * 4096, Kernel = MiB - (freePages * 4096) };
        MemoryDetails details = Memory.GetStatistics();
        Assert.Equal(largest, details.LargestFreeBlock);
        Assert.Equal(0, details.FreeInBlocksOf(1 << 20));
    }

    [Fact]
    public void The_exact_statistics_count_granted_cached_and_foreign_pages()
    {
        SimulatedDomain peer = _hypervisor.CreateDomain();
        _hypervisor.Run(async () =>
        {
            SharedPages shared = await _domain.Platform.Grants.ShareAsync(peer.Id, 3, GrantAccess.ReadWrite);
            MemoryDetails details = Memory.GetStatistics();
            Assert.Equal((3 * Page, 0, 0), (details.Granted, details.Cached, details.Foreign));
            using (peer.Platform.Grants.Map(new ForeignGrant(_domain.Id, shared.References[0]), GrantAccess.ReadOnly))
            {
                Assert.Equal(Page, peer.Platform.Memory.GetStatistics().Foreign);
                shared.Dispose(); // one of the three is busy
                Assert.Equal(Page, Memory.GetStatistics().Granted);
            }
        });
        _hypervisor.Run(async () =>
        {
            (await _domain.Platform.Grants.ShareAsync(peer.Id, 1, GrantAccess.ReadWrite)).Dispose();
            Assert.Equal(Page, Memory.GetStatistics().Cached);
        });
    }

    [Fact]
    public void Trim_says_what_it_gave_back_and_drops_cached_pages()
    {
        ((IDisposable)_domain.Platform.Grants.AllocatePages(1)).Dispose();
        Assert.Equal(Page, Memory.GetStatistics().Cached);
        _domain.Figures.Trimmable = 5 * MiB;
        TrimResult result = Memory.Trim();
        Assert.Equal(5 << 20, result.Returned);
        Assert.Equal(Memory.GetQuickStatistics(), result.After);
        Assert.Equal(12 << 20, result.Before.Program);
        Assert.Equal(0, Memory.GetStatistics().Cached);
        Assert.Equal(0, Memory.Trim().Returned);
    }

    [Fact]
    public void Trim_runs_later_when_asked_to_and_can_be_given_up_before() => _hypervisor.Run(async () =>
    {
        _domain.Figures.Trimmable = MiB;
        Task<TrimResult> trim = Memory.TrimAsync();
        Assert.Equal(MiB, _domain.Figures.Trimmable);
        Assert.Equal(1 << 20, (await trim).Returned);

        _domain.Figures.Trimmable = MiB;
        using CancellationTokenSource stop = new();
        Task<TrimResult> given = Memory.TrimAsync(stop.Token);
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Memory.TrimAsync(stop.Token));
        Assert.Equal(MiB, _domain.Figures.Trimmable);
    });
}
