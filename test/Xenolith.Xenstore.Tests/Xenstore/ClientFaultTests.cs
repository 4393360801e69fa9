using System.Runtime.CompilerServices;
using System.Text;
using Xenolith.Abi;
using Xenolith.Simulation.Xenstore;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Xenstore;

/// <summary>Callers that give up, peers that vanish, and peers that lie.</summary>
public sealed class ClientFaultTests
{
    private readonly InMemoryXenstored _daemon = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("/a//b")]
    [InlineData("/a b")]
    public async Task A_bad_path_is_refused_before_anything_is_sent(string path)
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
        await Assert.ThrowsAsync<ArgumentException>(() => store.ReadAsync(path, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => store.WriteAsync(path, "x", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => store.WatchAsync(path, Token));
        Assert.Equal(0, transport.BytesSent);
    }

    [Fact]
    public async Task A_request_given_up_after_it_was_sent_does_not_confuse_later_replies()
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
        using CancellationTokenSource giveUp = new();
        Task<string?> first = store.ReadAsync("/first", giveUp.Token);
        Task<string?> second = store.ReadAsync("/second", Token);
        XenstoreMessage one = await transport.ReceiveAsync(Token);
        XenstoreMessage two = await transport.ReceiveAsync(Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        transport.Reply(one, "1"u8);
        transport.Reply(two, "2"u8);
        Assert.Equal("2", await second);
    }

    [Fact]
    public async Task Replies_may_come_in_any_order()
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
        Task<string?> first = store.ReadAsync("/first", Token);
        Task<string?> second = store.ReadAsync("/second", Token);
        XenstoreMessage one = await transport.ReceiveAsync(Token);
        XenstoreMessage two = await transport.ReceiveAsync(Token);
        transport.Reply(two, "2"u8);
        Assert.Equal("2", await second);
        transport.Reply(one, "1"u8);
        Assert.Equal("1", await first);
    }

    [Fact]
    public async Task A_watch_given_up_after_it_was_sent_is_ended_again()
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
        using CancellationTokenSource giveUp = new();
        Task<XenstoreWatch> watching = store.WatchAsync("/w", giveUp.Token);
        XenstoreMessage watch = await transport.ReceiveAsync(Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
        transport.Reply(watch, "OK\0"u8);
        XenstoreMessage unwatch = await transport.ReceiveAsync(Token);
        Assert.Equal(XenstoreMessageType.Unwatch, unwatch.Type);
        Assert.True(unwatch.Payload.Span.SequenceEqual(watch.Payload.Span));
    }

    [Fact]
    public async Task A_transaction_given_up_while_it_begins_is_discarded()
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
        using CancellationTokenSource giveUp = new();
        Task<XenstoreTransaction> starting = store.StartTransactionAsync(giveUp.Token);
        XenstoreMessage start = await transport.ReceiveAsync(Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        transport.Reply(start, "17\0"u8);
        XenstoreMessage end = await transport.ReceiveAsync(Token);
        Assert.Equal((XenstoreMessageType.TransactionEnd, 17u, "F\0"), (end.Type, end.TransactionId, Encoding.ASCII.GetString(end.Payload.Span)));
    }

    [Fact]
    public async Task A_transaction_whose_commit_was_given_up_before_it_was_sent_is_discarded()
    {
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(_daemon.CreateTransport(0), cancellationToken: Token);
        using CancellationTokenSource giveUp = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.RunTransactionAsync(
            async transaction =>
            {
                await transaction.WriteAsync("/x", "1", Token);
                await giveUp.CancelAsync();
            },
            cancellationToken: giveUp.Token));
        Assert.Equal(0, _daemon.TransactionCount);
        Assert.Null(await store.ReadAsync("/x", Token));
    }

    [Fact]
    public async Task No_more_requests_are_under_way_than_allowed()
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store =
            await XenstoreClient.ConnectAsync(transport, new XenstoreClientOptions { MaxOutstandingRequests = 2 }, Token);
        Task<string?>[] reads = [.. Enumerable.Range(0, 3).Select(index => store.ReadAsync($"/{index}", Token))];
        XenstoreMessage first = await transport.ReceiveAsync(Token);
        await transport.ReceiveAsync(Token);
        long sent = transport.BytesSent;
        Assert.False(transport.HasRequest);
        Assert.Equal(sent, transport.BytesSent);
        transport.Reply(first, "x"u8);
        Assert.Equal("x", await reads[0]);
        Assert.Equal("/2\0", Encoding.ASCII.GetString((await transport.ReceiveAsync(Token)).Payload.Span));
    }

    [Fact]
    public async Task A_message_that_announces_too_much_ends_the_connection_with_a_clear_error()
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
        Task<string?> reading = store.ReadAsync("/x", Token);
        XenstoreMessage request = await transport.ReceiveAsync(Token);
        byte[] header = new byte[XenstoreCodec.HeaderSize];
        XenstoreCodec.WriteHeader(header, new XenstoreMessageHeader { Type = (uint)request.Type, ReqId = request.RequestId, Len = uint.MaxValue });
        transport.Send(header);
        XenstoreProtocolException exception = await Assert.ThrowsAsync<XenstoreProtocolException>(() => reading);
        Assert.Contains("4294967295", exception.Message);
        await transport.Closed.WaitAsync(Token);
        await Assert.ThrowsAsync<XenstoreProtocolException>(() => store.ReadAsync("/x", Token));
    }

    [Fact]
    public async Task A_reply_to_a_request_that_was_never_made_ends_the_connection()
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
        Task<string?> reading = store.ReadAsync("/x", Token);
        XenstoreMessage request = await transport.ReceiveAsync(Token);
        transport.Reply(request with { RequestId = request.RequestId + 1 }, "x"u8);
        await Assert.ThrowsAsync<XenstoreProtocolException>(() => reading);
    }

    [Fact]
    public async Task A_reply_of_another_type_than_the_request_ends_the_connection()
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
        Task<string?> reading = store.ReadAsync("/x", Token);
        XenstoreMessage request = await transport.ReceiveAsync(Token);
        transport.Reply(request with { Type = XenstoreMessageType.Write }, "x"u8);
        await Assert.ThrowsAsync<XenstoreProtocolException>(() => reading);
    }

    [Fact]
    public async Task A_list_in_parts_that_never_ends_is_given_up()
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
        Task<IReadOnlyList<string>?> listing = store.ListAsync("/x", Token);
        transport.Fail(await transport.ReceiveAsync(Token), "E2BIG\0"u8);
        byte[] part = [.. "7\0"u8, .. Enumerable.Repeat((byte)'a', 4000), 0];
        while (!listing.IsCompleted && await transport.ReceiveOrClosedAsync(Token) is XenstoreMessage request)
            transport.Reply(request, part);
        await Assert.ThrowsAsync<XenstoreProtocolException>(() => listing);
    }

    [Fact]
    public async Task An_error_of_an_unknown_name_is_still_an_error()
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
        Task<string?> reading = store.ReadAsync("/x", Token);
        transport.Fail(await transport.ReceiveAsync(Token), "EWEIRD\u001b[1m\0"u8);
        XenstoreException exception = await Assert.ThrowsAsync<XenstoreException>(() => reading);
        Assert.Equal(XenstoreError.Unknown, exception.Error);
        Assert.Contains("EWEIRD?[1m", exception.Message);
    }

    [Fact]
    public async Task Any_bytes_from_the_peer_end_in_a_documented_way() => await Gen.Select(Gen.Byte.Array[0, 120], Gen.UInt[0, 40]).SampleAsync(
        async (bytes, type) =>
        {
            ScriptedTransport transport = new();
            await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
            Task[] calls =
            [
                store.ListAsync("/x", Token), store.GetPermissionsAsync("/x", Token), store.StartTransactionAsync(Token), store.WatchAsync("/x", Token),
                store.IsIntroducedAsync(1, Token), store.GetFeaturesAsync(null, Token),
            ];
            foreach (Task _ in calls)
            {
                if (await transport.ReceiveOrClosedAsync(Token) is not XenstoreMessage request)
                    break; // the answers to the first ones have ended the connection
                transport.Reply(type < 20 ? request : request with { Type = (XenstoreMessageType)(type % 27) }, bytes);
            }

            transport.Send(bytes);
            transport.End();
            foreach (Task call in calls)
            {
                try
                {
                    await call.WaitAsync(TimeSpan.FromSeconds(30), Token);
                }
                catch (XenstoreException)
                {
                }
            }
        },
        iter: 2_000,
        threads: 1);

    [Fact]
    public async Task A_lost_connection_ends_its_requests_and_transactions_and_later_ones_use_the_next()
    {
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(_daemon.CreateTransport(0), cancellationToken: Token);
        await using XenstoreTransaction transaction = await store.StartTransactionAsync(Token);
        await transaction.WriteAsync("/x", "lost", Token);
        _daemon.Disconnect();
        await store.WaitForValueAsync("/x", value => value is null, Token);
        Assert.Equal(2, store.ConnectionGeneration);
        await Assert.ThrowsAsync<XenstoreDisconnectedException>(() => transaction.ReadAsync("/x", Token));
        await Assert.ThrowsAsync<XenstoreDisconnectedException>(() => transaction.CommitAsync(Token));
        await store.WriteAsync("/x", "kept", Token);
        Assert.Equal("kept", await store.ReadAsync("/x", Token));
    }

    [Theory]
    [InlineData("EEXIST", true)]
    [InlineData("ENOSPC", false)]
    public async Task A_watch_that_is_not_renewed_goes_on_if_the_daemon_has_it_and_ends_otherwise(string error, bool goesOn)
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
        Task<XenstoreWatch> watching = store.WatchAsync("/w", Token);
        transport.Reply(await transport.ReceiveAsync(Token), "OK\0"u8);
        XenstoreWatch watch = await watching;
        Task resetting = store.ResetWatchesAsync(Token);
        transport.Reply(await transport.ReceiveAsync(Token), "OK\0"u8);
        await resetting;
        transport.Fail(await transport.ReceiveAsync(Token), Encoding.ASCII.GetBytes(error));
        if (goesOn)
            Assert.Equal("/w", (await watch.ReadAsync(Token)).Path);
        else
            await Assert.ThrowsAsync<XenstoreQuotaException>(async () => await watch.ReadAsync(Token));
    }

    [Fact]
    public async Task A_request_under_way_when_the_connection_ends_is_reported_as_such()
    {
        ScriptedTransport transport = new();
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(transport, cancellationToken: Token);
        Task writing = store.WriteAsync("/x", "?", Token);
        await transport.ReceiveAsync(Token);
        transport.End();
        XenstoreDisconnectedException exception = await Assert.ThrowsAsync<XenstoreDisconnectedException>(() => writing);
        Assert.Contains("not known", exception.Message);
    }

    [Fact]
    public async Task Watches_and_waits_go_on_over_a_lost_connection()
    {
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(_daemon.CreateTransport(0), cancellationToken: Token);
        await using XenstoreClient other = await XenstoreClient.ConnectAsync(_daemon.CreateTransport(0), cancellationToken: Token);
        await using XenstoreWatch watch = await store.WatchAsync("/w", Token);
        await watch.ReadAsync(Token);
        Task<string?> waiting = store.WaitForValueAsync("/w", value => value == "done", Token);
        for (int round = 0; round < 5; round++)
        {
            _daemon.Disconnect();
            Assert.Equal("/w", (await watch.ReadAsync(Token)).Path);
        }

        await other.RunTransactionAsync(async transaction => await transaction.WriteAsync("/w", "done", Token), cancellationToken: Token);
        Assert.Equal("done", await waiting);
        Assert.Equal("/w", (await watch.ReadAsync(Token)).Path);
    }

    [Fact]
    public async Task No_watch_is_left_behind_however_its_use_ends()
    {
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(_daemon.CreateTransport(0), cancellationToken: Token);

        await using (await store.WatchAsync("/a", Token))
            Assert.Equal(1, _daemon.WatchCount);
        Assert.Equal(0, _daemon.WatchCount);

        await foreach (XenstoreWatchEvent _ in store.WatchEventsAsync("/a", Token))
            break;
        Assert.Equal(0, _daemon.WatchCount);

        await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await foreach (XenstoreWatchEvent _ in store.WatchEventsAsync("/a", Token))
                throw new InvalidDataException();
        });
        Assert.Equal(0, _daemon.WatchCount);

        using CancellationTokenSource giveUp = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (XenstoreWatchEvent _ in store.WatchEventsAsync("/a", giveUp.Token))
                await giveUp.CancelAsync();
        });
        Assert.Equal(0, _daemon.WatchCount);

        await Assert.ThrowsAsync<InvalidDataException>(() => store.WaitAsync(
            async reader => await reader.ExistsAsync("/a", Token) ? true : throw new InvalidDataException(), Token));
        Assert.Equal(0, _daemon.WatchCount);

        using CancellationTokenSource giveUpWaiting = new();
        Task<string?> waiting = store.WaitForValueAsync("/a", value => value is not null, giveUpWaiting.Token);
        await store.ReadAsync("/a", Token);
        await giveUpWaiting.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await store.ReadAsync("/a", Token); // behind the UNWATCH of a WATCH that was given up
        Assert.Equal(0, _daemon.WatchCount);
    }

    [Fact]
    public async Task A_watch_whose_handle_is_lost_is_ended_by_the_garbage_collector()
    {
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(_daemon.CreateTransport(0), cancellationToken: Token);
        await ForgetAsync(store);
        while (_daemon.WatchCount > 0)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await store.ReadAsync("/a", Token);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static async Task ForgetAsync(XenstoreClient store)
        {
            XenstoreWatch watch = await store.WatchAsync("/a", Token);
            await watch.ReadAsync(Token);
        }
    }

    [Fact]
    public async Task A_slow_reader_gets_each_changed_node_once_and_one_event_when_there_are_too_many()
    {
        await using XenstoreClient store =
            await XenstoreClient.ConnectAsync(_daemon.CreateTransport(0), new XenstoreClientOptions { WatchEventCapacity = 4 }, Token);
        await using XenstoreWatch watch = await store.WatchAsync("/w", Token);
        for (int index = 0; index < 100; index++)
            await store.WriteAsync($"/w/{index % 3}", $"{index}", Token);
        List<string> seen = [];
        for (int index = 0; index < 4; index++)
            seen.Add((await watch.ReadAsync(Token)).Path);
        Assert.Equal(["/w", "/w/0", "/w/1", "/w/2"], seen);

        for (int index = 0; index < 100; index++)
            await store.WriteAsync($"/w/{index}", "", Token);
        Assert.Equal(new XenstoreWatchEvent("/w", IsOverflow: true), await watch.ReadAsync(Token));
        await store.WriteAsync("/w/after", "", Token);
        Assert.Equal("/w/after", (await watch.ReadAsync(Token)).Path);
    }

    [Fact]
    public async Task Disposing_of_the_client_ends_everything_that_waits()
    {
        XenstoreClient store = await XenstoreClient.ConnectAsync(_daemon.CreateTransport(0), cancellationToken: Token);
        XenstoreWatch watch = await store.WatchAsync("/w", Token);
        await watch.ReadAsync(Token);
        ValueTask<XenstoreWatchEvent> reading = watch.ReadAsync(Token);
        Task<string?> waiting = store.WaitForValueAsync("/x", value => value is not null, Token);
        await store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await reading);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.ReadAsync("/x", Token));
        await watch.DisposeAsync();
        Assert.Equal((0, 0), (_daemon.ConnectionCount, _daemon.WatchCount));
    }
}
