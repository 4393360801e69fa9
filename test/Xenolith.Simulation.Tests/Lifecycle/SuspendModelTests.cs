using System.Buffers.Binary;
using CsCheck;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Lifecycle;
using Xenolith.Rings;
using Xenolith.Simulation;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Lifecycle;

/// <summary>
/// Two domains with a connection between them, a watch and timers, one of which is suspended at any step: whatever comes of it, the connection is
/// made anew and goes on, nothing is lost, doubled or left behind.
/// </summary>
public sealed class SuspendModelTests
{
    private static readonly ByteRingLayout There = new(0, 1024, Consumer: 2048, Producer: 2052), Back = new(1024, 1024, Consumer: 2056, Producer: 2060);

    [Fact]
    public void At_every_step_of_a_connection_a_suspension_ends_well()
    {
        for (int steps = 0; steps < 200; steps++)
        {
            Live(seed: steps, [steps], SuspendOutcome.Resumed);
            Live(seed: steps, [steps], SuspendOutcome.Cancelled);
        }
    }

    [Fact]
    public void Any_number_of_suspensions_at_any_steps_ends_well() => Gen.Select(Gen.Int[1, int.MaxValue], Gen.Int[0, 80].Array[1, 8])
        .Sample((seed, pauses) => Live(seed, pauses, outcome: null), iter: 100, threads: 1);

