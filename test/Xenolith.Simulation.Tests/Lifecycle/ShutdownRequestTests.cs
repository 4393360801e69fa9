using Xenolith.Lifecycle;
using Xenolith.Simulation;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Lifecycle;

/// <summary>What the toolstack asks of a domain, by a word in <c>control/shutdown</c>.</summary>
public sealed class ShutdownRequestTests : IDisposable
{
    private const string Node = "/local/domain/1/control/shutdown";

    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _zero, _domain;

    public ShutdownRequestTests()
    {
        _zero = _hypervisor.CreateDomain();
        _domain = _hypervisor.CreateDomain();
    }

    public void Dispose() => _hypervisor.Dispose();

    private XenstoreClient Toolstack => _zero.Platform.Xenstore;

    private DomainLifecycle Lifecycle => _domain.Platform.Lifecycle;

    [Theory]
    [InlineData("poweroff", ShutdownRequest.PowerOff)]
    [InlineData("halt", ShutdownRequest.PowerOff)]
    [InlineData("reboot", ShutdownRequest.Reboot)]
    public void A_request_ends_the_wait_and_is_acknowledged(string word, ShutdownRequest request) => _hypervisor.Run(async () =>
    {
        Task<ShutdownRequest> wait = Lifecycle.WaitForRequestAsync().AsTask();
        await PassAsync();
        Assert.False(wait.IsCompleted);
        await Toolstack.WriteAsync(Node, word);
        Assert.Equal(request, await wait);
        Assert.Equal("", await Toolstack.ReadAsync(Node));
    });

    [Fact]
    public void A_request_from_before_anybody_waited_is_handed_out() => _hypervisor.Run(async () =>
    {
        await Toolstack.WriteAsync(Node, "reboot");
        await PassAsync();
        Assert.Equal(ShutdownRequest.Reboot, await Lifecycle.WaitForRequestAsync());
    });

    [Fact]
    public void What_is_waited_for_is_advertised_and_withdrawn_by_the_last_who_waits() => _hypervisor.Run(async () =>
    {
        using CancellationTokenSource one = new(), two = new();
        Assert.Equal(("", ""), await FeaturesAsync());
        Task first = Lifecycle.WaitForRequestAsync(ShutdownRequest.PowerOff, one.Token).AsTask();
        await PassAsync();
        Assert.Equal(("1", ""), await FeaturesAsync());
        Task second = Lifecycle.WaitForRequestAsync(cancellationToken: two.Token).AsTask();
        await PassAsync();
        Assert.Equal(("1", "1"), await FeaturesAsync());
        two.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal(("1", "0"), await FeaturesAsync());
        one.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(("0", "0"), await FeaturesAsync());
        Assert.Equal(0, _hypervisor.Xenstored.WatchCount);
    });

    [Fact]
    public void A_toolstack_without_nodes_for_the_features_is_heard_all_the_same() => _hypervisor.Run(async () =>
    {
        await Toolstack.RemoveAsync("/local/domain/1/control/feature-poweroff");
        await Toolstack.RemoveAsync("/local/domain/1/control/feature-reboot");
        await Toolstack.WriteAsync(Node, "poweroff");
        Assert.Equal(ShutdownRequest.PowerOff, await Lifecycle.WaitForRequestAsync());
    });

    [Fact]
    public void Cancelling_a_wait_leaves_the_request_to_the_next() => _hypervisor.Run(async () =>
    {
        using CancellationTokenSource giveUp = new();
        Task wait = Lifecycle.WaitForRequestAsync(cancellationToken: giveUp.Token).AsTask();
        await PassAsync();
        giveUp.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        await Toolstack.WriteAsync(Node, "reboot");
        await PassAsync();
        Assert.Equal("reboot", await Toolstack.ReadAsync(Node));
        Assert.Equal(ShutdownRequest.Reboot, await Lifecycle.WaitForRequestAsync());
    });

    [Fact]
    public void Requests_come_one_after_the_other_and_wait_in_xenstore_meanwhile() => _hypervisor.Run(async () =>
    {
        await using IAsyncEnumerator<ShutdownRequest> requests = Lifecycle.RequestsAsync().GetAsyncEnumerator();
        await Toolstack.WriteAsync(Node, "poweroff");
        Assert.True(await requests.MoveNextAsync());
        Assert.Equal(ShutdownRequest.PowerOff, requests.Current);
        await Toolstack.WriteAsync(Node, "reboot");
        await PassAsync();
        Assert.Equal("reboot", await Toolstack.ReadAsync(Node));
        Assert.Equal(("1", "1"), await FeaturesAsync());
        Assert.True(await requests.MoveNextAsync());
        Assert.Equal(ShutdownRequest.Reboot, requests.Current);
        Assert.Equal("", await Toolstack.ReadAsync(Node));
    });

