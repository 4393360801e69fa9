using System.Text;
using Xenolith.Consoles;
using Xenolith.Grants;
using Xenolith.Xenbus;

namespace Xenolith.Tests.Consoles;

/// <summary>How a console ends: closed by either side, with its domain, by a resume, or never begun.</summary>
public sealed class ConsoleEndTests : IDisposable
{
    private static readonly XenConsoleOptions Hasty = new() { DrainLimit = TimeSpan.FromMilliseconds(1) };

    private readonly ConsoleWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void When_the_front_end_closes_the_back_end_reads_the_rest_and_then_the_end() => _world.Run(async () =>
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
        await front.WriteAsync("last words"u8.ToArray());
        ValueTask closing = front.DisposeAsync(); // waits for the words to be taken
        Assert.Equal("last words", Encoding.ASCII.GetString(await ConsoleWorld.ReadToEndAsync(back)));
        await closing;
        await Assert.ThrowsAsync<IOException>(async () => await back.WriteAsync(new byte[1]));
        await back.DisposeAsync();
        Assert.Equal((XenbusState.Closed, XenbusState.Closed), await _world.StatesAsync(1));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await front.ReadExactlyAsync(new byte[1]));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await front.WriteAsync(new byte[1]));
        await front.DisposeAsync(); // a second time
    });

    [Fact]
    public void When_the_back_end_closes_the_front_end_reads_the_rest_and_then_the_end() => _world.Run(async () =>
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync(options: Hasty);
        await back.WriteAsync("last words"u8.ToArray());
        await back.DisposeAsync(); // the words are not taken in time, and are not lost
        Assert.Equal("last words", Encoding.ASCII.GetString(await ConsoleWorld.ReadToEndAsync(front)));
        Assert.Equal(0, await front.ReadAsync(new byte[1]));
        IOException error = await Assert.ThrowsAsync<IOException>(async () => await front.WriteAsync(new byte[1]));
        Assert.Equal("console 1: the other end has closed it.", error.Message);
        await front.DisposeAsync();
        Assert.Equal((XenbusState.Closed, XenbusState.Closed), await _world.StatesAsync(1));
    });

    [Fact]
    public void What_was_written_and_not_taken_is_read_although_the_writer_has_gone_without_waiting() => _world.Run(async () =>
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync(options: Hasty);
        byte[] sent = new byte[2048];
        new Random(1).NextBytes(sent);
        await front.WriteAsync(sent);
        await front.DisposeAsync();
        Assert.Equal(sent, await ConsoleWorld.ReadToEndAsync(back));
        await back.DisposeAsync();
    });

    [Fact]
    public void Reads_and_writes_that_wait_end_when_the_other_end_closes() => _world.Run(async () =>
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync(options: Hasty);
        Task<int> reading = front.ReadAsync(new byte[1]).AsTask();
        Task writing = front.WriteAsync(new byte[5000]).AsTask();
        Task draining = DrainAsync();
        await back.DisposeAsync();
        Assert.Equal(0, await reading);
        await Assert.ThrowsAsync<IOException>(() => writing);
        await Assert.ThrowsAsync<IOException>(() => draining);
        await front.DisposeAsync();

        async Task DrainAsync() => await front.DrainAsync();
    });

    [Fact]
    public void A_console_can_be_opened_and_served_again_and_again() => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        for (int i = 0; i < 5; i++)
        {
            (XenConsole front, XenConsoleBackend back) = await _world.ConnectAgainAsync(1);
            await front.WriteAsync("hello"u8.ToArray());
            await back.ReadExactlyAsync(new byte[5]);
            if (i % 2 == 0)
                await Task.WhenAll(front.DisposeAsync().AsTask(), back.DisposeAsync().AsTask());
            else
                await back.DisposeAsync();
            await front.DisposeAsync();
        }
    });

    [Fact]
    public void When_the_back_ends_domain_dies_the_front_end_reads_the_end() => _world.Run(
        async () =>
        {
            (XenConsole front, _) = await _world.ConnectAsync();
            Task<int> reading = front.ReadAsync(new byte[1]).AsTask();
            _world.Back.Destroy();
            Assert.Equal(0, await reading);
            await front.DisposeAsync();
            Assert.Equal(0, _world.Front.Platform.Grants.GetStatistics().Granted);
        },
        nothingIsLeft: false);

    [Fact]
    public void When_the_front_ends_domain_dies_the_back_end_reads_the_rest_and_the_end() => _world.Run(
        async () =>
        {
            (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
            await front.WriteAsync("dying"u8.ToArray());
            _world.Front.Destroy();
            Assert.Equal("dying", Encoding.ASCII.GetString(await ConsoleWorld.ReadToEndAsync(back)));
            await back.DisposeAsync();
            Assert.Equal(0, _world.Back.Platform.Grants.GetStatistics().MappedPages);
        },
        nothingIsLeft: false);

    [Fact]
    public void A_device_that_the_toolstack_removes_ends_and_no_node_of_it_comes_back() => _world.Run(async () =>
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
        Task<int> atFront = front.ReadAsync(new byte[1]).AsTask(), atBack = back.ReadAsync(new byte[1]).AsTask();
        await _world.RemoveConsoleAsync(1);
        Assert.Equal((0, 0), (await atFront, await atBack));
        await front.DisposeAsync();
        await back.DisposeAsync();
        Assert.False(await _world.Toolstack.ExistsAsync(_world.FrontPath(1)));
        Assert.False(await _world.Toolstack.ExistsAsync(_world.BackPath(1)));
    });

    [Fact]
    public void A_reader_that_never_reads_holds_up_disposing_no_longer_than_its_limit() => _world.Run(async () =>
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
        await front.WriteAsync(new byte[2048]);
        TimeSpan start = _world.Hypervisor.Time.Elapsed;
        await front.DisposeAsync();
        Assert.InRange(_world.Hypervisor.Time.Elapsed - start, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5.1));
        await back.DisposeAsync();
    });

    [Fact]
    public void A_back_end_that_does_not_let_go_holds_up_disposing_no_longer_than_its_limit_and_the_page_comes_back_later() => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        Task<RawBackend> connecting = RawBackend.ConnectAsync(_world, 1);
        XenConsole front = await XenConsole.OpenAsync(_world.Front.Platform, 1);
        RawBackend back = await connecting;
        TimeSpan start = _world.Hypervisor.Time.Elapsed;
        await front.DisposeAsync();
        Assert.InRange(_world.Hypervisor.Time.Elapsed - start, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5.1));
        Assert.Equal(XenbusState.Closed, (await _world.StatesAsync(1)).Front);
        GrantStatistics statistics = _world.Front.Platform.Grants.GetStatistics();
        Assert.Equal((0, 1), (statistics.Granted, statistics.Reclaiming));
        back.Dispose(); // after which nothing is left
    });

    [Fact]
    public void Opening_can_be_given_up_at_any_moment() => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        for (int milliseconds = 0; milliseconds < 5; milliseconds++)
        {
            using CancellationTokenSource cancel = new(TimeSpan.FromMilliseconds(milliseconds), _world.Hypervisor.Time);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => XenConsole.OpenAsync(_world.Front.Platform, 1, cancellationToken: cancel.Token));
            using CancellationTokenSource cancelBack = new(TimeSpan.FromMilliseconds(milliseconds), _world.Hypervisor.Time);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => XenConsoleBackend.ServeAsync(_world.Back.Platform, _world.Front.Id, 1, cancellationToken: cancelBack.Token));
        }
        Assert.Contains((await _world.StatesAsync(1)).Front, (XenbusState[])[XenbusState.Initialising, XenbusState.Closed]);
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAgainAsync(1);
        await front.DisposeAsync();
        await back.DisposeAsync();
    });

    [Fact]
    public void A_resume_ends_what_waits_and_every_later_call_with_the_stale_handle_exception_and_the_console_can_be_opened_again() => _world.Run(
        async () =>
        {
            (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
            Task<int> reading = front.ReadAsync(new byte[1]).AsTask();
            _world.Front.SuspendAndResume();
            await Assert.ThrowsAsync<StaleHandleException>(() => reading);
            await Assert.ThrowsAsync<StaleHandleException>(async () => await front.WriteAsync(new byte[1]));
            await Assert.ThrowsAsync<StaleHandleException>(async () => await front.ReadExactlyAsync(new byte[1]));
            await front.DisposeAsync();
            // What a toolstack does on a resume: the devices are new.
            await _world.RemoveConsoleAsync(1);
            await back.DisposeAsync();
            (front, back) = await _world.ConnectAsync();
            await front.WriteAsync("again"u8.ToArray());
            await back.ReadExactlyAsync(new byte[5]);
            await front.DisposeAsync();
            await back.DisposeAsync();
        },
        nothingIsLeft: false);

    [Fact]
    public void A_resume_of_the_back_ends_domain_is_told_there_in_the_same_way() => _world.Run(
        async () =>
        {
            (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
            await front.WriteAsync("lost"u8.ToArray());
            Task draining = DrainAsync();
            _world.Back.SuspendAndResume();
            await Assert.ThrowsAsync<StaleHandleException>(async () => await back.ReadExactlyAsync(new byte[1]));
            await back.DisposeAsync();
            await _world.RemoveConsoleAsync(1);
            await Assert.ThrowsAsync<IOException>(() => draining);
            await front.DisposeAsync();

            async Task DrainAsync() => await front.DrainAsync();
        },
        nothingIsLeft: false);
}
