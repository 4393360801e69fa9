using System.Text;
using CsCheck;
using Xenolith.Consoles;
using Xenolith.Simulation;
using Xenolith.Xenbus;

namespace Xenolith.Tests.Consoles;

/// <summary>Finding and opening consoles, and what goes through them while both ends behave.</summary>
public sealed class XenConsoleTests : IDisposable
{
    private readonly ConsoleWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Consoles_are_listed_by_number_with_their_names() => _world.Run(async () =>
    {
        Assert.Empty(await XenConsole.ListAsync(_world.Front.Platform));
        await _world.AddConsoleAsync(10);
        await _world.AddConsoleAsync(2, "org.example.agent");
        Assert.Equal(
            [
                new XenConsoleInfo(2, "org.example.agent", _world.Back.Id, XenbusState.Initialising),
                new XenConsoleInfo(10, null, _world.Back.Id, XenbusState.Initialising),
            ],
            await XenConsole.ListAsync(_world.Front.Platform));
        Assert.Equal(
            [
                new XenConsoleBackendInfo(_world.Front.Id, 2, "org.example.agent", XenbusState.Initialising),
                new XenConsoleBackendInfo(_world.Front.Id, 10, null, XenbusState.Initialising),
            ],
            await XenConsoleBackend.ListAsync(_world.Back.Platform));
    });

