using Microsoft.Win32.SafeHandles;
using Xenolith.Grants;
using Xenolith.Simulation;

namespace Xenolith.Tests.Grants;

public sealed class GrantTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new(new SimulationOptions { MaxReferences = 1024 });
    private readonly SimulatedDomain _peer, _domain;

    public GrantTests()
    {
        _peer = _hypervisor.CreateDomain();
        _domain = _hypervisor.CreateDomain();
    }

    private GrantTable Table => _domain.Platform.Grants;

    public void Dispose() => _hypervisor.Dispose();

    private ForeignMapping Map(SharedPages shared, GrantAccess access = GrantAccess.ReadWrite) =>
        _peer.Platform.Grants.Map(new ForeignGrant(_domain.Id, shared.References[0]), access);

    [Fact]
    public void MSA01_a_page_whose_frame_held_another_domains_secret_is_zero_when_it_is_handed_out()
    {
        // The simulated host hands frames out as they were left, and the pool of pages keeps them as they were: both ways must be clean.
        for (int i = 0; i < 3; i++)
        {
            using (IoPages secret = _peer.Platform.Grants.AllocatePages(2))
                secret.GetSpan().Fill(0x5A);
            using IoPages fresh = Table.AllocatePages(2);
            Assert.Equal(-1, fresh.GetSpan().IndexOfAnyExcept((byte)0));
            using IoPages single = Table.AllocatePages(1);
            Assert.Equal(-1, single.GetSpan().IndexOfAnyExcept((byte)0));
            single.GetSpan().Fill(0x5A);
        }
    }

    [Fact]
    public void MSA02_a_failed_end_of_access_keeps_page_and_reference_whatever_the_error() => _hypervisor.Run(async () =>
    {
        SharedPages shared = await Table.ShareAsync(_peer.Id, 1, GrantAccess.ReadWrite);
        ForeignMapping mapping = Map(shared);
        nint page = shared.Pages.Address;
        _domain.Faults.Fail(SimulatedOperation.EndGrant, XenError.BadAddress, times: 5);
        Assert.Equal(XenError.BadAddress, Assert.Throws<XenException>(() => shared.TryUnshare()).Error);
        shared.Pages.GetSpan()[0] = 1;
        shared.Dispose();
        Assert.Equal(1, Table.GetStatistics().Reclaiming);
        Assert.Equal(1, Table.GetStatistics().Pages);
        using IoPages other = Table.AllocatePages(1);
        Assert.NotEqual(page, other.Address);
        mapping.Unmap();
        await Task.Delay(TimeSpan.FromMinutes(1), _hypervisor.Time);
        Assert.Equal(0, Table.GetStatistics().Reclaiming);
        Assert.Equal(1, Table.GetStatistics().Reclaimed);
    });

    [Fact]
    public void A_peer_that_never_unmaps_is_asked_with_growing_pauses_and_the_page_is_never_used_again() => _hypervisor.Run(async () =>
    {
        SharedPages shared = await Table.ShareAsync(_peer.Id, 1, GrantAccess.ReadWrite);
        ForeignMapping mapping = Map(shared);
        nint page = shared.Pages.Address;
        shared.Dispose();
        await Task.Delay(TimeSpan.FromHours(1), _hypervisor.Time);
        GrantStatistics statistics = Table.GetStatistics();
        Assert.InRange(statistics.ReclaimTries, 360, 375); // 10 ms, 20 ms, ... then every 10 s
        Assert.Equal((1, 1), (statistics.Reclaiming, statistics.Pages));
        using IoPages many = Table.AllocatePages(100);
        Assert.False(page >= many.Address && page < many.Address + many.Length);
        mapping.Unmap();
        await Task.Delay(TimeSpan.FromSeconds(10), _hypervisor.Time);
        Assert.Equal((0, 0), (Table.GetStatistics().Reclaiming, Table.GetStatistics().Granted));
    });

    [Fact]
    public void The_end_of_the_peer_ends_its_mappings_so_that_pages_are_reclaimed() => _hypervisor.Run(async () =>
    {
        SharedPages shared = await Table.ShareAsync(_peer.Id, 1, GrantAccess.ReadWrite);
        Map(shared);
        shared.Dispose();
        _peer.Destroy();
        await Task.Delay(TimeSpan.FromSeconds(1), _hypervisor.Time);
        Assert.Equal(0, Table.GetStatistics().Reclaiming);
    });

    [Fact]
    public void Unsharing_waits_until_the_peer_lets_go_and_can_be_given_up() => _hypervisor.Run(async () =>
    {
        SharedPages shared = await Table.ShareAsync(_peer.Id, 1, GrantAccess.ReadWrite);
        ForeignMapping mapping = Map(shared);
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(1), _hypervisor.Time);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await shared.UnshareAsync(patience.Token));
        Assert.Equal(0, shared.Pages.GetSpan()[0]); // still there
        Task unshared = shared.UnshareAsync().AsTask();
        await Task.Delay(TimeSpan.FromSeconds(5), _hypervisor.Time);
        Assert.False(unshared.IsCompleted);
        mapping.Unmap();
        await unshared;
        Assert.Equal((0, 0), (Table.GetStatistics().Granted, Table.GetStatistics().Pages));
    });

    [Fact]
    public void Who_waits_first_is_served_first_even_if_fewer_would_do_for_another() => _hypervisor.Run(async () =>
    {
        GrantReferences most = await Table.ReserveAsync(Table.Limit - 10);
        List<int> served = [];
        Task large = ReserveAsync(100, 1), small = ReserveAsync(1, 2);
        Assert.Null(Table.TryReserve(1)); // ten are free, but not for who comes later
        Assert.Equal(2, Table.GetStatistics().WaitingReservations);
        most.Dispose();
        await Task.WhenAll(large, small);
        Assert.Equal([1, 2], served);

        async Task ReserveAsync(int count, int number)
        {
            ValueTask<GrantReferences> reservation = Table.ReserveAsync(count);
            using GrantReferences references = await reservation;
            Assert.Equal(count, references.Count);
            lock (served)
                served.Add(number);
        }
    });

    [Fact]
    public void Cancelling_a_large_reservation_lets_a_small_one_behind_it_through() => _hypervisor.Run(async () =>
    {
        using GrantReferences most = await Table.ReserveAsync(Table.Limit - 10);
        using CancellationTokenSource cancellation = new();
        Task<GrantReferences> large = Table.ReserveAsync(11, cancellation.Token).AsTask();
        Task<GrantReferences> small = Table.ReserveAsync(10).AsTask();
        await Task.Delay(TimeSpan.FromMilliseconds(1), _hypervisor.Time);
        Assert.False(small.IsCompleted);
        cancellation.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        (await small).Dispose();
        Assert.Equal(10, Table.GetStatistics().Free);
    });

    [Fact]
    public async Task More_references_than_Xen_allows_are_refused_at_once()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Table.ReserveAsync(Table.Limit + 1, TestContext.Current.CancellationToken));
        Assert.Equal(1024 - 8, Table.Limit);
    }

    [Fact]
    public void The_table_grows_to_the_limit_and_every_reference_is_handed_out_once()
    {
        using GrantReferences all = Table.TryReserve(Table.Limit)!;
        Assert.Equal(Table.Limit, Enumerable.Range(0, all.Count).Select(index => all[index]).Distinct().Count());
        Assert.All(Enumerable.Range(0, all.Count), index => Assert.InRange(all[index], 8u, 1023u));
        Assert.Null(Table.TryReserve(1));
    }

    [Fact]
    public void Pages_that_are_disposed_of_while_granted_live_until_the_grant_ends() => _hypervisor.Run(async () =>
    {
        GrantReferences references = await Table.ReserveAsync(1);
        IoPages pages = Table.AllocatePages(1);
        references.Grant(0, _peer.Id, pages, 0, GrantAccess.ReadWrite);
        nint address = pages.Address;
        ((IDisposable)pages).Dispose();
        Assert.Throws<ObjectDisposedException>(() => pages.GetSpan());
        using (IoPages other = Table.AllocatePages(1))
            Assert.NotEqual(address, other.Address);
        references.Dispose();
        Assert.Equal(0, Table.GetStatistics().Pages);
    });

    [Fact]
    public void Pinned_memory_outlives_its_owner()
    {
        IoPages pages = Table.AllocatePages(1);
        System.Buffers.MemoryHandle pin = pages.Memory.Pin();
        ((IDisposable)pages).Dispose();
        Assert.Equal(1, Table.GetStatistics().Pages);
        pin.Dispose();
        Assert.Equal(0, Table.GetStatistics().Pages);
    }

    [Fact]
    public async Task A_reference_grants_one_page_at_a_time()
    {
        using GrantReferences references = Table.TryReserve(1)!;
        using IoPages pages = Table.AllocatePages(2);
        references.Grant(0, _peer.Id, pages, 0, GrantAccess.ReadOnly);
        Assert.Throws<InvalidOperationException>(() => references.Grant(0, _peer.Id, pages, 1, GrantAccess.ReadOnly));
        Assert.Throws<ArgumentOutOfRangeException>(() => references.Grant(0, _peer.Id, pages, 2, GrantAccess.ReadOnly));
        await Task.CompletedTask;
    }

    [Fact]
    public void A_share_that_fails_half_way_leaves_nothing_behind() => _hypervisor.Run(async () =>
    {
        _domain.Faults.Fail(SimulatedOperation.Grant, XenError.BadAddress, after: 2);
        await Assert.ThrowsAsync<XenException>(async () => await Table.ShareAsync(_peer.Id, 4, GrantAccess.ReadWrite));
        _domain.Faults.Fail(SimulatedOperation.AllocatePages, XenError.NoMemory, times: 2);
        await Assert.ThrowsAsync<InsufficientMemoryException>(async () => await Table.ShareAsync(_peer.Id, 4, GrantAccess.ReadWrite));
        GrantStatistics statistics = Table.GetStatistics();
        Assert.Equal((504, 0, 0, 0), (statistics.Free, statistics.Granted, statistics.Reserved, statistics.Pages));
    });

    [Fact]
    public void A_refused_unmap_is_an_exception_and_when_disposing_a_count() => _hypervisor.Run(async () =>
    {
        await using SharedPages shared = await Table.ShareAsync(_peer.Id, 1, GrantAccess.ReadWrite);
        ForeignMapping first = Map(shared), second = Map(shared);
        _peer.Faults.Fail(SimulatedOperation.Unmap, XenError.NoDevice, times: 2);
        Assert.Equal(XenError.NoDevice, Assert.Throws<XenException>(first.Unmap).Error);
        ((IDisposable)second).Dispose();
        Assert.Equal(2, _peer.Platform.Grants.GetStatistics().FailedUnmaps);
        Assert.Throws<ObjectDisposedException>(() => first.GetSpan());
    });

    [Fact]
    public void Writing_to_a_read_only_mapping_faults() => _hypervisor.Run(async () =>
    {
        await using SharedPages shared = await Table.ShareAsync(_peer.Id, 1, GrantAccess.ReadWrite);
        using ForeignMapping readOnly = Map(shared, GrantAccess.ReadOnly), writable = Map(shared);
        // The operating system writes in our stead, and reports the fault instead of ending the process.
        using SafeFileHandle zeroes = File.OpenHandle("/dev/zero");
        Assert.Equal(1, ReadInto(zeroes, writable));
        Assert.ThrowsAny<IOException>(() => ReadInto(zeroes, readOnly));

        static unsafe int ReadInto(SafeFileHandle file, ForeignMapping mapping) =>
            RandomAccess.Read(file, new Span<byte>((void*)mapping.Address, 1), 0);
    });

    [Fact]
    public void After_a_resume_every_reference_is_free_memory_is_kept_and_handles_are_stale() => _hypervisor.Run(async () =>
    {
        SharedPages shared = await Table.ShareAsync(_peer.Id, 2, GrantAccess.ReadWrite);
        SharedPages busy = await Table.ShareAsync(_peer.Id, 1, GrantAccess.ReadWrite);
        ForeignMapping theirs = Map(busy);
        SharedPages offered = await _peer.Platform.Grants.ShareAsync(_domain.Id, 1, GrantAccess.ReadWrite);
        ForeignMapping ours = Table.Map(new ForeignGrant(_peer.Id, offered.References[0]), GrantAccess.ReadWrite);
        busy.Pages.GetSpan()[0] = 7;
        shared.Pages.GetSpan()[0] = 8;
        SharedPages abandoned = await Table.ShareAsync(_peer.Id, 1, GrantAccess.ReadWrite);
        ForeignMapping held = Map(abandoned);
        abandoned.Dispose();
        Assert.Equal(1, Table.GetStatistics().Reclaiming);

        _domain.SuspendAndResume();

        GrantStatistics statistics = Table.GetStatistics();
        Assert.Equal((504, 0, 0, 3), (statistics.Free, statistics.Granted, statistics.Reclaiming, statistics.Pages));
        Assert.Equal((7, 8), (busy.Pages.GetSpan()[0], shared.Pages.GetSpan()[0]));
        busy.Pages.GetSpan()[0] = 9;
        Assert.Equal(7, theirs.GetSpan()[0]); // the peer keeps what it had, and sees no more
        Assert.Throws<StaleHandleException>(() => shared.TryUnshare());
        Assert.Throws<StaleHandleException>(() => ours.GetSpan());
        shared.Dispose();
        busy.Dispose();
        ((IDisposable)ours).Dispose();
        Assert.Equal(0, Table.GetStatistics().FailedUnmaps);
        Assert.Equal(EndGrantResult.Ended, offered.TryUnshare());
        await using SharedPages fresh = await Table.ShareAsync(_peer.Id, 1, GrantAccess.ReadWrite);
        fresh.Pages.GetSpan()[1] = 3;
        using ForeignMapping again = Map(fresh);
        Assert.Equal(3, again.GetSpan()[1]);
    });

