using System.Buffers.Binary;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Simulation;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Xenstore;

/// <summary>The client that every domain has, over its ring to the simulated xenstored.</summary>
public sealed class DomainXenstoreTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _zero, _domain;

    public DomainXenstoreTests()
    {
        _zero = _hypervisor.CreateDomain();
        _domain = _hypervisor.CreateDomain(name: "web");
    }

    public void Dispose() => _hypervisor.Dispose();

    private XenstoreClient Toolstack => _zero.Platform.Xenstore;

    private XenstoreClient Store => _domain.Platform.Xenstore;

    [Fact]
    public void A_domain_finds_itself_in_its_home_and_domain_0_sees_what_it_writes() => _hypervisor.Run(async () =>
    {
        Assert.Equal("web", await Store.ReadAsync("name"));
        Assert.Equal("1", await Store.ReadAsync("domid"));
        Assert.Equal("web", await Store.ReadAsync($"{await Store.ReadAsync("vm")}/name"));
        await Store.WriteAsync("data/greeting", "hello");
        Assert.Equal("hello", await Toolstack.ReadAsync("/local/domain/1/data/greeting"));
        Assert.Equal("Domain-0", await Toolstack.ReadAsync("name"));
    });

    [Fact]
    public void A_domain_writes_where_xl_lets_it_and_nowhere_else() => _hypervisor.Run(async () =>
    {
        foreach (string path in (string[])["data/x", "control/feature-poweroff", "control/shutdown", "attr/x", "error/x"])
            await Store.WriteAsync(path, "1");
        foreach (string path in (string[])["x", "name", "control/x", "device/x", "/x", "/local/domain/0/data", "/libxl/1/x"])
            await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => Store.WriteAsync(path, "1"));
    });

    [Fact]
    public void The_client_is_one_for_all_and_ends_with_the_platform() => _hypervisor.Run(async () =>
    {
        XenstoreClient store = Store;
        Assert.Same(store, _domain.Platform.Xenstore);
        await using XenstoreWatch watch = await store.WatchAsync("data");
        await _domain.Platform.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.ReadAsync("name"));
    });

    [Fact]
    public void A_client_that_was_never_used_ends_too() => _hypervisor.Run(async () =>
    {
        XenstoreClient store = Store;
        await _domain.Platform.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.ReadAsync("name"));
        await _zero.Platform.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => Toolstack);
    });

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Messages_larger_than_the_ring_and_hundreds_at_once_get_through_in_every_order(int seed)
    {
        using SimulatedHypervisor hypervisor = new(new SimulationOptions { Seed = seed });
        hypervisor.CreateDomain();
        XenstoreClient store = hypervisor.CreateDomain().Platform.Xenstore;
        hypervisor.Run(async () =>
        {
            string large = new('x', 2000);
            await Task.WhenAll(Enumerable.Range(0, 100).Select(n => store.WriteAsync($"data/{n}", $"{n} {large}")));
            string?[] values = await Task.WhenAll(Enumerable.Range(0, 100).Select(n => store.ReadAsync($"data/{n}")));
            Assert.Equal(Enumerable.Range(0, 100).Select(n => $"{n} {large}"), values);
            Assert.Equal(100, (await store.ListAsync("data"))!.Count);
        });
    }

    [Fact]
    public void Equal_seeds_give_equal_runs()
    {
        Assert.Equal(Count(5), Count(5));

        static long Count(int seed)
        {
            using SimulatedHypervisor hypervisor = new(new SimulationOptions { Seed = seed });
            XenstoreClient zero = hypervisor.CreateDomain().Platform.Xenstore, one = hypervisor.CreateDomain().Platform.Xenstore;
            hypervisor.Run(async () =>
            {
                Task<string?> wait = one.WaitForValueAsync("data/x", value => value == "9");
                for (int i = 0; i < 10; i++)
                    await zero.WriteAsync("/local/domain/1/data/x", $"{i}");
                await wait;
            });
            return hypervisor.Steps;
        }
    }

    [Fact]
    public void Waiting_takes_part_in_virtual_time_and_can_be_given_up() => _hypervisor.Run(async () =>
    {
        using CancellationTokenSource giveUp = new(TimeSpan.FromMinutes(3), _hypervisor.Time);
        Task<string?> never = Store.WaitForValueAsync("data/never", value => value is not null, giveUp.Token);
        Task<string?> later = Store.WaitForValueAsync("data/later", value => value is not null);
        await Task.Delay(TimeSpan.FromHours(1), _hypervisor.Time);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => never);
        await Toolstack.WriteAsync("/local/domain/1/data/later", "now");
        Assert.Equal("now", await later);
        Assert.Equal(TimeSpan.FromHours(1), _hypervisor.Time.Elapsed);
        Assert.Equal(0, _hypervisor.Xenstored.WatchCount);
    });

    [Fact]
    public void After_a_resume_the_client_goes_on_watches_tell_once_and_transactions_can_be_made_again() => _hypervisor.Run(async () =>
    {
        await using XenstoreWatch watch = await Store.WatchAsync("data");
        await watch.ReadAsync();
        await using XenstoreTransaction transaction = await Store.StartTransactionAsync();
        await transaction.WriteAsync("data/lost", "1");

        _domain.SuspendAndResume();

        Assert.Equal("data", (await watch.ReadAsync()).Path);
        await Assert.ThrowsAsync<XenstoreDisconnectedException>(() => transaction.CommitAsync());
        Assert.Equal("web", await Store.ReadAsync("name"));
        await Toolstack.WriteAsync("/local/domain/1/data/x", "1");
        Assert.Equal("data/x", (await watch.ReadAsync()).Path);
        Assert.False(await Store.ExistsAsync("data/lost"));
        Assert.Equal((1, 0, 2), (_hypervisor.Xenstored.WatchCount, _hypervisor.Xenstored.TransactionCount, Store.ConnectionGeneration));
    });

    [Fact]
    public void What_is_asked_for_after_a_resume_is_for_the_new_connection_though_nobody_has_noticed_yet() => _hypervisor.Run(async () =>
    {
        await Store.WriteAsync("data/x", "old");
        _domain.SuspendAndResume(newId: 7);
        await Store.WriteAsync("data/x", "new");
        Assert.Equal("new", await Toolstack.ReadAsync("/local/domain/7/data/x"));

        _domain.SuspendAndResume();
        await using XenstoreWatch watch = await Store.WatchAsync("data/x");
        _domain.SuspendAndResume();
        await using XenstoreTransaction transaction = await Store.StartTransactionAsync();
        await transaction.WriteAsync("data/x", "newer");
        Assert.True(await transaction.CommitAsync());
        Assert.Equal("newer", await Toolstack.ReadAsync("/local/domain/7/data/x"));
    });

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Resumes_in_the_middle_of_traffic_end_requests_and_nothing_else(int seed)
    {
        using SimulatedHypervisor hypervisor = new(new SimulationOptions { Seed = seed });
        hypervisor.CreateDomain();
        SimulatedDomain domain = hypervisor.CreateDomain();
        XenstoreClient store = domain.Platform.Xenstore;
        int written = 0, ended = 0;
        hypervisor.Run(async () =>
        {
            Task[] writers = [.. Enumerable.Range(0, 8).Select(WriteAsync)];
            for (int resume = 0; resume < 10; resume++)
            {
                for (int step = 0; step < 20 * seed; step++)
                    await Task.Yield();
                domain.SuspendAndResume();
            }
            await Task.WhenAll(writers);
            for (int writer = 0; writer < 8; writer++)
                Assert.Equal(new string('9', 1500), await store.ReadAsync($"data/{writer}"));
        });
        Assert.Equal(80, written);
        Assert.InRange(ended, 1, 1000);
        Assert.Equal(10, domain.Platform.Generation.Number);

        async Task WriteAsync(int writer)
        {
            for (int i = 0; i < 10;)
            {
                try
                {
                    await store.WriteAsync($"data/{writer}", new string((char)('0' + i), 1500));
                    i++;
                    written++;
                }
                catch (XenstoreDisconnectedException)
                {
                    ended++;
                }
            }
        }
    }

    [Fact]
    public void A_migrated_domain_has_another_number_and_another_home() => _hypervisor.Run(async () =>
    {
        await using XenstoreWatch introduced = await Toolstack.WatchAsync(XenstorePath.IntroduceDomain);
        await introduced.ReadAsync();
        await Store.WriteAsync("data/x", "old");

        _domain.SuspendAndResume(newId: 7);

        Assert.Equal(7, _domain.Id);
        Assert.Equal(("7", "web"), (await Store.ReadAsync("domid"), await Store.ReadAsync("name")));
        Assert.Null(await Store.ReadAsync("data/x"));
        await introduced.ReadAsync();
        Assert.Equal(["0", "7"], (await Toolstack.ListAsync("/local/domain"))!.Order());
        using EventChannel here = _domain.Platform.EventChannels.AllocateUnbound(0);
        using EventChannel there = _zero.Platform.EventChannels.BindInterdomain(7, here.Port);
        Assert.Throws<ArgumentException>(() => _domain.SuspendAndResume(newId: 0));
        Assert.Equal(2, _hypervisor.CreateDomain().Id);
    });

    [Fact]
    public void A_domain_that_ends_is_told_to_the_toolstack_and_leaves_nothing() => _hypervisor.Run(async () =>
    {
        await Store.WriteAsync("data/x", "1");
        _ = await Store.WatchAsync("data");
        await using XenstoreWatch released = await Toolstack.WatchAsync(XenstorePath.ReleaseDomain);
        await released.ReadAsync();
        _domain.Destroy();
        Assert.Equal(XenstorePath.ReleaseDomain, (await released.ReadAsync()).Path);
        Assert.Equal(["0"], (await Toolstack.ListAsync("/local/domain"))!);
        Assert.Equal(["0"], (await Toolstack.ListAsync("/libxl"))!);
        Assert.Single((await Toolstack.ListAsync("/vm"))!);
        Assert.Equal(1, _hypervisor.Xenstored.WatchCount);
    });

    [Fact]
    public void What_a_stopped_thread_left_in_the_indexes_of_a_new_ring_does_not_count() => _hypervisor.Run(async () =>
    {
        using IoPages page = _domain.Platform.Grants.AllocatePages(1);
        BinaryPrimitives.WriteUInt32LittleEndian(page.GetSpan()[XenstoreRing.Requests.Producer..], 0x12345);
        BinaryPrimitives.WriteUInt32LittleEndian(page.GetSpan()[XenstoreRing.Replies.Consumer..], 0x777);
        await using XenstoreRing ring = new(page, _domain.Platform.EventChannels.BindIpi(), startsEmpty: true);
        Assert.Equal(0, ring.Read(new byte[10]));
        Assert.Equal(10, ring.Write(new byte[10]));
        Assert.Equal(10u, BinaryPrimitives.ReadUInt32LittleEndian(page.GetSpan()[XenstoreRing.Requests.Producer..]));
    });
}