    [Fact]
    public void One_of_several_who_wait_gets_a_request() => _hypervisor.Run(async () =>
    {
        Task<ShutdownRequest> a = Lifecycle.WaitForRequestAsync().AsTask(), b = Lifecycle.WaitForRequestAsync().AsTask();
        await PassAsync();
        await Toolstack.WriteAsync(Node, "poweroff");
        await PassAsync();
        Assert.True(a.IsCompleted ^ b.IsCompleted);
        await Toolstack.WriteAsync(Node, "reboot");
        Assert.Equal([ShutdownRequest.PowerOff, ShutdownRequest.Reboot], (await Task.WhenAll(a, b)).Order());
    });

    [Fact]
    public void Each_gets_what_it_waits_for() => _hypervisor.Run(async () =>
    {
        List<string> ignored = [];
        Lifecycle.RequestIgnored += ignored.Add;
        Task<ShutdownRequest> off = Lifecycle.WaitForRequestAsync(ShutdownRequest.PowerOff).AsTask();
        Task<ShutdownRequest> reboot = Lifecycle.WaitForRequestAsync(ShutdownRequest.Reboot).AsTask();
        await PassAsync();
        await Toolstack.WriteAsync(Node, "reboot");
        Assert.Equal(ShutdownRequest.Reboot, await reboot);
        Assert.False(off.IsCompleted);
        await Toolstack.WriteAsync(Node, "reboot");
        await PassAsync();
        Assert.False(off.IsCompleted);
        Assert.Equal("reboot", await Toolstack.ReadAsync(Node));
        Assert.Equal(["reboot"], ignored);
        await Toolstack.WriteAsync(Node, "poweroff");
        Assert.Equal(ShutdownRequest.PowerOff, await off);
    });

    [Theory]
    [InlineData("suspend", "suspend")]
    [InlineData("Poweroff", "Poweroff")]
    [InlineData("poweroff\n", "poweroff?")]
    [InlineData("\u001b[2J\0\u00e4", "?[2J??")]
    public void A_word_that_nobody_waits_for_is_told_once_and_left_as_it_is(string word, string told) => _hypervisor.Run(async () =>
    {
        List<string> ignored = [];
        Lifecycle.RequestIgnored += ignored.Add;
        Task<ShutdownRequest> wait = Lifecycle.WaitForRequestAsync().AsTask();
        await Toolstack.WriteAsync(Node, word);
        await PassAsync();
        await Toolstack.WriteAsync(Node, word);
        await PassAsync();
        Assert.False(wait.IsCompleted);
        Assert.Equal(word, await Toolstack.ReadAsync(Node));
        Assert.Equal([told], ignored);
        await Toolstack.WriteAsync(Node, "poweroff");
        Assert.Equal(ShutdownRequest.PowerOff, await wait);
        Assert.Single(ignored);
    });

    [Fact]
    public void A_word_that_is_as_long_as_xenstore_allows_is_cut_for_the_report() => _hypervisor.Run(async () =>
    {
        List<string> ignored = [];
        Lifecycle.RequestIgnored += ignored.Add;
        Task<ShutdownRequest> wait = Lifecycle.WaitForRequestAsync().AsTask();
        await Toolstack.WriteAsync(Node, "poweroff" + new string('x', 2000));
        await PassAsync();
        Assert.Equal(["poweroff" + new string('x', 56)], ignored);
        Assert.False(wait.IsCompleted);
        await Toolstack.WriteAsync(Node, "reboot");
        await wait;
    });

    [Fact]
    public void A_node_that_goes_and_comes_back_changes_nothing() => _hypervisor.Run(async () =>
    {
        await Toolstack.RemoveAsync(Node);
        Task<ShutdownRequest> wait = Lifecycle.WaitForRequestAsync().AsTask();
        await PassAsync();
        await Toolstack.WriteAsync(Node, "");
        await Toolstack.SetPermissionsAsync(Node, new XenstorePermissions(1, XenstoreAccess.None));
        await PassAsync();
        Assert.False(wait.IsCompleted);
        await Toolstack.WriteAsync(Node, "reboot");
        Assert.Equal(ShutdownRequest.Reboot, await wait);
    });

    [Fact]
    public void A_request_that_may_not_be_acknowledged_is_handed_out_once() => _hypervisor.Run(async () =>
    {
        await Toolstack.SetPermissionsAsync(Node, new XenstorePermissions(0, XenstoreAccess.Read));
        await Toolstack.WriteAsync(Node, "reboot");
        await using IAsyncEnumerator<ShutdownRequest> requests = Lifecycle.RequestsAsync().GetAsyncEnumerator();
        Assert.True(await requests.MoveNextAsync());
        Task next = requests.MoveNextAsync().AsTask();
        await PassAsync();
        Assert.False(next.IsCompleted);
        await Toolstack.WriteAsync(Node, "poweroff");
        await next;
        Assert.Equal(ShutdownRequest.PowerOff, requests.Current);
    });