    [Fact]
    public void A_console_is_opened_by_name_or_by_number() => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        await _world.AddConsoleAsync(2, "agent");
        foreach ((Func<Task<XenConsole>> open, int id, string? name) in new (Func<Task<XenConsole>>, int, string?)[]
        {
            (() => XenConsole.OpenAsync(_world.Front.Platform, "agent"), 2, "agent"),
            (() => XenConsole.OpenAsync(_world.Front.Platform, 2), 2, "agent"),
            (() => XenConsole.OpenAsync(_world.Front.Platform, 1), 1, null),
        })
        {
            Task<XenConsoleBackend> serving = XenConsoleBackend.ServeAsync(_world.Back.Platform, _world.Front.Id, id);
            await using XenConsole front = await open();
            await using XenConsoleBackend back = await serving;
            Assert.Equal((id, name, _world.Back.Id), (front.Id, front.Name, front.BackendDomain));
            Assert.Equal((id, name, _world.Front.Id), (back.Id, back.Name, back.FrontendDomain));
            Assert.Equal((XenbusState.Connected, XenbusState.Connected), await _world.StatesAsync(id));
        }
    });

    [Fact]
    public void A_console_that_is_not_there_is_an_exception_that_names_those_that_are() => _world.Run(async () =>
    {
        XenConsoleNotFoundException none = await Assert.ThrowsAsync<XenConsoleNotFoundException>(
            () => XenConsole.OpenAsync(_world.Front.Platform, "agent"));
        Assert.Equal("There is no console named \"agent\". This domain has no further consoles.", none.Message);
        await _world.AddConsoleAsync(1, "other");
        await _world.AddConsoleAsync(3);
        XenConsoleNotFoundException other = await Assert.ThrowsAsync<XenConsoleNotFoundException>(
            () => XenConsole.OpenAsync(_world.Front.Platform, 2));
        Assert.Equal("There is no console with the number 2. There are: console 1 \"other\", console 3.", other.Message);
        await Assert.ThrowsAsync<XenConsoleNotFoundException>(() => XenConsoleBackend.ServeAsync(_world.Back.Platform, _world.Front.Id, 2));
    });

    [Fact]
    public void Opening_may_wait_until_the_toolstack_has_made_the_console() => _world.Run(async () =>
    {
        XenConsoleOptions wait = new() { WaitForDevice = true };
        Task<XenConsole> opening = XenConsole.OpenAsync(_world.Front.Platform, "late", wait);
        Task<XenConsoleBackend> serving = XenConsoleBackend.ServeAsync(_world.Back.Platform, _world.Front.Id, 4, wait);
        await _world.AddConsoleAsync(3, "early");
        await _world.Delay(60);
        Assert.False(opening.IsCompleted || serving.IsCompleted);
        await _world.AddConsoleAsync(4, "late");
        await using XenConsole front = await opening;
        await using XenConsoleBackend back = await serving;
        Assert.Equal(4, front.Id);
    });

    [Fact]
    public void A_console_is_open_once() => _world.Run(async () =>
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => XenConsole.OpenAsync(_world.Front.Platform, 1));
        await Assert.ThrowsAsync<InvalidOperationException>(() => XenConsoleBackend.ServeAsync(_world.Back.Platform, _world.Front.Id, 1));
        await front.WriteAsync("still works"u8.ToArray());
        byte[] read = new byte[100];
        Assert.Equal("still works", Encoding.ASCII.GetString(read, 0, await back.ReadAsync(read)));
        await front.DisposeAsync();
        await back.DisposeAsync();
    });

    /// <summary>On real threads: a <see cref="StreamReader"/> leaves the order of a simulation.</summary>
    [Fact]
    public async Task Lines_go_both_ways()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
        Task echo = EchoAsync();
        using StreamReader reader = new(front, leaveOpen: true);
        for (int i = 0; i < 50; i++)
        {
            await front.WriteAsync(Encoding.UTF8.GetBytes($"line {i} – ünï\n"), cancellation);
            Assert.Equal($"LINE {i} – ÜNÏ", await reader.ReadLineAsync(cancellation));
        }
        await front.DisposeAsync();
        await echo;

        async Task EchoAsync()
        {
            using StreamReader lines = new(back, leaveOpen: true);
            while (await lines.ReadLineAsync(cancellation) is { } line)
                await back.WriteAsync(Encoding.UTF8.GetBytes($"{line.ToUpperInvariant()}\n"), cancellation);
            await back.DisposeAsync();
        }
    }

    /// <summary>One domain may be both ends, since Xen lets it map its own grants and connect to its own ports.</summary>
    [Fact]
    public void A_domain_can_serve_itself() => _world.Run(async () =>
    {
        SimulatedDomain domain = _world.Front;
        await _world.AddConsoleAsync(1, "mine", front: domain, back: domain);
        Task<XenConsoleBackend> serving = XenConsoleBackend.ServeAsync(domain.Platform, domain.Id, 1);
        XenConsole front = await XenConsole.OpenAsync(domain.Platform, "mine");
        XenConsoleBackend back = await serving;
        await front.WriteAsync("to myself"u8.ToArray());
        await front.DisposeAsync();
        Assert.Equal("to myself", Encoding.ASCII.GetString(await ConsoleWorld.ReadToEndAsync(back)));
        await back.DisposeAsync();
    });

    /// <summary>
    /// The advisory MSA03: output that did not fit into the console's ring at once was written in a loop without end. Here the ring is full most of
    /// the time, and takes less than it is offered.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(2047)]
    [InlineData(2048)]
    public void MSA03_console_partial_write_loops_write_every_byte_once_and_in_order(int readAtOnce) => _world.Run(async () =>
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
        byte[] sent = new byte[readAtOnce == 1 ? 5_000 : 50_000];
        new Random(1).NextBytes(sent);
        Task<byte[]> received = ReadAsync();
        await front.WriteAsync(sent);
        await front.DisposeAsync();
        Assert.Equal(sent, await received);
        await back.DisposeAsync();

        async Task<byte[]> ReadAsync()
        {
            using MemoryStream all = new();
            byte[] buffer = new byte[readAtOnce];
            while (await back.ReadAsync(buffer) is int count and > 0)
                all.Write(buffer, 0, count);
            return all.ToArray();
        }
    });

    [Fact]
    public void Whatever_the_sizes_of_reads_and_writes_on_both_sides_the_bytes_are_the_same() =>
        Gen.Select(Gen.Int[1, 1000], Gen.Int[0, 6000].Array[0, 8], Gen.Int[0, 6000].Array[0, 8], Gen.Int[1, 4000], Gen.Int[1, 4000]).Sample(
            (seed, frontWrites, backWrites, frontReads, backReads) =>
            {
                using ConsoleWorld world = new(seed);
                world.Run(async () =>
                {
                    (XenConsole front, XenConsoleBackend back) = await world.ConnectAsync();
                    Task<byte[]> atFront = ReadAsync(front, frontReads, backWrites.Sum()), atBack = ReadAsync(back, backReads, frontWrites.Sum());
                    Task<byte[]> fromFront = WriteAsync(front, seed, frontWrites), fromBack = WriteAsync(back, seed + 1, backWrites);
                    Assert.Equal(await fromFront, await atBack);
                    Assert.Equal(await fromBack, await atFront);
                    await front.DisposeAsync();
                    await back.DisposeAsync();
                });
            },
            iter: 100, threads: 1);

    [Fact]
    public void Writes_of_several_writers_are_not_mixed() => _world.Run(async () =>
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
        Task<byte[]> received = ConsoleWorld.ReadToEndAsync(back);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            for (int i = 0; i < 5; i++)
                await front.WriteAsync(Encoding.ASCII.GetBytes(new string((char)('a' + writer), 3000) + "\n"));
        }));
        await front.DisposeAsync();
        string[] lines = Encoding.ASCII.GetString(await received).TrimEnd('\n').Split('\n');
        Assert.Equal(40, lines.Length);
        Assert.All(lines, line => Assert.Equal(new string(line[0], 3000), line));
        await back.DisposeAsync();
    });

    [Fact]
    public void A_read_that_is_cancelled_loses_no_byte() => _world.Run(async () =>
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
        byte[] buffer = new byte[10];
        using CancellationTokenSource cancel = new();
        ValueTask<int> reading = front.ReadAsync(buffer, cancel.Token);
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reading);
        await back.WriteAsync("abc"u8.ToArray());
        Assert.Equal("abc", Encoding.ASCII.GetString(buffer, 0, await front.ReadAsync(buffer)));
        await front.DisposeAsync();
        await back.DisposeAsync();
    });

    [Fact]
    public void A_write_that_is_cancelled_has_written_its_beginning_and_the_next_follows_it() => _world.Run(async () =>
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
        using CancellationTokenSource cancel = new();
        ValueTask writing = front.WriteAsync(new byte[5000], cancel.Token);
        await _world.Delay(1);
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await writing);
        Task<byte[]> received = ConsoleWorld.ReadToEndAsync(back);
        await front.WriteAsync("next"u8.ToArray());
        await front.DisposeAsync();
        byte[] expected = [.. new byte[2048], .. "next"u8];
        Assert.Equal(expected, await received);
        await back.DisposeAsync();
    });

    [Fact]
    public void Draining_waits_until_the_other_end_has_taken_all() => _world.Run(async () =>
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
        await front.DrainAsync();
        await front.WriteAsync(new byte[100]);
        await front.FlushAsync(); // does not wait
        Task drained = front.DrainAsync().AsTask();
        await back.ReadExactlyAsync(new byte[99]);
        await _world.Delay(1);
        Assert.False(drained.IsCompleted);
        await back.ReadExactlyAsync(new byte[1]);
        await drained;
        await front.DisposeAsync();
        await back.DisposeAsync();
    });

    /// <summary>On real threads: the synchronous members block theirs.</summary>
    [Fact]
    public async Task The_synchronous_members_of_a_stream_work_where_there_are_threads()
    {
        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAsync();
        Task writer = Task.Run(
            () =>
            {
                using StreamWriter writer = new(front) { AutoFlush = true };
                for (int i = 0; i < 1000; i++)
                    writer.WriteLine($"line {i}");
            },
            TestContext.Current.CancellationToken);
        string text = await Task.Run(
            () =>
            {
                using StreamReader reader = new(back);
                return reader.ReadToEnd();
            },
            TestContext.Current.CancellationToken);
        await writer;
        Assert.Equal(string.Concat(Enumerable.Range(0, 1000).Select(i => $"line {i}\n")), text);
        Assert.Throws<ObjectDisposedException>(() => front.Write(new byte[1]));
        Assert.Throws<ObjectDisposedException>(() => back.Read(new byte[1]));
        Assert.Throws<NotSupportedException>(() => front.Seek(0, SeekOrigin.Begin));
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int atOnce, int total)
    {
        byte[] all = new byte[total];
        for (int done = 0; done < total;)
        {
            int count = await stream.ReadAsync(all.AsMemory(done, Math.Min(atOnce, total - done)));
            Assert.InRange(count, 1, atOnce);
            done += count;
        }
        return all;
    }

    private static async Task<byte[]> WriteAsync(Stream stream, int seed, int[] sizes)
    {
        byte[] all = new byte[sizes.Sum()];
        new Random(seed).NextBytes(all);
        int done = 0;
        foreach (int size in sizes)
        {
            await stream.WriteAsync(all.AsMemory(done, size));
            done += size;
        }
        return all;
    }
}
