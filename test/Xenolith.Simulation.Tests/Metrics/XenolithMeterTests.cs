using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Metrics;
using Xenolith.Simulation;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Metrics;

public sealed partial class XenolithMeterTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _domain, _peer;
    private readonly XenolithMeter _meter;
    private readonly MeterReading _reading;

    public XenolithMeterTests()
    {
        _domain = _hypervisor.CreateDomain();
        _peer = _hypervisor.CreateDomain();
        _meter = new XenolithMeter(_domain.Platform);
        _reading = new MeterReading(meter => meter.Scope == _domain.Platform);
    }

    public void Dispose()
    {
        _reading.Dispose();
        _meter.Dispose();
        _hypervisor.Dispose();
    }

    [Fact]
    public void Every_instrument_is_observable_and_says_what_it_counts_in_which_unit()
    {
        Assert.NotEmpty(_reading.Instruments);
        Assert.All(_reading.Instruments, instrument =>
        {
            Assert.True(instrument.IsObservable);
            Assert.Equal("Xenolith", instrument.Meter.Name);
            Assert.Matches(InstrumentName(), instrument.Name);
            Assert.Matches(Unit(), Assert.IsType<string>(instrument.Unit));
            Assert.EndsWith(".", Assert.IsType<string>(instrument.Description));
        });
        Assert.Equal(_reading.Instruments.Count, _reading.Instruments.DistinctBy(instrument => instrument.Name).Count());
    }

    [Fact]
    public void Every_instrument_is_in_the_documentation_with_its_unit()
    {
        string document = File.ReadAllText(Path.Combine(RepositoryRoot(), "docs", "metrics.md"));
        Assert.All(_reading.Instruments, instrument => Assert.Contains($"| `{instrument.Name}` | {instrument.Unit} |", document, StringComparison.Ordinal));
    }

    [Fact]
    public void Memory_is_free_or_in_use()
    {
        Dictionary<string, double> now = _reading.Read();
        Assert.Equal(32 << 20, now["xenolith.memory.limit"]);
        Assert.Equal(20 << 20, now["xenolith.memory.free"]);
        Assert.Equal(8 << 20, now["xenolith.memory.usage[program]"]);
        Assert.Equal(
            now["xenolith.memory.limit"],
            now["xenolith.memory.free"] + now.Where(value => value.Key.StartsWith("xenolith.memory.usage[", StringComparison.Ordinal)).Sum(value => value.Value));
        Assert.Equal(12 << 20, now["xenolith.memory.committed"]);
        Assert.Equal(28 << 20, now["xenolith.memory.commit_limit"]);
    }

    [Fact]
    public void The_scheduler_reports_threads_counts_and_times()
    {
        _domain.Figures.Scheduler = new SchedulerInfo
        {
            Threads = 7,
            Runnable = 2,
            Switches = 1000,
            Upcalls = 400,
            TimerInterrupts = 300,
            RunningTime = 1_500_000_000,
            StolenTime = 250_000_000,
            IdleTime = 60_000_000_000,
            OfflineTime = 1_000_000,
        };
        Dictionary<string, double> now = _reading.Read();
        Assert.Equal((7, 2), (now["xenolith.thread.count"], now["xenolith.thread.runnable"]));
        Assert.Equal((1000, 400, 300), (now["xenolith.thread.switches"], now["xenolith.upcalls"], now["xenolith.timer.interrupts"]));
        Assert.Equal(
            (1.5, 0.25, 60, 0.001),
            (now["xenolith.cpu.time[running]"], now["xenolith.cpu.time[steal]"], now["xenolith.cpu.time[idle]"], now["xenolith.cpu.time[offline]"]));
    }

    [Fact]
    public void Event_channels_report_what_came_and_what_was_sent_by_closed_ones_too() => _hypervisor.Run(async () =>
    {
        EventChannel here = _domain.Platform.EventChannels.AllocateUnbound(_peer.Id);
        using EventChannel there = _peer.Platform.EventChannels.BindInterdomain(_domain.Id, here.Port);
        EventCount seen = here.Count;
        for (int i = 0; i < 3; i++)
        {
            there.Notify();
            seen = await here.WaitAsync(seen);
        }
        here.Notify();
        here.Notify();
        Dictionary<string, double> now = _reading.Read();
        Assert.Equal((1, 3, 2), (now["xenolith.event_channel.count"], now["xenolith.event_channel.events"], now["xenolith.event_channel.notifications"]));
        Assert.Equal((3, 0), (now["xenolith.event_channel.batches"], now["xenolith.event_channel.unclaimed"]));
        Assert.Equal(4096, now["xenolith.event_channel.limit"]);

        here.Dispose();
        now = _reading.Read();
        Assert.Equal((0, 3, 2), (now["xenolith.event_channel.count"], now["xenolith.event_channel.events"], now["xenolith.event_channel.notifications"]));
    });

    [Fact]
    public void Grants_report_references_by_state_and_what_was_reclaimed() => _hypervisor.Run(async () =>
    {
        SharedPages shared = await _domain.Platform.Grants.ShareAsync(_peer.Id, 2, GrantAccess.ReadWrite);
        using GrantReferences reserved = await _domain.Platform.Grants.ReserveAsync(5);
        Dictionary<string, double> now = _reading.Read();
        double all = References(now);
        Assert.Equal((2, 5, 0), (now["xenolith.grant.references[granted]"], now["xenolith.grant.references[reserved]"], now["xenolith.grant.references[busy]"]));
        Assert.Equal(2, now["xenolith.grant.pages"]);

        using (_peer.Platform.Grants.Map(new ForeignGrant(_domain.Id, shared.References[0]), GrantAccess.ReadOnly))
        {
            shared.Dispose();
            now = _reading.Read();
            Assert.Equal((0, 5, 1), (now["xenolith.grant.references[granted]"], now["xenolith.grant.references[reserved]"], now["xenolith.grant.references[busy]"]));
            Assert.Equal(all, References(now));
        }
        await Task.Delay(TimeSpan.FromMinutes(1), _hypervisor.Time);
        now = _reading.Read();
        Assert.Equal((0, 1), (now["xenolith.grant.references[busy]"], now["xenolith.grant.reclaimed"]));
        Assert.InRange(now["xenolith.grant.reclaim_tries"], 1, double.MaxValue);
        Assert.Equal(32768 - 8, now["xenolith.grant.limit"]);

        static double References(Dictionary<string, double> values) =>
            values.Where(value => value.Key.StartsWith("xenolith.grant.references[", StringComparison.Ordinal)).Sum(value => value.Value);
    });

    [Fact]
    public void Xenstore_reports_requests_and_watch_events_once_the_program_uses_it() => _hypervisor.Run(async () =>
    {
        Dictionary<string, double> now = _reading.Read();
        Assert.Equal((0, 0), (now["xenolith.xenstore.requests"], now["xenolith.xenstore.connections"]));

        XenstoreClient store = _domain.Platform.Xenstore;
        await store.WriteAsync("/local/domain/0/data/a", "1");
        Assert.Null(await store.ReadAsync("/local/domain/0/data/none"));
        await using (XenstoreWatch watch = await store.WatchAsync("/local/domain/0/data/a"))
        {
            await watch.ReadAsync(); // the first comes at once
            await store.WriteAsync("/local/domain/0/data/a", "2");
            await watch.ReadAsync();
            now = _reading.Read();
            Assert.Equal((4, 1, 0), (now["xenolith.xenstore.requests"], now["xenolith.xenstore.errors"], now["xenolith.xenstore.pending"]));
            Assert.Equal((1, 2, 1), (now["xenolith.xenstore.watches"], now["xenolith.xenstore.watch_events"], now["xenolith.xenstore.connections"]));
        }
        now = _reading.Read();
        Assert.Equal((5, 0), (now["xenolith.xenstore.requests"], now["xenolith.xenstore.watches"]));
    });

    [Fact]
    public void Each_platform_has_figures_of_its_own()
    {
        using XenolithMeter other = new(_peer.Platform);
        using MeterReading second = new(meter => meter.Scope == _peer.Platform);
        _peer.Figures.Memory = new MemoryInfo { Total = 1 << 20, Free = 1 << 20 };
        Assert.Equal(32 << 20, _reading.Read()["xenolith.memory.limit"]);
        Assert.Equal(1 << 20, second.Read()["xenolith.memory.limit"]);
    }

    [Fact]
    public void A_meter_of_a_factory_is_the_factorys_to_end()
    {
        using Factory factory = new();
        using MeterReading reading = new(meter => meter.Scope == factory);
        using (new XenolithMeter(_domain.Platform, factory))
            Assert.Equal(32 << 20, reading.Read()["xenolith.memory.limit"]);
        Assert.Equal(32 << 20, reading.Read()["xenolith.memory.limit"]);
        factory.Dispose();
        Assert.Empty(reading.Read());
    }

    [Fact]
    public void A_meter_that_was_disposed_of_says_nothing_more()
    {
        Assert.NotEmpty(_reading.Read());
        _meter.Dispose();
        Assert.Empty(_reading.Read());
    }

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Xenolith.slnx")))
            folder = folder.Parent;
        return folder.FullName;
    }

    // OpenTelemetry's general rules for names, and UCUM units with annotations.
    [GeneratedRegex(@"^xenolith(\.[a-z]+(_[a-z]+)*)+$")]
    private static partial Regex InstrumentName();

    [GeneratedRegex(@"^(By|s|\{[a-z]+\})$")]
    private static partial Regex Unit();

    /// <summary>As a container for dependency injection has it.</summary>
    private sealed class Factory : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            _meters.Add(new Meter(options));
            return _meters[^1];
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