    [Theory]
    [InlineData(null)]
    [InlineData((ushort)7)]
    public void After_a_resume_features_are_advertised_again_and_requests_heard(ushort? newId) => _hypervisor.Run(async () =>
    {
        Task<ShutdownRequest> wait = Lifecycle.WaitForRequestAsync().AsTask();
        await PassAsync();
        _domain.SuspendAndResume(newId);
        string home = $"/local/domain/{_domain.Id}/control";
        await Toolstack.WriteAsync($"{home}/feature-reboot", "");
        await PassAsync();
        Assert.Equal("1", await Toolstack.ReadAsync($"{home}/feature-poweroff"));
        await Toolstack.WriteAsync($"{home}/shutdown", "reboot");
        Assert.Equal(ShutdownRequest.Reboot, await wait);
    });

    [Fact]
    public void The_last_word_of_a_toolstack_that_changes_its_mind_is_never_lost()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            RunAlone(seed, async (toolstack, domain) =>
            {
                await using IAsyncEnumerator<ShutdownRequest> requests = domain.Platform.Lifecycle.RequestsAsync().GetAsyncEnumerator();
                Task writing = WriteAsync();
                do
                    Assert.True(await requests.MoveNextAsync());
                while (requests.Current != ShutdownRequest.Reboot);
                await writing;
                Assert.Equal("", await toolstack.ReadAsync(Node));

                async Task WriteAsync()
                {
                    for (int i = 0; i < 3; i++)
                        await toolstack.WriteAsync(Node, "poweroff");
                    await toolstack.WriteAsync(Node, "reboot");
                }
            });
        }
    }

    [Fact]
    public void A_connection_that_ends_at_any_moment_neither_loses_a_request_nor_doubles_it()
    {
        for (int steps = 0; steps < 150; steps++)
        {
            RunAlone(steps, async (toolstack, domain) =>
            {
                await using IAsyncEnumerator<ShutdownRequest> requests = domain.Platform.Lifecycle.RequestsAsync().GetAsyncEnumerator();
                Task<bool> first = requests.MoveNextAsync().AsTask();
                await toolstack.WriteAsync(Node, "reboot");
                for (int step = 0; step < steps; step++)
                    await Task.Yield();
                domain.SuspendAndResume();
                Assert.True(await first);
                Assert.Equal(ShutdownRequest.Reboot, requests.Current);
                Assert.Equal("", await toolstack.ReadAsync(Node));

                Task<bool> second = requests.MoveNextAsync().AsTask();
                await Task.Delay(TimeSpan.FromMinutes(1), domain.Platform.TimeProvider);
                Assert.False(second.IsCompleted);
                await toolstack.WriteAsync(Node, "poweroff");
                await second;
                Assert.Equal(ShutdownRequest.PowerOff, requests.Current);
            });
        }
    }

    [Theory]
    [InlineData(ShutdownRequest.None)]
    [InlineData((ShutdownRequest)8)]
    public void Waiting_for_nothing_known_is_refused_at_once(ShutdownRequest accepted) =>
        Assert.Throws<ArgumentOutOfRangeException>("accepted", () => Lifecycle.RequestsAsync(accepted));

    [Fact]
    public void The_end_of_the_platform_ends_the_wait() => _hypervisor.Run(async () =>
    {
        Task wait = Lifecycle.WaitForRequestAsync().AsTask();
        await PassAsync();
        await _domain.Platform.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait);
    });

    /// <summary>Lets everything happen that is to happen by now.</summary>
    private Task PassAsync() => Task.Delay(TimeSpan.FromSeconds(1), _hypervisor.Time);

    private async Task<(string? PowerOff, string? Reboot)> FeaturesAsync() =>
        (await Toolstack.ReadAsync("/local/domain/1/control/feature-poweroff"), await Toolstack.ReadAsync("/local/domain/1/control/feature-reboot"));

    private static void RunAlone(int seed, Func<XenstoreClient, SimulatedDomain, Task> program)
    {
        using SimulatedHypervisor hypervisor = new(new SimulationOptions { Seed = seed });
        XenstoreClient toolstack = hypervisor.CreateDomain().Platform.Xenstore;
        SimulatedDomain domain = hypervisor.CreateDomain();
        hypervisor.Run(() => program(toolstack, domain));
    }
}