#if !DEBUG // where each grant notes who took it
    [Fact]
    public void Granting_and_ending_allocate_nothing()
    {
        using GrantReferences references = Table.TryReserve(1)!;
        using IoPages pages = Table.AllocatePages(1);
        Cycle(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Cycle(1000);
        // What the simulated hypervisor notes of each grant, and nothing else.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000 * 40);

        void Cycle(int times)
        {
            for (int i = 0; i < times; i++)
            {
                references.Grant(0, _peer.Id, pages, 0, GrantAccess.ReadWrite);
                references.TryEnd(0);
            }
        }
    }
#endif

    [Fact]
    public void The_dump_names_who_took_a_page()
    {
        using GrantReferences references = Table.TryReserve(1)!;
        using IoPages pages = Table.AllocatePages(1);
        references.Grant(0, _peer.Id, pages, 0, GrantAccess.ReadWrite);
        string dump = Table.Dump();
        Assert.Contains($"reference {references[0]} to domain 0: Granted", dump, StringComparison.Ordinal);
        Assert.Equal(IsDebug, dump.Contains(nameof(The_dump_names_who_took_a_page), StringComparison.Ordinal));
    }

#if DEBUG
    private static readonly bool IsDebug = true;
#else
    private static readonly bool IsDebug = false;
#endif
}
