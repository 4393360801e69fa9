using System.Buffers.Binary;
using Xenolith.Consoles;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;
using Xenolith.Simulation;
using Xenolith.Xenbus;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Consoles;

/// <summary>Other ends that break the rules: only their console suffers, with an exception that says what they did.</summary>
public sealed class HostileConsoleTests : IDisposable
{
    private const int InProd = 3076, OutCons = 3080; // what the back end writes

    private static readonly string[] States = ["", "2", "4", "4", "5", "6", "9", "-1", "closed"];

    private readonly ConsoleWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(InProd, 1025u)]
    [InlineData(InProd, uint.MaxValue)]
    [InlineData(OutCons, 1u)]
    [InlineData(OutCons, 0x8000_0000u)]
    public void A_bad_index_closes_this_console_for_good_and_harms_no_other(int offset, uint index) => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1, "bad");
        Task<RawBackend> connecting = RawBackend.ConnectAsync(_world, 1);
        XenConsole front = await XenConsole.OpenAsync(_world.Front.Platform, 1);
        RawBackend back = await connecting;
        (XenConsole other, XenConsoleBackend otherBack) = await _world.ConnectAsync(2);

        Task<int> reading = front.ReadAsync(new byte[10]).AsTask();
        back.SetIndex(offset, index);
        back.Channel.Notify();
        RingProtocolException error = offset == InProd
            ? await Assert.ThrowsAsync<RingProtocolException>(() => reading)
            : await Assert.ThrowsAsync<RingProtocolException>(async () => await front.WriteAsync(new byte[1]));
        Assert.StartsWith($"console 1 \"bad\": domain {_world.Back.Id} broke the ring. ", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<RingProtocolException>(() => reading);
        back.SetIndex(offset, 0); // too late
        await Assert.ThrowsAsync<RingProtocolException>(async () => await front.ReadExactlyAsync(new byte[10]));
        await Assert.ThrowsAsync<RingProtocolException>(async () => await front.WriteAsync(new byte[10]));
        await Assert.ThrowsAsync<RingProtocolException>(async () => await front.DrainAsync());

        await other.WriteAsync("unharmed"u8.ToArray());
        await otherBack.ReadExactlyAsync(new byte[8]);
        await front.DisposeAsync();
        back.Dispose();
        await other.DisposeAsync();
        await otherBack.DisposeAsync();
    });

    [Theory]
    [InlineData("ring-ref", "none", typeof(XenbusException))]
    [InlineData("ring-ref", "-1", typeof(XenbusException))]
    [InlineData("ring-ref", "4294967296", typeof(XenbusException))]
    [InlineData("ring-ref", "300", typeof(XenException))] // grants nothing
    [InlineData("ring-ref", "4294967295", typeof(XenException))]
    [InlineData("port", "", typeof(XenbusException))]
    [InlineData("port", "99", typeof(XenException))]
    [InlineData("port", "4294967295", typeof(XenException))]
    public void A_front_end_whose_details_make_no_sense_is_refused_and_the_next_is_served(string node, string value, Type error) => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        XenbusDevice device = (await XenbusDevice.FindFrontendAsync(_world.Front.Platform.Xenstore, "console", 1))!;
        Task<XenConsoleBackend> serving = XenConsoleBackend.ServeAsync(_world.Back.Platform, _world.Front.Id, 1);
        await using (SharedPages page = await _world.Front.Platform.Grants.ShareAsync(_world.Back.Id, 1, GrantAccess.ReadWrite))
        using (EventChannel channel = _world.Front.Platform.EventChannels.AllocateUnbound(_world.Back.Id))
        {
            Dictionary<string, string> details = new() { ["ring-ref"] = $"{page.References[0]}", ["port"] = $"{channel.Port}", [node] = value };
            await device.WriteAsync([.. details]);
            await device.WriteAsync(XenbusState.Initialised, default);
            Assert.IsType(error, await Assert.ThrowsAnyAsync<Exception>(() => serving));
        }
        Assert.Equal(XenbusState.Closed, (await _world.StatesAsync(1)).Back);
        await device.WriteAsync(XenbusState.Closed, default);

        (XenConsole front, XenConsoleBackend back) = await _world.ConnectAgainAsync(1);
        await front.DisposeAsync();
        await back.DisposeAsync();
    });

    [Fact]
    public void A_back_end_that_closes_instead_of_connecting_is_an_exception() => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        XenbusDevice device = (await XenbusDevice.FindBackendAsync(_world.Back.Platform.Xenstore, "console", _world.Front.Id, 1))!;
        Task<XenConsole> opening = XenConsole.OpenAsync(_world.Front.Platform, 1);
        await device.WriteAsync(XenbusState.InitWait, default);
        for (XenbusState state = XenbusState.Unknown; state != XenbusState.Initialised;)
            state = await device.WaitForOtherThanAsync(state, default);
        await device.WriteAsync(XenbusState.Closed, default);
        IOException error = await Assert.ThrowsAsync<IOException>(() => opening);
        Assert.Equal($"console 1: domain {_world.Back.Id} closed it before it was connected.", error.Message);
    });

    [Theory]
    [InlineData("backend", "")]
    [InlineData("backend", "not/absolute")]
    [InlineData("backend", "/with spaces")]
    [InlineData("backend-id", "70000")]
    public void Nodes_of_the_toolstack_that_make_no_sense_are_an_exception(string node, string value) => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        await _world.Toolstack.WriteAsync($"{_world.FrontPath(1)}/{node}", value);
        await Assert.ThrowsAnyAsync<IOException>(() => XenConsole.OpenAsync(_world.Front.Platform, 1));
    });

    /// <summary>An other end that writes any index and any byte at any time, a million times, at either end of the ring.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_hostile_other_end_causes_protocol_errors_and_nothing_else(bool atFrontend)
    {
        SimulatedDomain domain = _world.Front;
        using IoPages page = domain.Platform.Grants.AllocatePages(1);
        using EventChannel channel = domain.Platform.EventChannels.AllocateUnbound(domain.Id);
        ConsoleRing ring = atFrontend ? ConsoleRing.ForFrontend(page, channel) : ConsoleRing.ForBackend(page, channel);
        int theirProducer = atFrontend ? 3076 : 3084, theirConsumer = atFrontend ? 3080 : 3072;
        int readData = atFrontend ? 0 : 1024, readSize = atFrontend ? 1024 : 2048;
        page.GetSpan()[3088..].Fill(0x77);
        Random random = new(1);
        byte[] buffer = new byte[64];
        int errors = 0, moved = 0;
        for (int i = 0; i < 1_000_000; i++)
        {
            switch (random.Next(8))
            {
                case 0:
                    SetIndex(random.Next(2) == 0 ? theirProducer : theirConsumer, (uint)random.NextInt64());
                    break;
                case 1:
                    Move(theirProducer, random.Next(-3000, 3000));
                    break;
                case 2:
                    Move(theirConsumer, random.Next(-3000, 3000));
                    break;
                case 3:
                    page.GetSpan()[readData + random.Next(readSize)] = (byte)i;
                    break;
            }
            try
            {
                int count = random.Next(2) == 0 ? ring.Write(buffer.AsSpan(0, random.Next(65))) : ring.Read(buffer.AsSpan(0, random.Next(65)));
                Assert.InRange(count, 0, 64);
                Assert.InRange(ring.Unread, 0, 2048);
                moved += count;
            }
            catch (RingProtocolException)
            {
                errors++;
                // Else both would stay broken.
                SetIndex(theirProducer, GetIndex(atFrontend ? 3072 : 3080));
                SetIndex(theirConsumer, GetIndex(atFrontend ? 3084 : 3076));
            }
        }
        Assert.True(errors > 1000 && moved > 1000, $"{errors} errors, {moved} bytes");
        Assert.Equal(-1, page.GetReadOnlySpan()[3088..].IndexOfAnyExcept((byte)0x77));

        void Move(int offset, int by) => SetIndex(offset, GetIndex(offset) + (uint)by);
        uint GetIndex(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(page.GetReadOnlySpan()[offset..]);
        void SetIndex(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(page.GetSpan()[offset..], value);
    }

    /// <summary>A back end that writes what it likes into the ring and into its nodes, over the whole life of a console.</summary>
    [Fact]
    public void Whatever_a_back_end_does_the_front_end_ends_in_time_with_documented_outcomes_and_gives_everything_back()
    {
        int opened = 0, broken = 0, ended = 0, refused = 0;
        for (int seed = 1; seed <= 150; seed++)
        {
            using ConsoleWorld world = new(seed);
            Random random = new(seed);
            world.Run(async () =>
            {
                await world.AddConsoleAsync(1);
                using CancellationTokenSource stop = new(TimeSpan.FromMinutes(1), world.Hypervisor.Time);
                Task hostile = AttackAsync(stop.Token);
                try
                {
                    await using XenConsole front = await XenConsole.OpenAsync(world.Front.Platform, 1, cancellationToken: stop.Token);
                    opened++;
                    Task reading = ReadAsync(front, stop.Token);
                    await front.WriteAsync(new byte[random.Next(10_000)], stop.Token);
                    await reading;
                    ended++;
                }
                catch (RingProtocolException)
                {
                    broken++;
                }
                catch (Exception error) when (error is IOException or OperationCanceledException)
                {
                    refused++;
                }
                stop.Cancel();
                await hostile;
            });

            async Task AttackAsync(CancellationToken cancellationToken)
            {
                XenstoreClient store = world.Back.Platform.Xenstore;
                XenbusDevice device = (await XenbusDevice.FindBackendAsync(store, "console", world.Front.Id, 1))!;
                RawBackend? back = null;
                if (random.Next(4) > 0)
                    back = await RawBackend.ConnectAsync(world, 1);
                while (!cancellationToken.IsCancellationRequested)
                {
                    await world.Delay(random.NextDouble());
                    switch (random.Next(6))
                    {
                        case 0:
                            await store.WriteAsync($"{world.BackPath(1)}/state", States[random.Next(States.Length)]);
                            break;
                        case 1 when back is not null:
                            back.SetIndex(InProd, (uint)random.Next(0, 1100));
                            break;
                        case 2 when back is not null:
                            back.SetIndex(OutCons, (uint)random.Next(0, 2100));
                            break;
                        default:
                            back?.Channel.Notify();
                            break;
                    }
                }
                back?.Dispose();
            }
        }
        Assert.True(opened > 50 && broken > 10 && ended + refused > 10, $"{opened} opened, {broken} broken, {ended} ended, {refused} refused");
    }

    private static async Task ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[100];
        while (await stream.ReadAsync(buffer, cancellationToken) > 0)
        {
        }
    }
}