    private static void Live(int seed, int[] pauses, SuspendOutcome? outcome)
    {
        using SimulatedHypervisor hypervisor = new(new SimulationOptions { Seed = seed });
        Random random = new(seed);
        SimulatedDomain backend = hypervisor.CreateDomain(), domain = hypervisor.CreateDomain();
        hypervisor.Run(async () =>
        {
            using CancellationTokenSource stop = new();
            int echoes = 0, changes = 0, ticks = 0, resumes = 0;
            Task[] work =
            [
                LoopAsync(domain.Platform, stop.Token, token => AskAsync(domain.Platform, backend.Id, () => echoes++, token)),
                ServeAsync(hypervisor, backend.Platform, () => domain.Id, stop.Token),
                WatchAsync(domain.Platform, () => changes++, stop.Token),
                TickAsync(hypervisor, () => ticks++, stop.Token),
            ];
            ushort nextId = 10;
            foreach (int pause in pauses)
            {
                for (int step = 0; step < pause; step++)
                    await Task.Yield();
                SuspendOutcome wanted = outcome ?? (random.Next(3) == 0 ? SuspendOutcome.Cancelled : SuspendOutcome.Resumed);
                domain.Suspension = new SimulatedSuspension(wanted, wanted == SuspendOutcome.Resumed && random.Next(2) == 0 ? nextId++ : null);
                Assert.Equal(wanted, await domain.Platform.Lifecycle.SuspendAsync());
                resumes += wanted == SuspendOutcome.Resumed ? 1 : 0;
            }
            Assert.Equal(resumes, domain.Platform.Generation.Number);

            int echoesThen = echoes, changesThen = changes;
            await Task.Delay(TimeSpan.FromSeconds(30), hypervisor.Time);
            await backend.Platform.Xenstore.WriteAsync($"/local/domain/{domain.Id}/data/news", "x");
            await Task.Delay(TimeSpan.FromSeconds(1.5), hypervisor.Time); // ends between two ticks
            Assert.True(echoes > echoesThen, "the connection stands still");
            Assert.True(changes > changesThen, "the watch is deaf");
            stop.Cancel();
            await Task.WhenAll(work);
            Assert.Equal((long)(hypervisor.Time.GetUtcNow() - new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero)).TotalSeconds, ticks); // each once
            await Task.Delay(TimeSpan.FromMinutes(2), hypervisor.Time); // in which what was busy is reclaimed
            foreach (SimulatedDomain one in (SimulatedDomain[])[backend, domain])
            {
                GrantStatistics grants = one.Platform.Grants.GetStatistics();
                Assert.Equal((0, 0, 0, 0, 0), (grants.Granted, grants.Reserved, grants.Reclaiming, grants.Pages, grants.MappedPages));
                Assert.Equal(1, one.Platform.EventChannels.OpenCount); // xenstore's
            }
            Assert.Equal(0, hypervisor.Xenstored.WatchCount);
        });
    }

    /// <summary>Does something for each generation, until it is to stop.</summary>
    private static async Task LoopAsync(XenPlatform platform, CancellationToken stop, Func<CancellationToken, Task> serve)
    {
        while (!stop.IsCancellationRequested)
        {
            Generation generation = platform.Generation;
            using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(stop, generation.Ended);
            try
            {
                await serve(both.Token);
            }
            catch (StaleHandleException) when (platform.Generation != generation)
            {
            }
            catch (XenstoreDisconnectedException)
            {
            }
            catch (OperationCanceledException) when (both.IsCancellationRequested)
            {
            }
        }
    }

    /// <summary>The end that is suspended: offers a ring and expects each number back, in order.</summary>
    private static async Task AskAsync(XenPlatform platform, ushort backend, Action echoed, CancellationToken stop)
    {
        await using SharedPages shared = await platform.Grants.ShareAsync(backend, 1, GrantAccess.ReadWrite, stop);
        using EventChannel channel = platform.EventChannels.AllocateUnbound(backend);
        await platform.Xenstore.WriteAsync("data/offer", $"{shared.References[0]} {channel.Port} {platform.Generation.Number}", stop);
        ByteRingWriter writer = new(shared.Pages, There);
        ByteRingReader reader = new(shared.Pages, Back);
        byte[] number = new byte[sizeof(int)], answer = new byte[sizeof(int)];
        for (int i = 1; ; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(number, i);
            EventCount seen = channel.Count;
            Assert.Equal(number.Length, writer.Write(number));
            channel.Notify();
            while (reader.Read(answer) == 0)
                seen = await channel.WaitAsync(seen, stop);
            Assert.Equal(i, BinaryPrimitives.ReadInt32LittleEndian(answer));
            echoed();
            await Task.Delay(TimeSpan.FromMilliseconds(50), platform.TimeProvider, stop);
        }
    }

    /// <summary>The other end: takes each offer once, and answers until its peer is another.</summary>
    private static async Task ServeAsync(SimulatedHypervisor hypervisor, XenPlatform platform, Func<ushort> peer, CancellationToken stop)
    {
        string served = "";
        while (!stop.IsCancellationRequested)
        {
            ushort domain = peer();
            string offer = await platform.Xenstore.ReadAsync($"/local/domain/{domain}/data/offer", CancellationToken.None) ?? "";
            if (offer != $"{served}" && offer.Split(' ') is [string reference, string port, _])
            {
                try
                {
                    using ForeignMapping mapping = platform.Grants.Map(new ForeignGrant(domain, uint.Parse(reference)), GrantAccess.ReadWrite);
                    using EventChannel channel = platform.EventChannels.BindInterdomain(domain, uint.Parse(port));
                    served = offer;
                    ByteRingReader reader = new(mapping, There);
                    ByteRingWriter writer = new(mapping, Back);
                    byte[] bytes = new byte[64];
                    while (!stop.IsCancellationRequested && domain == peer() && channel.GetStatus().State == EventChannelState.Interdomain)
                    {
                        if (reader.Read(bytes) is int count and > 0)
                        {
                            writer.Write(bytes.AsSpan(0, count));
                            channel.Notify();
                        }
                        else
                        {
                            await Task.Delay(TimeSpan.FromMilliseconds(20), hypervisor.Time, CancellationToken.None);
                        }
                    }
                }
                catch (XenException)
                {
                    // What was offered is of before a resume.
                }
            }
            await Task.Delay(TimeSpan.FromMilliseconds(100), hypervisor.Time, CancellationToken.None);
        }
    }

    private static async Task WatchAsync(XenPlatform platform, Action changed, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await using XenstoreWatch watch = await platform.Xenstore.WatchAsync("data/news", stop);
                while (true)
                {
                    await watch.ReadAsync(stop);
                    changed();
                }
            }
            catch (XenstoreDisconnectedException)
            {
                // Suspended before the watch was there.
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private static async Task TickAsync(SimulatedHypervisor hypervisor, Action tick, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await Task.Delay(TimeSpan.FromSeconds(1), hypervisor.Time, stop);
                tick();
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
