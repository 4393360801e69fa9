using System.Diagnostics;
using System.Diagnostics.Tracing;
using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Simulation;
using Xenolith.Tracing;
using EventChannel = Xenolith.EventChannels.EventChannel;

namespace Xenolith.Tests.Tracing;

/// <summary>Traces of what the libraries and the program do, in simulated domains.</summary>
public sealed class TraceTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _zero, _domain;

    public TraceTests()
    {
        _zero = _hypervisor.CreateDomain();
        _domain = _hypervisor.CreateDomain(name: "web");
    }

    private DomainTracing Tracing => _domain.Platform.Tracing;

    public void Dispose() => _hypervisor.Dispose();

    [Fact]
    public void What_the_program_records_comes_in_order_with_times_and_names() => _hypervisor.Run(async () =>
    {
        TraceName request = Tracing.GetName("request"), load = Tracing.GetName("load");
        using TraceSession session = Tracing.Start();
        request.Begin(1);
        await Task.Delay(TimeSpan.FromMilliseconds(5), _hypervisor.Time, TestContext.Current.CancellationToken);
        load.Counter(-3);
        request.End(1);
        request.Instant(2);
        Assert.Equal(
            [
                (TraceKind.UserBegin, 1L, "request", 0L), (TraceKind.UserCounter, -3, "load", 5_000_000), (TraceKind.UserEnd, 1, "request", 5_000_000),
                (TraceKind.UserInstant, 2, "request", 5_000_000),
            ],
            Read(session, out TraceNames names).Select(record => (record.Kind, (long)record.Value, names.Find(record.Detail)!, (long)record.Time)));
    });

    [Fact]
    public void A_name_of_any_length_comes_before_its_first_record_however_it_is_read()
    {
        string[] texts = ["a", "eight888", "nine99999", new string('x', 128), new string('y', 200), "größer", "日本語の名前です"];
        using TraceSession session = Tracing.Start();
        foreach (string text in texts)
            Tracing.GetName(text).Instant();
        TraceNames names = new();
        List<string?> seen = [];
        TraceRecord[] one = new TraceRecord[1];
        while (session.Read(one) != 0)
        {
            if (!names.Add(one[0]))
                seen.Add(names.Find(one[0].Detail));
        }
        Assert.Equal(texts.Select(text => text.Length <= 128 ? text : text[..128]), seen);
    }

    [Fact]
    public void A_name_is_cut_between_characters()
    {
        using TraceSession session = Tracing.Start();
        Tracing.GetName(new string('z', 127) + "é").Instant();
        TraceRecord record = Assert.Single(Read(session, out TraceNames names));
        Assert.Equal(new string('z', 127), names.Find(record.Detail));
    }

    [Fact]
    public void Names_that_were_told_wrongly_are_left_out()
    {
        TraceNames names = new();
        Assert.True(names.Add(new TraceRecord { Kind = TraceKind.Name, Detail = 1, Count = 60_000 }));
        Assert.True(names.Add(new TraceRecord { Kind = TraceKind.NameText, Detail = 1, Count = 8 }));
        Assert.True(names.Add(new TraceRecord { Kind = TraceKind.Name, Detail = 2, Count = 20, Value = 0x41 }));
        Assert.True(names.Add(new TraceRecord { Kind = TraceKind.NameText, Detail = 2, Count = 16 }));
        Assert.False(names.Add(new TraceRecord { Kind = TraceKind.UserInstant, Detail = 2 }));
        Assert.Equal((null, null), (names.Find(1), names.Find(2)));
    }

    [Fact]
    public void The_names_of_a_program_that_never_stops_making_them_share_one_in_the_end()
    {
        TraceName[] names = [.. Enumerable.Range(0, 5000).Select(i => Tracing.GetName($"name {i}"))];
        Assert.Same(names[17], Tracing.GetName("name 17"));
        Assert.Equal(4096, names.Distinct().Count());
        Assert.Same(names[^1], names[^2]);
    }

    [Fact]
    public void What_the_libraries_do_is_recorded() => _hypervisor.Run(async () =>
    {
        _ = await _domain.Platform.Xenstore.ReadAsync("name");
        using TraceSession session = Tracing.Start();
        _ = await _domain.Platform.Xenstore.ReadAsync("name");

        EventChannel here = _domain.Platform.EventChannels.AllocateUnbound(_zero.Id);
        EventChannel there = _zero.Platform.EventChannels.BindInterdomain(_domain.Id, here.Port);
        there.Notify();
        await here.WaitAsync(EventCount.None, TestContext.Current.CancellationToken);
        here.Notify();

        await using (SharedPages pages = await _domain.Platform.Grants.ShareAsync(_zero.Id, 1, GrantAccess.ReadWrite, TestContext.Current.CancellationToken))
        using (SharedPages theirs = await _zero.Platform.Grants.ShareAsync(_domain.Id, 1, GrantAccess.ReadOnly, TestContext.Current.CancellationToken))
        using (_domain.Platform.Grants.Map(new ForeignGrant(_zero.Id, theirs.References[0]), GrantAccess.ReadOnly))
        {
        }

        List<TraceRecord> records = Read(session, out _);
        TraceRecord asked = Assert.Single(records, record => record.Kind == TraceKind.XenstoreRequest);
        TraceRecord answered = Assert.Single(records, record => record.Kind == TraceKind.XenstoreReply);
        Assert.Equal((asked.Detail, asked.Value), (answered.Detail, answered.Value));
        Assert.Contains(records, record => record.Kind == TraceKind.EventReceived && record.Detail == here.Port);
        Assert.Single(records, record => record.Kind == TraceKind.EventSent && record.Detail == here.Port);
        TraceRecord granted = Assert.Single(records, record => record.Kind == TraceKind.GrantAccess);
        Assert.Equal((_zero.Id, 0), ((ushort)granted.Value, granted.Count));
        Assert.Equal(granted.Detail, Assert.Single(records, record => record.Kind == TraceKind.GrantEnd).Detail);
        Assert.Equal((1, (ulong)_zero.Id), records.Where(record => record.Kind == TraceKind.GrantMap).Select(record => (record.Count, record.Value)).Single());
        Assert.Single(records, record => record.Kind == TraceKind.GrantUnmap);
    });

    [Fact]
    public void Only_what_was_asked_for_and_can_be_recorded_is()
    {
        using TraceSession session = Tracing.Start(new TraceSessionOptions { Categories = TraceCategories.Events | TraceCategories.Scheduler });
        Assert.Equal(TraceCategories.Events, session.Categories);
        Assert.False(Tracing.GetName("x").IsOn);
        Tracing.GetName("x").Instant();
        using EventChannel channel = _domain.Platform.EventChannels.AllocateUnbound(_zero.Id);
        using EventChannel peer = _zero.Platform.EventChannels.BindInterdomain(_domain.Id, channel.Port);
        channel.Notify();
        Assert.All(Read(session, out _), record => Assert.Equal(TraceKind.EventSent >> 4, record.Kind >> 4));
    }

    [Fact]
    public void What_is_not_read_in_time_is_counted_where_it_is_missing()
    {
        TraceName number = Tracing.GetName("number");
        using TraceSession session = Tracing.Start(new TraceSessionOptions { RecordCount = 129 });
        Assert.Equal(256, session.RecordCount);
        for (int i = 0; i < 300; i++)
            number.Counter(i);
        List<TraceRecord> records = Read(session, out _);
        Assert.Equal((TraceKind.Lost, 44ul), (records[0].Kind, records[0].Value));
        Assert.Equal(Enumerable.Range(44, 256).Select(i => (ulong)i), records.Skip(1).Select(record => record.Value));
        Assert.Equal(44, session.Lost);
    }

    [Fact]
    public void A_reader_waits_for_half_a_ring_or_for_its_time_or_for_the_end() => _hypervisor.Run(async () =>
    {
        TraceName number = Tracing.GetName("number");
        using TraceSession session = Tracing.Start(new TraceSessionOptions { RecordCount = 128 });
        Assert.False(await session.WaitAsync(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken));
        Assert.Equal(TimeSpan.FromSeconds(3), _hypervisor.Time.Elapsed);

        Task<bool> half = session.WaitAsync(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken).AsTask();
        for (int i = 0; i < 63; i++)
            number.Counter(i);
        await Task.Delay(TimeSpan.FromSeconds(1), _hypervisor.Time, TestContext.Current.CancellationToken);
        Assert.False(half.IsCompleted);
        number.Counter(63);
        Assert.True(await half);
        Assert.True(await session.WaitAsync(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken)); // it is there still
        Assert.Equal(64, Read(session, out _).Count);

        using CancellationTokenSource cancel = new();
        Task<bool> cancelled = session.WaitAsync(Timeout.InfiniteTimeSpan, cancel.Token).AsTask();
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);

        Task<bool> end = session.WaitAsync(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken).AsTask();
        session.Stop();
        Assert.True(await end);
    });

    [Fact]
    public void A_domain_has_one_trace_at_a_time_and_another_when_that_has_ended()
    {
        TraceSession first = Tracing.Start();
        Assert.True(Tracing.IsRunning);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Tracing.Start());
        Assert.Contains("traced already", error.Message);
        using (_zero.Platform.Tracing.Start())
        {
            first.Dispose();
            first.Dispose();
        }
        Assert.False(Tracing.IsRunning);
        Assert.Throws<ObjectDisposedException>(() => first.Read(new TraceRecord[1]));
        using TraceSession second = Tracing.Start();
        Assert.Empty(Read(second, out _));
    }

    [Fact]
    public void After_the_stop_nothing_is_recorded_and_what_was_can_be_read()
    {
        TraceName name = Tracing.GetName("name");
        using TraceSession session = Tracing.Start();
        name.Instant(1);
        session.Stop();
        name.Instant(2);
        Assert.False(session.IsRecording);
        Assert.Equal([1ul], Read(session, out _).Select(record => record.Value));
    }

    [Theory]
    [InlineData(127)]
    [InlineData(524_289)]
    [InlineData(-1)]
    public void A_ring_that_is_too_small_or_too_large_is_refused(int records) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Tracing.Start(new TraceSessionOptions { RecordCount = records }));

    [Fact]
    public void Recording_allocates_nothing_with_a_trace_or_without()
    {
        TraceName name = Tracing.GetName("name");
        Use(name);
        Assert.Equal(0, Use(name));
        using TraceSession session = Tracing.Start();
        Use(name);
        Assert.Equal(0, Use(name));

        static long Use(TraceName name)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                name.Begin(i);
                name.End(i);
                name.Counter(i);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Activities_are_recorded_under_their_operations_names()
    {
        using ActivitySource source = new("Tests.Traced"), other = new("Tests.Other");
        using ActivityTracer tracer = new(Tracing, source.Name);
        Assert.Null(source.StartActivity("before"));
        using TraceSession session = Tracing.Start();
        ActivitySpanId id;
        using (Activity activity = source.StartActivity("work")!)
            id = activity.SpanId;
        Assert.Null(other.StartActivity("unseen"));
        List<TraceRecord> records = Read(session, out TraceNames names);
        Assert.Equal([(TraceKind.UserAsyncBegin, "work"), (TraceKind.UserAsyncEnd, "work")], records.Select(record => (record.Kind, names.Find(record.Detail)!)));
        Assert.All(records, record => Assert.Equal(id.ToHexString(), record.Value.ToString("x16")));
    }

    [Fact]
    public void Events_of_a_source_are_recorded_whether_it_is_there_before_or_after()
    {
        using EventSourceTracer tracer = new(Tracing);
        using Source before = new("Tests-Before");
        tracer.Enable("Tests-Before");
        tracer.Enable("Tests-After");
        using Source after = new("Tests-After");
        using TraceSession session = Tracing.Start();
        before.Happened("first", 5);
        after.Happened("second", 6);
        Assert.Equal(
            [("Tests-Before/Happened", 5ul), ("Tests-After/Happened", 6)],
            Read(session, out TraceNames names).Select(record => (names.Find(record.Detail)!, record.Value)));
        Assert.Throws<ArgumentException>(() => tracer.Enable(XenolithEventSource.SourceName));
    }

    [Fact]
    public async Task A_trace_is_published_as_events_of_a_source()
    {
        using Listener listener = new();
        using TraceSession session = Tracing.Start();
        Task publishing = XenolithEventSource.Log.PublishAsync(session, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Tracing.GetName("hello").Instant(42);
        session.Stop();
        await publishing;
        EventWrittenEventArgs written = Assert.Single(listener.Written);
        Assert.True(written.EventName == "User", $"{written.EventName}: {string.Join(' ', written.Payload!)}");
        Assert.Equal([0L, (int)TraceKind.UserInstant, written.Payload![2], 0L, 42L, "hello"], written.Payload);
        Assert.Equal(["time", "kind", "thread", "detail", "value", "name"], written.PayloadNames!);
    }

    [Fact]
    public async Task Many_threads_record_while_one_reads()
    {
        const int threads = 4, each = 50_000;
        TraceName name = Tracing.GetName("name");
        using TraceSession session = Tracing.Start(new TraceSessionOptions { RecordCount = 4096 });
        Task[] writers = [.. Enumerable.Range(0, threads).Select(t => Task.Run(() =>
        {
            for (int i = 0; i < each; i++)
                name.Counter((long)t << 32 | (uint)i);
        }))];
        Task all = Task.WhenAll(writers);
        long[] last = [.. Enumerable.Repeat(-1L, threads)];
        long seen = 0, lost = 0;
        TraceRecord[] records = new TraceRecord[512];
        for (bool isOver = false; !isOver;)
        {
            isOver = all.IsCompleted;
            if (isOver)
                session.Stop();
            for (int count; (count = session.Read(records)) > 0;)
            {
                foreach (TraceRecord record in records.AsSpan(0, count))
                {
                    if (record.Kind == TraceKind.Lost)
                        lost += (long)record.Value;
                    if (record.Kind != TraceKind.UserCounter)
                        continue;
                    seen++;
                    long thread = (long)record.Value >> 32, number = (uint)record.Value;
                    Assert.InRange(number, last[thread] + 1, each - 1);
                    last[thread] = number;
                }
            }
        }
        await all;
        Assert.Equal(threads * each, seen + lost);
        Assert.Equal(lost, session.Lost);
    }

    private static List<TraceRecord> Read(TraceSession session, out TraceNames names)
    {
        names = new TraceNames();
        List<TraceRecord> all = [];
        TraceRecord[] records = new TraceRecord[16];
        for (int count; (count = session.Read(records)) > 0;)
        {
            foreach (TraceRecord record in records.AsSpan(0, count))
            {
                if (!names.Add(record))
                    all.Add(record);
            }
        }
        return all;
    }

    private sealed class Source(string name) : EventSource(name)
    {
        [Event(1)]
        public void Happened(string what, int number) => WriteEvent(1, what, number);
    }

    private sealed class Listener : EventListener
    {
        public List<EventWrittenEventArgs> Written { get; } = [];

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == XenolithEventSource.SourceName)
                EnableEvents(eventSource, EventLevel.Informational, XenolithEventSource.Keywords.User);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData) => Written?.Add(eventData);
    }
}
