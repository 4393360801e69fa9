using Xenolith.Linux;
using Xenolith.Simulation.Xenstore;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Linux;

/// <summary>xenstore through the kernel's device: what it reads comes in any pieces, and may be nonsense.</summary>
public sealed class LinuxXenstoreTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(5000)]
    public async Task Replies_and_events_may_come_in_pieces(int piece)
    {
        InMemoryXenstored daemon = new();
        daemon.AddDomain(3);
        FakeDevice device = new("xenbus");
        _ = device.Handle;
        _ = PumpAsync(device, await daemon.CreateTransport(3).ConnectAsync(Cancellation), piece);
        await using XenstoreClient store = new(new XenstoreDeviceTransport(device), XenstoreClientOptions.Default);
        string value = new('x', 2000);
        await using XenstoreWatch watch = await store.WatchAsync("data/key", Cancellation);
        await watch.ReadAsync(Cancellation);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => store.WriteAsync($"data/{i}", value, Cancellation))).WaitAsync(s_patience, Cancellation);
        await store.WriteAsync("data/key", "1", Cancellation);
        Assert.Equal("data/key", (await watch.ReadAsync(Cancellation)).Path);
        Assert.Equal(value, await store.ReadAsync("data/19", Cancellation));
        Assert.Null(await store.ReadAsync("data/none", Cancellation));
        Assert.Equal(XenstoreError.ENOSYS, (await Assert.ThrowsAsync<XenstoreException>(() => store.ResetWatchesAsync(Cancellation))).Error);
    }

    [Fact]
    public async Task Bytes_that_make_no_sense_end_the_connection_with_a_reason()
    {
        FakeDevice device = new("xenbus");
        device.Send([.. Enumerable.Repeat((byte)0xff, 64)]);
        await using XenstoreClient store = new(new XenstoreDeviceTransport(device), XenstoreClientOptions.Default);
        await Assert.ThrowsAsync<XenstoreProtocolException>(() => store.ReadAsync("name", Cancellation).WaitAsync(s_patience, Cancellation));
    }

    [Fact]
    public async Task A_device_that_ends_is_the_end_of_the_client()
    {
        FakeDevice device = new("xenbus");
        _ = device.Handle;
        await using XenstoreClient store = new(new XenstoreDeviceTransport(device), XenstoreClientOptions.Default);
        Task<string?> reading = store.ReadAsync("name", Cancellation);
        Assert.Equal(21, device.Receive(new byte[100])); // header, "name", NUL
        device.End();
        await Assert.ThrowsAsync<XenstoreDisconnectedException>(() => reading.WaitAsync(s_patience, Cancellation));
    }

    [Fact]
    public async Task A_watch_that_is_set_up_again_tells_of_a_resume_and_nothing_else_does()
    {
        InMemoryXenstored daemon = new();
        daemon.AddDomain(3);
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(daemon.CreateTransport(3), cancellationToken: Cancellation);
        SemaphoreSlim resumed = new(0);
        Task following = LinuxResume.FollowAsync(store, () => resumed.Release());
        while (daemon.WatchCount == 0)
            await Task.Yield();
        await store.WriteAsync("data/key", "1", Cancellation);
        for (int i = 0; i < 3; i++)
        {
            daemon.Disconnect(); // as at a resume: the kernel sets its watches up on a new connection
            Assert.True(await resumed.WaitAsync(s_patience, Cancellation));
        }
        await store.WriteAsync("data/key", "2", Cancellation);
        Assert.Equal(0, resumed.CurrentCount);
        await store.DisposeAsync();
        await following.WaitAsync(s_patience, Cancellation);
    }

    [Fact]
    public async Task A_transaction_of_before_a_resume_is_lost_and_made_anew_while_watches_stay()
    {
        InMemoryXenstored daemon = new();
        daemon.AddDomain(3);
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(daemon.CreateTransport(3), cancellationToken: Cancellation);
        await using XenstoreWatch watch = await store.WatchAsync("data/key", Cancellation);
        await watch.ReadAsync(Cancellation);
        await using XenstoreTransaction old = await store.StartTransactionAsync(Cancellation);
        await old.WriteAsync("data/key", "old", Cancellation);
        store.LoseTransactions();
        await Assert.ThrowsAsync<XenstoreDisconnectedException>(() => old.WriteAsync("data/key", "older", Cancellation));
        await Assert.ThrowsAsync<XenstoreDisconnectedException>(() => old.CommitAsync(Cancellation));
        await store.RunTransactionAsync(again => new ValueTask(again.WriteAsync("data/key", "new", Cancellation)), cancellationToken: Cancellation);
        Assert.Equal("data/key", (await watch.ReadAsync(Cancellation)).Path);
        Assert.Equal("new", await store.ReadAsync("data/key", Cancellation));
    }

    /// <summary>Carries what is written to the device to a daemon, and its answers back in pieces.</summary>
    private static Task PumpAsync(FakeDevice device, XenstoreChannel daemon, int piece)
    {
        Task answers = Task.Run(async () =>
        {
            byte[] buffer = new byte[4096];
            while (await daemon.ReadAsync(buffer, default) is int count and > 0)
            {
                for (int sent = 0; sent < count; sent += piece)
                    device.Send(buffer.AsSpan(sent, Math.Min(piece, count - sent)));
            }
        });
        Task requests = Task.Run(async () =>
        {
            byte[] buffer = new byte[8192];
            while (device.Receive(buffer) is int count and > 0)
                await daemon.WriteAsync(buffer.AsMemory(0, count), default);
        });
        return Task.WhenAll(answers, requests);
    }
}
