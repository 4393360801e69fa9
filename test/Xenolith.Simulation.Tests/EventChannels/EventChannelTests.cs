using Xenolith.EventChannels;
using Xenolith.Simulation;

namespace Xenolith.Tests.EventChannels;

public sealed class EventChannelTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _zero, _domain;

    public EventChannelTests()
    {
        _zero = _hypervisor.CreateDomain();
        _domain = _hypervisor.CreateDomain();
    }

    public void Dispose() => _hypervisor.Dispose();

    [Fact]
    public void A_resume_ends_waits_with_the_stale_handle_exception_and_new_channels_work() => _hypervisor.Run(async () =>
    {
        EventChannel old = _domain.Platform.EventChannels.BindIpi();
        Generation generation = _domain.Platform.Generation;
        Task<EventCount> wait = old.WaitAsync(old.Count).AsTask();
        _domain.SuspendAndResume();
        await Assert.ThrowsAsync<StaleHandleException>(() => wait);
        Assert.Throws<StaleHandleException>(() => old.Notify());
        Assert.False(old.IsValid);
        Assert.True(generation.IsOver);
        Assert.Equal(1, _domain.Platform.Generation.Number);
        EventChannel fresh = _domain.Platform.EventChannels.BindIpi();
        Assert.Equal(old.Port, fresh.Port);
        old.Dispose(); // must not close the new channel of that number
        Assert.Equal(NotifyResult.Sent, fresh.Notify());
        await fresh.WaitAsync(EventCount.None);
    });

    [Fact]
    public void A_loop_over_generations_reattaches() => _hypervisor.Run(async () =>
    {
        int served = 0;
        using CancellationTokenSource stop = new();
        Task loop = ServeAsync();
        for (int i = 0; i < 5; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), _hypervisor.Time);
            _domain.SuspendAndResume();
        }
        await Task.Delay(TimeSpan.FromMilliseconds(10), _hypervisor.Time);
        stop.Cancel();
        await loop;
        Assert.Equal(6, served);

        async Task ServeAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                Generation generation = _domain.Platform.Generation;
                using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, generation.Ended);
                using EventChannel channel = _domain.Platform.EventChannels.AllocateUnbound(0);
                served++;
                try
                {
                    await channel.WaitAsync(channel.Count, both.Token);
                }
                catch (StaleHandleException)
                {
                }
                catch (OperationCanceledException)
                {
                }
            }
        }
    });

    [Fact]
    public void A_notification_to_a_domain_that_died_is_dropped_and_domain_0_hears_of_the_death() => _hypervisor.Run(async () =>
    {
        using EventChannel deaths = _zero.Platform.EventChannels.BindVirtualInterrupt(VirtualInterrupt.DomainException);
        EventChannel theirs = _domain.Platform.EventChannels.AllocateUnbound(_zero.Id);
        using EventChannel ours = _zero.Platform.EventChannels.BindInterdomain(_domain.Id, theirs.Port);
        EventCount seen = deaths.Count;
        _domain.Destroy();
        await deaths.WaitAsync(seen);
        Assert.Equal(NotifyResult.Sent, ours.Notify());
        Assert.Equal(EventChannelState.Unbound, ours.GetStatus().State);
    });

    [Fact]
    public void A_notification_that_Xen_refuses_is_a_result() => _hypervisor.Run(() =>
    {
        using EventChannel channel = _domain.Platform.EventChannels.BindIpi();
        _domain.Faults.Fail(SimulatedOperation.Notify, XenError.Invalid);
        Assert.Equal(NotifyResult.NoPeer, channel.Notify());
        Assert.Equal(NotifyResult.Sent, channel.Notify());
        return Task.CompletedTask;
    });

    [Fact]
    public void An_unprivileged_domain_may_not_bind_the_interrupt_of_other_domains_ends() =>
        Assert.Equal(
            XenError.NotPermitted,
            Assert.Throws<XenException>(() => _domain.Platform.EventChannels.BindVirtualInterrupt(VirtualInterrupt.DomainException)).Error);

    [Fact]
    public void When_all_ports_are_open_the_next_is_refused_and_closing_one_makes_room()
    {
        EventChannelTable table = _domain.Platform.EventChannels;
        List<EventChannel> channels = [];
        XenException? full = null;
        while (full is null)
        {
            try
            {
                channels.Add(table.BindIpi());
            }
            catch (XenException error)
            {
                full = error;
            }
        }
        Assert.Equal(XenError.NoSpace, full.Error);
        Assert.Equal(4094, channels.Count); // the first is the one to xenstored
        channels[17].Dispose();
        Assert.Equal(channels[17].Port, table.BindIpi().Port);
    }

    [Fact]
    public void A_wait_with_a_cancelled_token_still_returns_an_event_that_has_arrived() => _hypervisor.Run(async () =>
    {
        using EventChannel channel = _domain.Platform.EventChannels.BindIpi();
        channel.Notify();
        await channel.WaitAsync(EventCount.None);
        await channel.WaitAsync(EventCount.None, new CancellationToken(true));
        await Assert.ThrowsAsync<TaskCanceledException>(async () => await channel.WaitAsync(channel.Count, new CancellationToken(true)));
    });

    [Fact]
    public void The_dump_and_the_statistics_count_what_happened() => _hypervisor.Run(async () =>
    {
        using EventChannel channel = _domain.Platform.EventChannels.BindIpi();
        for (int i = 0; i < 3; i++)
        {
            EventCount seen = channel.Count;
            channel.Notify();
            await channel.WaitAsync(seen);
        }
        EventChannelStatistics statistics = Assert.Single(_domain.Platform.EventChannels.GetStatistics());
        Assert.Equal((channel.Port, 3L, 3L, 3L, 0), (statistics.Port, statistics.Events, statistics.Notifications, statistics.Waits, statistics.Waiting));
        Assert.Contains($"port {channel.Port} (to CPU 0): open, 3 events, 3 sent", _domain.Platform.EventChannels.Dump(), StringComparison.Ordinal);
    });

    [Fact]
    public void Waiting_allocates_nothing_in_the_steady_state()
    {
        // A platform that fires on the calling thread, so that all that a wait allocates is allocated here.
        using InlineEvents events = new();
        using EventChannel channel = new InlinePlatform(events).EventChannels.BindIpi();
        using CancellationTokenSource cancellation = new();
        Assert.Equal(1000, WaitAndFire(1000));
        long before = GC.GetAllocatedBytesForCurrentThread();
        int done = WaitAndFire(10_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(10_000, done);

        int WaitAndFire(int times) // asserts nothing: assertions allocate
        {
            int good = 0;
            for (int i = 0; i < times; i++)
            {
                ValueTask<EventCount> first = channel.WaitAsync(channel.Count, cancellation.Token);
                ValueTask<EventCount> second = channel.WaitAsync(channel.Count);
                bool early = first.IsCompleted || second.IsCompleted;
                events.Fire(channel.Port);
                good += !early && first.Result == channel.Count && second.Result == channel.Count ? 1 : 0;
            }
            return good;
        }
    }

    [Fact]
    public async Task Waits_notifications_and_cancellations_from_many_threads_lose_nothing()
    {
        // Real threads: the simulation delivers on the thread pool.
        using EventChannel channel = _domain.Platform.EventChannels.BindIpi();
        using CancellationTokenSource end = new();
        Task[] waiters = [.. Enumerable.Range(0, 4).Select(number => Task.Run(() => WaitAsync(number), TestContext.Current.CancellationToken))];
        for (int i = 0; i < 2000; i++)
        {
            EventCount seen = channel.Count;
            channel.Notify();
            await channel.WaitAsync(seen, TestContext.Current.CancellationToken);
        }
        await end.CancelAsync();
        await Task.WhenAll(waiters);
        Assert.Equal(0, _domain.Platform.EventChannels.GetStatistics().Single().Waiting);

        async Task WaitAsync(int number)
        {
            Random random = new(number);
            EventCount seen = channel.Count;
            while (!end.IsCancellationRequested)
            {
                using CancellationTokenSource own = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
                try
                {
                    ValueTask<EventCount> wait = channel.WaitAsync(seen, own.Token);
                    if (random.Next(2) == 0)
                        own.Cancel(); // races with the event
                    EventCount now = await wait;
                    Assert.True(now > seen);
                    seen = now;
                }
                catch (OperationCanceledException error)
                {
                    Assert.Equal(own.Token, error.CancellationToken);
                }
            }
        }
    }

    [Fact]
    public async Task An_event_that_comes_while_the_waiter_is_being_listed_ends_the_wait()
    {
        using InlineEvents events = new();
        using EventChannel channel = new InlinePlatform(events).EventChannels.BindIpi();
        using CancellationTokenSource cancellation = new();
        int round = 0;
        Thread peer = new(() =>
        {
            for (int i = 1; i <= 100_000 && Volatile.Read(ref round) >= 0; i++)
            {
                while (Volatile.Read(ref round) is var now && now >= 0 && now < i)
                    Thread.SpinWait(1);
                Thread.SpinWait(i % 8);
                events.Fire(channel.Port);
            }
        });
        peer.Start();
        try
        {
            for (int i = 1; i <= 100_000; i++)
            {
                EventCount seen = channel.Count;
                Volatile.Write(ref round, i);
                ValueTask<EventCount> wait = channel.WaitAsync(seen, cancellation.Token);
                if (!wait.IsCompletedSuccessfully)
                    await wait.AsTask().WaitAsync(TimeSpan.FromSeconds(30)); // a lost event is a timeout
            }
        }
        finally
        {
            Volatile.Write(ref round, int.MinValue);
            peer.Join();
        }
    }

    [Fact]
    public async Task A_place_without_a_ring_to_xenstored_says_what_to_do()
    {
        using InlineEvents events = new();
        await using InlinePlatform platform = new(events);
        Assert.False(platform.HasXenstore);
        Assert.Contains("xl", Assert.Throws<PlatformNotSupportedException>(() => platform.Xenstore).Message, StringComparison.Ordinal);
    }

    /// <summary>Only what the tests of races and allocations need: ports that fire when told to.</summary>
    private sealed class InlineEvents : EventChannelOperations
    {
        private FiredPortsHandler? _handler;

        public override int PortLimit => 2;

        public override void Start(FiredPortsHandler handler) => _handler = handler;

        public void Fire(uint port) => _handler!(new ReadOnlySpan<uint>(in port));

        public override XenError BindIpi(uint virtualCpu, out uint port)
        {
            port = 1;
            return XenError.None;
        }

        public override XenError Close(uint port) => XenError.None;

        public override XenError AllocateUnbound(ushort remoteDomain, out uint port) => throw new NotSupportedException();

        public override XenError BindInterdomain(ushort remoteDomain, uint remotePort, out uint port) => throw new NotSupportedException();

        public override XenError BindVirtualInterrupt(VirtualInterrupt interrupt, uint virtualCpu, out uint port) => throw new NotSupportedException();

        public override XenError Adopt(uint port) => throw new NotSupportedException();

        public override XenError Notify(uint port) => throw new NotSupportedException();

        public override XenError SetMasked(uint port, bool masked) => throw new NotSupportedException();

        public override XenError GetStatus(uint port, out EventChannelStatus status) => throw new NotSupportedException();
    }

    private sealed class InlinePlatform(InlineEvents events) : XenPlatform(events, new NoGrants(), new NoFigures(), TimeProvider.System);
}
