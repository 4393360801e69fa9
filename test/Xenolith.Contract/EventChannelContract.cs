using System.Runtime.CompilerServices;
using Xenolith.EventChannels;

namespace Xenolith.Contract;

/// <summary>What event channels do on every platform.</summary>
public static class EventChannelContract
{
    internal static IEnumerable<ContractCase> All =>
    [
        Case(A_notification_wakes_the_other_end),
        Case(A_new_connection_has_an_event_from_the_start),
        Case(An_event_between_looking_and_waiting_is_not_lost),
        Case(Every_waiter_of_a_port_is_woken),
        Case(Cancelling_a_wait_ends_that_wait_alone),
        Case(Closing_a_channel_ends_its_waits),
        Case(A_masked_port_keeps_its_event_until_it_is_unmasked),
        Case(The_status_names_the_other_end),
        Case(Notifying_a_peer_that_has_closed_its_end_does_no_harm_and_the_status_tells),
        Case(Connecting_to_a_port_that_does_not_exist_is_refused),
        Case(A_port_for_another_domain_is_connected_once),
        Case(An_interrupt_to_a_cpu_of_its_own_arrives),
        Case(An_interrupt_is_bound_once),
        Case(A_closed_channel_says_so),
        Case(Events_come_and_go_a_thousand_times),
        Case(A_thousand_ports_are_open_at_once),
    ];

    private static ContractCase Case(Func<ContractWorld, Task> run, [CallerArgumentExpression(nameof(run))] string name = "") => new(name, run);

    private static (EventChannel Here, EventChannel There) Connect(ContractWorld world)
    {
        EventChannel there = world.There.EventChannels.AllocateUnbound(world.HereId);
        return (world.Here.EventChannels.BindInterdomain(world.ThereId, there.Port), there);
    }

    private static async Task A_notification_wakes_the_other_end(ContractWorld world)
    {
        (EventChannel here, EventChannel there) = Connect(world);
        using (here)
        using (there)
        {
            EventCount seen = there.Count;
            ValueTask<EventCount> wait = there.WaitAsync(seen);
            Check.Equal(NotifyResult.Sent, here.Notify());
            Check.True(await wait > seen);
        }
    }

    private static async Task A_new_connection_has_an_event_from_the_start(ContractWorld world)
    {
        (EventChannel here, EventChannel there) = Connect(world);
        using (here)
        using (there)
            Check.True(await here.WaitAsync(EventCount.None) > EventCount.None);
    }

    private static async Task An_event_between_looking_and_waiting_is_not_lost(ContractWorld world)
    {
        (EventChannel here, EventChannel there) = Connect(world);
        using (here)
        using (there)
        {
            EventCount seen = there.Count;
            here.Notify();
            EventCount first = await there.WaitAsync(seen);
            Check.Equal(first, await there.WaitAsync(seen)); // the event has arrived; who has not seen it need not wait
        }
    }

    private static async Task Every_waiter_of_a_port_is_woken(ContractWorld world)
    {
        (EventChannel here, EventChannel there) = Connect(world);
        using (here)
        using (there)
        {
            EventCount seen = there.Count;
            Task<EventCount>[] waits = [.. Enumerable.Range(0, 10).Select(_ => there.WaitAsync(seen).AsTask())];
            here.Notify();
            foreach (EventCount count in await Task.WhenAll(waits))
                Check.True(count > seen);
        }
    }

    private static async Task Cancelling_a_wait_ends_that_wait_alone(ContractWorld world)
    {
        (EventChannel here, EventChannel there) = Connect(world);
        using (here)
        using (there)
        using (CancellationTokenSource cancellation = new())
        {
            EventCount seen = there.Count;
            Task<EventCount> cancelled = there.WaitAsync(seen, cancellation.Token).AsTask();
            Task<EventCount> other = there.WaitAsync(seen, CancellationToken.None).AsTask();
            cancellation.Cancel(); // not CancelAsync, which leaves a simulation's thread
            OperationCanceledException error = await Check.ThrowsAsync<OperationCanceledException>(() => cancelled);
            Check.Equal(cancellation.Token, error.CancellationToken);
            Check.True(!other.IsCompleted);
            here.Notify();
            Check.True(await other > seen);
        }
    }

    private static async Task Closing_a_channel_ends_its_waits(ContractWorld world)
    {
        EventChannel channel = world.Here.EventChannels.AllocateUnbound(world.ThereId);
        Task<EventCount> wait = channel.WaitAsync(channel.Count).AsTask();
        channel.Dispose();
        await Check.ThrowsAsync<ObjectDisposedException>(() => wait);
    }

    private static async Task A_masked_port_keeps_its_event_until_it_is_unmasked(ContractWorld world)
    {
        using EventChannel masked = world.Here.EventChannels.BindIpi();
        using EventChannel other = world.Here.EventChannels.BindIpi();
        masked.Mask();
        EventCount seen = masked.Count;
        masked.Notify();
        EventCount seenOther = other.Count;
        other.Notify();
        await other.WaitAsync(seenOther); // so the masked one had its time
        Check.Equal(seen, masked.Count);
        masked.Unmask();
        Check.True(await masked.WaitAsync(seen) > seen);
    }

