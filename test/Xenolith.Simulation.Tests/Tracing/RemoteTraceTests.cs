using Xenolith.Abi;
using Xenolith.Hooks;
using Xenolith.Lifecycle;
using Xenolith.Simulation;
using Xenolith.Tracing;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Tracing;

/// <summary>A domain is traced from another: what arrives there, and how it ends.</summary>
public sealed class RemoteTraceTests : IDisposable
{
    private readonly TraceWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void A_tool_reads_what_the_program_records_from_the_start_of_the_trace_to_its_end() => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        TraceName name = _world.Traced.Platform.Tracing.GetName("a name of more than eight bytes");
        name.Instant(1); // nobody listens
        await using TraceConnection connection = await _world.ConnectAsync();
        Assert.True(service.IsTracing);
        name.Instant(2);
        TraceRecord[] first = new TraceRecord[100];
        int count = await connection.ReadAsync(first);
        Assert.Equal([2ul], TraceWorld.Values(first[..count]));
        Assert.Equal(TraceKind.Name, first[0].Kind);

        name.Instant(3); // not sent yet when the end is asked for
        connection.Finish();
        Assert.Equal([3ul], TraceWorld.Values(await TraceWorld.ReadToEndAsync(connection)));
        name.Instant(4);
        Assert.Equal(0, await connection.ReadAsync(first));
    });

    [Fact]
    public void All_records_of_a_long_trace_arrive_in_order_and_their_number_is_not_bounded_by_the_pages() => _world.Run(async () =>
    {
        const int Count = 20_000;
        await using TraceService service = await _world.OfferAsync();
        TraceName name = _world.Traced.Platform.Tracing.GetName("step");
        await using TraceConnection connection = await _world.ConnectAsync(new TraceConnectionOptions { Categories = TraceCategories.User, Pages = 1 });
        Task<List<TraceRecord>> reading = TraceWorld.ReadToEndAsync(connection);
        for (int i = 0; i < Count; i++)
        {
            name.Instant(i);
            if (i % 1000 == 999)
                await _world.Delay(1);
        }
        connection.Finish();
        List<TraceRecord> records = await reading;
        Assert.Equal(Enumerable.Range(0, Count).Select(i => (ulong)i), TraceWorld.Values(records));
        Assert.DoesNotContain(records, record => record.Kind == TraceKind.Lost);
    });

    [Fact]
    public void A_tool_that_does_not_read_loses_records_and_is_told_how_many_and_the_program_waits_for_nothing() => _world.Run(async () =>
    {
        const int Count = 10_000;
        await using TraceService service = await _world.OfferAsync();
        TraceName name = _world.Traced.Platform.Tracing.GetName("step");
        await using TraceConnection connection = await _world.ConnectAsync(
            new TraceConnectionOptions { Categories = TraceCategories.User, Pages = 1, RecordCount = 128 });
        TimeSpan before = _world.Hypervisor.Time.GetElapsedTime(0);
        for (int i = 0; i < Count; i++)
            name.Instant(i);
        Assert.Equal(before, _world.Hypervisor.Time.GetElapsedTime(0));

        connection.Finish();
        List<TraceRecord> records = await TraceWorld.ReadToEndAsync(connection);
        ulong lost = records.Where(record => record.Kind == TraceKind.Lost).Aggregate(0ul, (sum, record) => sum + record.Value);
        Assert.InRange(TraceWorld.Values(records).Count(), 1, 500);
        Assert.Equal((ulong)Count, lost + (ulong)TraceWorld.Values(records).Count());
    });

    [Fact]
    public void Without_the_wish_for_an_end_the_trace_ends_when_the_tool_lets_go() => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        await using (await _world.ConnectAsync())
            await _world.Delay(1);
        await _world.Delay(1);
        Assert.False(service.IsTracing);
        Assert.Empty((await _world.Toolstack.ListAsync(_world.Requests))!);
        await using TraceConnection next = await _world.ConnectAsync();
        Assert.True(service.IsTracing);
    });

    [Fact]
    public void A_domain_is_traced_by_one_tool_at_a_time() => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        await using TraceConnection first = await _world.ConnectAsync();
        Assert.Equal(TraceUnavailability.Busy, (await Assert.ThrowsAsync<TraceUnavailableException>(() => _world.ConnectAsync())).Reason);
        Assert.Single((await _world.Toolstack.ListAsync(_world.Requests))!); // the second left nothing
        _world.Traced.Platform.Tracing.GetName("still").Instant(7);
        first.Finish();
        Assert.Equal([7ul], TraceWorld.Values(await TraceWorld.ReadToEndAsync(first)));
    });

    [Fact]
    public void A_program_with_as_many_transactions_as_xenstored_allows_is_traced_all_the_same() => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        List<XenstoreTransaction> all = [];
        await Assert.ThrowsAsync<XenstoreQuotaException>(async () =>
        {
            while (true)
                all.Add(await _world.Traced.Platform.Xenstore.StartTransactionAsync());
        });
        await using (TraceConnection connection = await _world.ConnectAsync())
            Assert.True(service.IsTracing);
        foreach (XenstoreTransaction transaction in all)
            await transaction.DisposeAsync();
    });

    [Fact]
    public void A_request_that_the_domain_may_not_read_keeps_no_other_tool_from_tracing_it() => _world.Run(async () =>
    {
        List<HookFailure> failures = [];
        _world.Traced.Platform.Hooks.Failed += failures.Add;
        await using TraceService service = await _world.OfferAsync();
        string request = $"{_world.Requests}/0";
        await _world.Toolstack.WriteAsync(request, "");
        await _world.Toolstack.SetPermissionsAsync(request, new XenstorePermissions(0, XenstoreAccess.None));
        await using TraceConnection connection = await _world.ConnectAsync();
        Assert.True(service.IsTracing);
        Assert.NotEmpty(failures);
        Assert.All(failures, failure => Assert.IsType<XenstoreAccessDeniedException>(failure.Error));
    });

    [Fact]
    public void A_domain_that_traces_itself_is_busy() => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        using (TraceSession session = _world.Traced.Platform.Tracing.Start())
            Assert.Equal(TraceUnavailability.Busy, (await Assert.ThrowsAsync<TraceUnavailableException>(() => _world.ConnectAsync())).Reason);
        await using TraceConnection connection = await _world.ConnectAsync();
    });

    [Fact]
    public void A_domain_that_is_not_there_and_one_that_does_not_offer_traces_are_told_apart() => _world.Run(async () =>
    {
        TraceUnavailableException missing = await Assert.ThrowsAsync<TraceUnavailableException>(() => TraceConnection.ConnectAsync(_world.Zero.Platform, 77));
        Assert.Equal((TraceUnavailability.NoSuchDomain, "There is no domain 77."), (missing.Reason, missing.Message));
        Assert.Equal(TraceUnavailability.NotOffered, (await Assert.ThrowsAsync<TraceUnavailableException>(() => _world.ConnectAsync())).Reason);
        await using (await _world.OfferAsync())
            await _world.Delay(1);
        Assert.Equal(TraceUnavailability.NotOffered, (await Assert.ThrowsAsync<TraceUnavailableException>(() => _world.ConnectAsync())).Reason);
    });

    [Fact]
    public void A_tool_can_wait_for_a_program_that_has_only_begun() => _world.Run(async () =>
    {
        Task<TraceConnection> connecting = _world.ConnectAsync(new TraceConnectionOptions { WaitForOffer = true, Categories = TraceCategories.User });
        await _world.Delay(3600);
        Assert.False(connecting.IsCompleted);
        await using TraceService service = await _world.OfferAsync();
        await using TraceConnection connection = await connecting;
    });

    [Theory]
    [InlineData(1, 64)]
    [InlineData(1 << 20, 64)]
    public void What_the_domain_does_not_keep_is_refused(int records, int pages) => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        TraceUnavailableException error = await Assert.ThrowsAsync<TraceUnavailableException>(
            () => _world.ConnectAsync(new TraceConnectionOptions { RecordCount = records, Pages = pages }));
        Assert.Equal(TraceUnavailability.Refused, error.Reason);
        Assert.False(service.IsTracing);
    });

    [Fact]
    public void The_end_of_the_offer_ends_the_trace_and_the_tool_gets_the_rest() => _world.Run(async () =>
    {
        TraceService service = await _world.OfferAsync();
        await using TraceConnection connection = await _world.ConnectAsync();
        Task<List<TraceRecord>> reading = TraceWorld.ReadToEndAsync(connection);
        _world.Traced.Platform.Tracing.GetName("last").Instant(9);
        ValueTask ending = service.DisposeAsync();
        Assert.Equal([9ul], TraceWorld.Values(await reading));
        await connection.DisposeAsync();
        await ending;
        Assert.Null(await _world.Toolstack.ListAsync($"{_world.Home}/data/xenolith/trace"));
    });

    [Fact]
    public void The_end_of_the_program_does_not_wait_long_for_a_tool_that_does_not_let_go() => _world.Run(async () =>
    {
        TraceService service = await _world.OfferAsync();
        await using TraceConnection connection = await _world.ConnectAsync();
        long before = _world.Hypervisor.Time.GetTimestamp();
        await _world.Traced.Platform.Hooks.RunExitHooksAsync();
        Assert.InRange(_world.Hypervisor.Time.GetElapsedTime(before), TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.False(service.IsTracing);
    });

    [Fact]
    public void The_death_of_the_domain_is_the_end_of_the_trace() => _world.Run(async () =>
    {
        await _world.OfferAsync();
        await using TraceConnection connection = await _world.ConnectAsync();
        _world.Traced.Platform.Tracing.GetName("last words").Instant(5);
        await _world.Delay(1);
        _world.Traced.Destroy();
        Assert.Equal([5ul], TraceWorld.Values(await TraceWorld.ReadToEndAsync(connection)));
    });

    [Fact]
    public void The_death_of_the_tool_ends_the_trace_and_the_next_tool_is_served() => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        RawTool tool = await RawTool.ConnectAsync(_world);
        tool.Die();
        await _world.Delay(1);
        Assert.False(service.IsTracing);
        await using TraceConnection next = await _world.ConnectAsync();
    });

    [Fact]
    public void A_tool_that_is_answered_and_never_comes_holds_up_the_next_one_for_ten_seconds() => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        await _world.Toolstack.WriteAsync($"{_world.Requests}/dead", "request 1 256 128 1");
        await _world.Delay(9);
        Assert.True(service.IsTracing);
        await _world.Delay(2);
        Assert.False(service.IsTracing);
        Assert.Empty((await _world.Toolstack.ListAsync(_world.Requests))!);
    });

    [Fact]
    public void A_suspension_ends_the_trace_with_all_that_was_recorded_and_then_the_domain_can_be_traced_anew() => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        await using (TraceConnection connection = await _world.ConnectAsync())
        {
            _world.Traced.Platform.Tracing.GetName("before").Instant(1);
            Task suspending = _world.Traced.Platform.Lifecycle.SuspendAsync();
            Assert.Equal([1ul], TraceWorld.Values(await TraceWorld.ReadToEndAsync(connection)));
            await connection.DisposeAsync();
            await suspending;
        }
        await using TraceConnection next = await _world.ConnectAsync(new TraceConnectionOptions { Categories = TraceCategories.User, WaitForOffer = true });
        _world.Traced.Platform.Tracing.GetName("after").Instant(2);
        next.Finish();
        Assert.Equal([2ul], TraceWorld.Values(await TraceWorld.ReadToEndAsync(next)));
    });

    [Fact]
    public void A_tool_that_fetches_nothing_delays_a_suspension_by_seconds_and_hears_of_it() => _world.Run(async () =>
    {
        _world.Traced.Suspension = new SimulatedSuspension(SuspendOutcome.Cancelled);
        await using TraceService service = await _world.OfferAsync();
        RawTool tool = await RawTool.ConnectAsync(_world);
        TraceName name = _world.Traced.Platform.Tracing.GetName("more than there is room for");
        for (int i = 0; i < 1000; i++)
        {
            name.Instant(i);
            if (i % 50 == 0)
                await _world.Delay(1);
        }
        long before = _world.Hypervisor.Time.GetTimestamp();
        await _world.Traced.Platform.Lifecycle.SuspendAsync();
        Assert.InRange(_world.Hypervisor.Time.GetElapsedTime(before), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5));
        Assert.Equal(2, tool.Page.GetSpan()[TraceProtocolOffsets.WriterEnded]);
        Assert.False(service.IsTracing);
        tool.Die();
    });

    [Theory]
    [InlineData(null)]
    [InlineData((ushort)40)]
    public void After_a_resume_that_no_hook_announced_the_trace_is_over_and_a_new_one_can_be_taken(ushort? newId) => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        TraceConnection connection = await _world.ConnectAsync();
        await _world.Delay(1);
        _world.Traced.SuspendAndResume(newId);
        Assert.Empty(await TraceWorld.ReadToEndAsync(connection));
        await connection.DisposeAsync();
        await using TraceConnection next = await _world.ConnectAsync(new TraceConnectionOptions { Categories = TraceCategories.User, WaitForOffer = true });
    });
}
