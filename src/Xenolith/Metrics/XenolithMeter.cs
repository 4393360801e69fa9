using System.Diagnostics.Metrics;
using Xenolith.Grants;
using Xenolith.Memory;
using Xenolith.Xenstore;

namespace Xenolith.Metrics;

/// <summary>
/// The platform's figures as metrics: a <see cref="Meter"/> named <see cref="Name"/>, for OpenTelemetry, a <see cref="MeterListener"/> or any other
/// reader of .NET's metrics. docs/metrics.md has the list of instruments.
/// </summary>
/// <remarks>
/// All instruments are observable: they read counters that the platform keeps anyway, when somebody asks, and cost nothing until then. The
/// collector's and the thread pool's figures are in the runtime's own meter, <c>System.Runtime</c>, and not here. A platform has one of these at
/// most; the meter's <see cref="Meter.Scope"/> is the platform. Safe from any thread.
/// </remarks>
public sealed class XenolithMeter : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Xenolith";

    private readonly XenPlatform _platform;
    private readonly Meter _meter;
    private readonly bool _ownsMeter;

    /// <summary>Makes the meter and its instruments.</summary>
    /// <param name="platform">Whose figures.</param>
    /// <param name="factory">
    /// Makes the meter, and owns it, in a program with dependency injection; <see langword="null"/> for a meter of its own.
    /// </param>
    public XenolithMeter(XenPlatform platform, IMeterFactory? factory = null)
    {
        _platform = platform;
        _ownsMeter = factory is null;
        MeterOptions options = new(Name) { Version = typeof(XenolithMeter).Assembly.GetName().Version?.ToString(3) };
        if (factory is null)
            options.Scope = platform; // a factory sets its own
        _meter = factory is null ? new Meter(options) : factory.Create(options);
        AddMemory();
        AddScheduler();
        AddEventChannels();
        AddGrants();
        AddXenstore();
    }

    /// <summary>Ends the instruments, unless a factory owns the meter: then it does.</summary>
    public void Dispose()
    {
        if (_ownsMeter)
            _meter.Dispose();
    }

    private static KeyValuePair<string, object?> Tag(string key, string value) => new(key, value);

    private void AddCounter(string name, string unit, string description, Func<long> read) =>
        _meter.CreateObservableCounter(name, read, unit, description);

    private void AddGauge(string name, string unit, string description, Func<long> read) =>
        _meter.CreateObservableUpDownCounter(name, read, unit, description);

    private void AddMemory()
    {
        const string bytes = "By", use = "xenolith.memory.use";
        DomainMemory memory = _platform.Memory;
        KeyValuePair<string, object?> image = Tag(use, "image"), program = Tag(use, "program"), shared = Tag(use, "shared"),
            pageTables = Tag(use, "page_tables"), threads = Tag(use, "threads"), kernel = Tag(use, "kernel");

        AddGauge("xenolith.memory.limit", bytes, "RAM that the domain has.", () => memory.GetQuickStatistics().Total);
        AddGauge("xenolith.memory.maximum", bytes, "RAM that the domain can have.", () => memory.GetQuickStatistics().Maximum);
        AddGauge("xenolith.memory.target", bytes, "RAM that the toolstack wants the domain to have; what it has while nobody follows the target.",
            () => memory.Balloon?.Status.Target ?? memory.GetQuickStatistics().Total);
        AddGauge("xenolith.memory.free", bytes, "RAM that nobody uses.", () => memory.GetQuickStatistics().Free);
        _meter.CreateObservableUpDownCounter(
            "xenolith.memory.usage",
            () =>
            {
                MemoryStatistics now = memory.GetQuickStatistics();
                return new Measurement<long>[]
                {
                    new(now.Image, image), new(now.Program, program), new(now.Shared, shared), new(now.PageTables, pageTables),
                    new(now.Threads, threads), new(now.Kernel, kernel),
                };
            },
            bytes, "RAM in use, by what uses it.");
        AddGauge("xenolith.memory.committed", bytes, "Memory promised to the program, touched or not.", () => memory.GetQuickStatistics().Committed);
        AddGauge("xenolith.memory.commit_limit", bytes, "Memory that can be promised.", () => memory.GetQuickStatistics().CommitLimit);
    }

    private void AddScheduler()
    {
        const string mode = "cpu.mode";
        XenPlatform platform = _platform;
        KeyValuePair<string, object?> running = Tag(mode, "running"), steal = Tag(mode, "steal"), idle = Tag(mode, "idle"), offline = Tag(mode, "offline");

        AddGauge("xenolith.thread.count", "{thread}", "Threads that there are.", () => platform.GetSchedulerStatistics().Threads);
        AddGauge("xenolith.thread.runnable", "{thread}", "Threads that wait for the CPU.", () => platform.GetSchedulerStatistics().Runnable);
        AddCounter("xenolith.thread.switches", "{switch}", "Switches from one thread to another.", () => platform.GetSchedulerStatistics().Switches);
        AddCounter("xenolith.upcalls", "{interrupt}", "Times that Xen interrupted the domain with events.", () => platform.GetSchedulerStatistics().Upcalls);
        AddCounter("xenolith.timer.interrupts", "{interrupt}", "Times that the timer fired.", () => platform.GetSchedulerStatistics().TimerInterrupts);
        _meter.CreateObservableCounter(
            "xenolith.cpu.time",
            () =>
            {
                SchedulerStatistics now = platform.GetSchedulerStatistics();
                return new Measurement<double>[]
                {
                    new(now.Running.TotalSeconds, running), new(now.Stolen.TotalSeconds, steal), new(now.Idle.TotalSeconds, idle),
                    new(now.Offline.TotalSeconds, offline),
                };
            },
            "s", "Time since the domain was created, by what the virtual CPU did, as Xen accounts for it.");
    }

    private void AddEventChannels()
    {
        EventChannels.EventChannelTable channels = _platform.EventChannels;
        AddGauge("xenolith.event_channel.count", "{channel}", "Event channels that are open.", () => channels.OpenCount);
        AddGauge("xenolith.event_channel.limit", "{channel}", "Event channels that can be open.", () => channels.Limit);
        AddCounter("xenolith.event_channel.events", "{event}", "Events that arrived.", () => channels.Events);
        AddCounter("xenolith.event_channel.batches", "{batch}", "Times that events were taken from the kernel, one or more at once.", () => channels.Batches);
        AddCounter("xenolith.event_channel.unclaimed", "{event}", "Events of channels that had just been closed.", () => channels.UnclaimedEvents);
        AddCounter("xenolith.event_channel.notifications", "{notification}", "Notifications sent.", () => channels.Notifications);
    }

    private void AddGrants()
    {
        const string reference = "{reference}", page = "{page}", state = "xenolith.grant.state";
        GrantTable grants = _platform.Grants;
        KeyValuePair<string, object?> free = Tag(state, "free"), reserved = Tag(state, "reserved"), granted = Tag(state, "granted"), busy = Tag(state, "busy");

        _meter.CreateObservableUpDownCounter(
            "xenolith.grant.references",
            () =>
            {
                GrantStatistics now = grants.GetStatistics();
                return new Measurement<long>[] { new(now.Free, free), new(now.Reserved, reserved), new(now.Granted, granted), new(now.Reclaiming, busy) };
            },
            reference, "References that the grant table has now, by state. Busy: its owner has let go, the other domain has not.");
        AddGauge("xenolith.grant.limit", reference, "References that the grant table can grow to.", () => grants.GetStatistics().Limit);
        AddGauge("xenolith.grant.waiting", "{reservation}", "Reservations that wait for references.", () => grants.GetStatistics().WaitingReservations);
        AddCounter("xenolith.grant.reclaimed", reference, "Busy references that were had back.", () => grants.GetStatistics().Reclaimed);
        AddCounter("xenolith.grant.reclaim_tries", "{try}", "Tries to have busy references back.", () => grants.GetStatistics().ReclaimTries);
        AddGauge("xenolith.grant.pages", page, "I/O pages in use.", () => grants.GetStatistics().Pages);
        AddGauge("xenolith.grant.cached_pages", page, "I/O pages kept for the next use.", () => grants.GetStatistics().CachedPages);
        AddGauge("xenolith.grant.mapped_pages", page, "Pages of other domains that are mapped.", () => grants.GetStatistics().MappedPages);
        AddCounter("xenolith.grant.failed_unmaps", "{mapping}", "Mappings that Xen refused to end.", () => grants.GetStatistics().FailedUnmaps);
    }

    /// <summary>Zeroes until the program uses xenstore: a figure is no reason to connect.</summary>
    private void AddXenstore()
    {
        XenPlatform platform = _platform;
        XenstoreStatistics Read() => platform.XenstoreInUse?.GetStatistics() ?? default;
        AddCounter("xenolith.xenstore.requests", "{request}", "Requests sent to xenstored.", () => Read().Requests);
        AddCounter("xenolith.xenstore.errors", "{request}", "Requests that xenstored refused.", () => Read().Errors);
        AddGauge("xenolith.xenstore.pending", "{request}", "Requests under way.", () => Read().Pending);
        AddGauge("xenolith.xenstore.watches", "{watch}", "Watches set.", () => Read().Watches);
        AddCounter("xenolith.xenstore.watch_events", "{event}", "Watch events that arrived.", () => Read().WatchEvents);
        AddCounter("xenolith.xenstore.connections", "{connection}", "Connections to xenstored that there have been.", () => Read().Connections);
    }
}