    private static Task The_status_names_the_other_end(ContractWorld world)
    {
        EventChannel there = world.There.EventChannels.AllocateUnbound(world.HereId);
        using (there)
        {
            Check.Equal(EventChannelState.Unbound, there.GetStatus().State);
            Check.Equal(world.HereId, there.GetStatus().RemoteDomain);
            using EventChannel here = world.Here.EventChannels.BindInterdomain(world.ThereId, there.Port);
            EventChannelStatus status = here.GetStatus();
            Check.Equal(EventChannelState.Interdomain, status.State);
            Check.Equal(world.ThereId, status.RemoteDomain);
            Check.Equal(there.Port, status.RemotePort);
        }
        return Task.CompletedTask;
    }

    private static Task Notifying_a_peer_that_has_closed_its_end_does_no_harm_and_the_status_tells(ContractWorld world)
    {
        (EventChannel here, EventChannel there) = Connect(world);
        there.Dispose();
        using (here)
        {
            NotifyResult result = here.Notify();
            Check.True(result is NotifyResult.Sent or NotifyResult.NoPeer);
            Check.Equal(EventChannelState.Unbound, here.GetStatus().State);
        }
        return Task.CompletedTask;
    }

    private static Task Connecting_to_a_port_that_does_not_exist_is_refused(ContractWorld world)
    {
        int open = world.Here.EventChannels.OpenCount;
        Check.Throws<XenException>(() => world.Here.EventChannels.BindInterdomain(world.ThereId, 4095));
        Check.Throws<XenException>(() => world.Here.EventChannels.BindInterdomain(world.ThereId, uint.MaxValue));
        Check.Equal(open, world.Here.EventChannels.OpenCount);
        return Task.CompletedTask;
    }

    private static Task A_port_for_another_domain_is_connected_once(ContractWorld world)
    {
        (EventChannel here, EventChannel there) = Connect(world);
        using (here)
        using (there)
            Check.Throws<XenException>(() => world.Here.EventChannels.BindInterdomain(world.ThereId, there.Port));
        return Task.CompletedTask;
    }

    private static async Task An_interrupt_to_a_cpu_of_its_own_arrives(ContractWorld world)
    {
        using EventChannel channel = world.Here.EventChannels.BindIpi();
        EventCount seen = channel.Count;
        channel.Notify();
        Check.True(await channel.WaitAsync(seen) > seen);
        Check.Equal(EventChannelState.Ipi, channel.GetStatus().State);
    }

    private static Task An_interrupt_is_bound_once(ContractWorld world)
    {
        using EventChannel debug = world.Here.EventChannels.BindVirtualInterrupt(VirtualInterrupt.Debug);
        Check.Equal(VirtualInterrupt.Debug, debug.GetStatus().Interrupt);
        Check.Equal(
            XenError.Exists,
            Check.Throws<XenException>(() => world.Here.EventChannels.BindVirtualInterrupt(VirtualInterrupt.Debug)).Error);
        return Task.CompletedTask;
    }

    private static async Task A_closed_channel_says_so(ContractWorld world)
    {
        EventChannel channel = world.Here.EventChannels.BindIpi();
        Check.True(channel.IsValid);
        channel.Dispose();
        channel.Dispose();
        Check.True(!channel.IsValid);
        Check.Throws<ObjectDisposedException>(() => channel.Notify());
        Check.Throws<ObjectDisposedException>(() => channel.GetStatus());
        await Check.ThrowsAsync<ObjectDisposedException>(async () => await channel.WaitAsync(channel.Count));
    }

    private static async Task Events_come_and_go_a_thousand_times(ContractWorld world)
    {
        (EventChannel here, EventChannel there) = Connect(world);
        using (here)
        using (there)
        {
            EventCount seenHere = await here.WaitAsync(EventCount.None);
            EventCount seenThere = there.Count;
            Task echo = EchoAsync(there, seenThere);
            for (int i = 0; i < 1000; i++)
            {
                here.Notify();
                seenHere = await here.WaitAsync(seenHere);
            }
            await echo;
        }

        static async Task EchoAsync(EventChannel channel, EventCount seen)
        {
            for (int i = 0; i < 1000; i++)
            {
                seen = await channel.WaitAsync(seen);
                channel.Notify();
            }
        }
    }

    private static async Task A_thousand_ports_are_open_at_once(ContractWorld world)
    {
        List<EventChannel> channels = [];
        try
        {
            for (int i = 0; i < 1000; i++)
                channels.Add(world.Here.EventChannels.BindIpi());
            Check.Equal(1000, channels.Select(channel => channel.Port).Distinct().Count());
            foreach (EventChannel channel in (EventChannel[])[channels[0], channels[500], channels[999]])
            {
                EventCount seen = channel.Count;
                channel.Notify();
                await channel.WaitAsync(seen);
            }
            Check.Equal(EventCount.None, channels[1].Count);
        }
        finally
        {
            foreach (EventChannel channel in channels)
                channel.Dispose();
        }
    }
}
