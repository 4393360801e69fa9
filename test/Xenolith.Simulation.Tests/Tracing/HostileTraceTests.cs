using System.Buffers.Binary;
using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;
using Xenolith.Tracing;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Tracing;

/// <summary>Either end does what it should not: the other ends the trace, keeps nothing of it, and is otherwise unharmed.</summary>
public sealed class HostileTraceTests : IDisposable
{
    private readonly TraceWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(1u)]
    [InlineData(0x8000_0000u)]
    [InlineData(0xFFFF_0000u)]
    public void A_tool_that_moves_its_index_to_an_impossible_place_has_ended_its_trace(uint consumer) => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        RawTool tool = await RawTool.ConnectAsync(_world);
        Assert.True(service.IsTracing);
        tool.SetConsumer(consumer);
        _world.Traced.Platform.Tracing.GetName("event").Instant();
        await _world.Delay(1);
        Assert.False(service.IsTracing);
        tool.Die();
        await _world.Delay(10); // the reclamation
        await using TraceConnection honest = await _world.ConnectAsync();
    });

    [Fact]
    public void A_tool_that_overwrites_all_that_it_can_write_to_gets_no_more_and_harms_nothing() => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        RawTool tool = await RawTool.ConnectAsync(_world);
        for (int i = 0; i < 50; i++)
        {
            tool.Page.GetSpan().Fill((byte)(i * 5));
            tool.Channel.Notify();
            _world.Traced.Platform.Tracing.GetName("event").Instant(i);
            await _world.Delay(0.2);
        }
        Assert.False(service.IsTracing);
        tool.Die();
        await _world.Delay(10);
        await using TraceConnection honest = await _world.ConnectAsync();
    });

    [Theory]
    [InlineData("request", "refused malformed")]
    [InlineData("request 1", "refused malformed")]
    [InlineData("request 2 1 2 3 4 5", "refused version")]
    [InlineData("request 1 -1 128 1", "refused malformed")]
    [InlineData("request 1 256 128 4294967296", "refused malformed")]
    [InlineData("request 1 256 128 1 and more", "refused malformed")]
    [InlineData("request 1 256 128 0", "refused limits")]
    [InlineData("request 1 256 128 3", "refused limits")]
    [InlineData("request 1 256 128 512", "refused limits")]
    [InlineData("request 1 256 4294967295 1", "refused limits")]
    [InlineData("request 1 256 0 1", "refused limits")]
    [InlineData("request 1 0 128 1", "refused unsupported")]
    [InlineData("request 1 4294901760 128 1", "refused unsupported")]
    public void A_request_that_makes_no_sense_is_refused(string request, string answer) => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        await _world.Toolstack.WriteAsync($"{_world.Requests}/bad", request);
        Assert.Equal(answer, await _world.Toolstack.WaitForValueAsync($"{_world.Requests}/bad", value => value != request));
        Assert.False(service.IsTracing);
    });

    [Fact]
    public void Answers_that_nobody_fetches_do_not_pile_up() => _world.Run(async () =>
    {
        await using TraceService service = await _world.OfferAsync();
        for (int i = 0; i < 100; i++)
        {
            await _world.Toolstack.WriteAsync($"{_world.Requests}/tool{i}", "request 1 0 128 1");
            await _world.Delay(0.1);
        }
        Assert.InRange((await _world.Toolstack.ListAsync(_world.Requests))!.Count, 1, 20);
        await using TraceConnection honest = await _world.ConnectAsync();
    });

    [Theory]
    [InlineData("nonsense")]
    [InlineData("serving")]
    [InlineData("serving 1")]
    [InlineData("serving -1 2")]
    [InlineData("serving 4294967296 2")]
    [InlineData("serving 99999 2")] // no such grant
    [InlineData("serving 4294967295 4294967295")]
    [InlineData("")]
    public void A_domain_whose_answer_makes_no_sense_is_not_traced(string answer) => _world.Run(async () =>
    {
        await PretendToOfferAsync(_world);
        Task<TraceConnection> connecting = _world.ConnectAsync();
        await AnswerAsync(_world, answer);
        TraceUnavailableException error = await Assert.ThrowsAsync<TraceUnavailableException>(() => connecting);
        Assert.Equal(TraceUnavailability.Nonsense, error.Reason);
    });

    [Fact]
    public void A_domain_that_does_not_answer_is_not_waited_for_for_ever() => _world.Run(async () =>
    {
        await PretendToOfferAsync(_world);
        Assert.Equal(TraceUnavailability.NoAnswer, (await Assert.ThrowsAsync<TraceUnavailableException>(() => _world.ConnectAsync())).Reason);
        Assert.Empty((await _world.Toolstack.ListAsync(_world.Requests))!);
    });

    [Theory]
    [InlineData(TraceProtocolOffsets.Magic, 0u)]
    [InlineData(TraceProtocolOffsets.Version, 2u)]
    [InlineData(TraceProtocolOffsets.Pages, 0u)]
    [InlineData(TraceProtocolOffsets.Pages, 2u)] // not what was asked for
    [InlineData(TraceProtocolOffsets.Pages, 3u)]
    [InlineData(TraceProtocolOffsets.Pages, uint.MaxValue)]
    [InlineData(TraceProtocolOffsets.RecordBytes, 0u)]
    [InlineData(TraceProtocolOffsets.References, 99_999u)]
    public void A_domain_whose_first_page_makes_no_sense_is_not_traced(int offset, uint value) => _world.Run(async () =>
    {
        using Liar liar = await Liar.CreateAsync(_world);
        liar.Set(offset, value);
        Assert.Equal(TraceUnavailability.Nonsense, (await Assert.ThrowsAsync<TraceUnavailableException>(() => liar.ConnectAsync())).Reason);
    });

    [Theory]
    [InlineData(4097u)]
    [InlineData(uint.MaxValue)]
    public void A_domain_that_claims_to_have_written_more_than_there_is_room_for_ends_the_connection_with_an_exception(uint producer) => _world.Run(async () =>
    {
        using Liar liar = await Liar.CreateAsync(_world);
        await using TraceConnection connection = await liar.ConnectAsync();
        Task<List<TraceRecord>> reading = TraceWorld.ReadToEndAsync(connection);
        liar.Set(TraceProtocolOffsets.Producer, producer);
        liar.Channel.Notify();
        await Assert.ThrowsAsync<RingProtocolException>(() => reading);
    });

    [Fact]
    public void A_domain_that_goes_on_writing_after_the_end_is_not_read_for_ever() => _world.Run(async () =>
    {
        using Liar liar = await Liar.CreateAsync(_world);
        await using TraceConnection connection = await liar.ConnectAsync();
        connection.Finish();
        await _world.Delay(6); // its time is over
        uint producer = 0;
        int read = 0;
        TraceRecord[] records = new TraceRecord[16];
        do
        {
            liar.Set(TraceProtocolOffsets.Producer, producer += 32 * 16);
            Assert.InRange(++read, 1, 100);
        }
        while (await connection.ReadAsync(records) > 0);
    });

    [Fact]
    public void Records_that_come_in_pieces_are_put_together() => _world.Run(async () =>
    {
        using Liar liar = await Liar.CreateAsync(_world);
        await using TraceConnection connection = await liar.ConnectAsync();
        Task<List<TraceRecord>> reading = TraceWorld.ReadToEndAsync(connection);
        Span<byte> ring = liar.Data;
        for (int i = 0; i < 64; i++)
            ring[i] = (byte)i;
        for (uint producer = 7; producer < 64; producer += 7)
        {
            liar.Set(TraceProtocolOffsets.Producer, producer);
            liar.Channel.Notify();
            await _world.Delay(0.1);
        }
        liar.Set(TraceProtocolOffsets.Producer, 63);
        liar.Set(TraceProtocolOffsets.WriterEnded, 1);
        liar.Channel.Notify();
        TraceRecord record = Assert.Single(await reading);
        Assert.Equal((0x0706050403020100ul, 0x1f1e1d1c1b1a1918ul), (record.Time, record.Value));
    });

    private static async Task PretendToOfferAsync(TraceWorld world)
    {
        XenstoreClient store = world.Traced.Platform.Xenstore;
        await store.MakeDirectoryAsync("data/xenolith/trace/requests");
        await store.WriteAsync("data/xenolith/trace/offer", "1");
    }

    private static async Task AnswerAsync(TraceWorld world, string answer)
    {
        XenstoreClient store = world.Traced.Platform.Xenstore;
        string id = "";
        await store.WaitAsync(async reader => (id = (await reader.ListAsync("data/xenolith/trace/requests"))?.FirstOrDefault() ?? "").Length != 0);
        await store.WriteAsync($"data/xenolith/trace/requests/{id}", answer);
    }

    /// <summary>A domain that answers as it should, with pages that say what a test wants.</summary>
    private sealed class Liar : IDisposable
    {
        private readonly TraceWorld _world;
        private readonly SharedPages _pages;

        private Liar(TraceWorld world, SharedPages pages, EventChannel channel)
        {
            _world = world;
            _pages = pages;
            Channel = channel;
        }

        internal EventChannel Channel { get; }

        internal Span<byte> Data => _pages.Pages.GetPage(1);

        internal static async Task<Liar> CreateAsync(TraceWorld world)
        {
            SharedPages pages = await world.Traced.Platform.Grants.ShareAsync(world.Zero.Id, 2, GrantAccess.ReadWrite);
            Liar liar = new(world, pages, world.Traced.Platform.EventChannels.AllocateUnbound(world.Zero.Id));
            uint[] header = [0x52544C58, 1, 1, 32];
            for (int i = 0; i < header.Length; i++)
                liar.Set(i * 4, header[i]);
            liar.Set(TraceProtocolOffsets.References, pages.References[1]);
            return liar;
        }

        internal void Set(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_pages.Pages.GetSpan()[offset..], value);

        internal async Task<TraceConnection> ConnectAsync()
        {
            await PretendToOfferAsync(_world);
            Task<TraceConnection> connecting = _world.ConnectAsync(new TraceConnectionOptions { Pages = 1 });
            await AnswerAsync(_world, $"serving {_pages.References[0]} {Channel.Port}");
            return await connecting;
        }

        public void Dispose()
        {
            Channel.Dispose();
            _pages.Dispose();
        }
    }
}
