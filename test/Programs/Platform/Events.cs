using Xenolith;
using Xenolith.Abi;
using Xenolith.EventChannels;

namespace PlatformScenarios;

/// <summary>Event channels beyond what the contract checks: many ports, interrupts of Xen's, peers that die or never stop.</summary>
internal static class Events
{
    private static EventChannelTable Table => XenPlatform.Current.EventChannels;

    private static ushort Self => (ushort?)XenHost.TryGet()?.DomainId ?? DomainId.Self;

    /// <summary>Opens as many pairs as asked for, notifies each once, and counts what arrives.</summary>
    internal static async Task<int> ManyAsync(string[] args)
    {
        int pairs = int.Parse(args[0]);
        List<(EventChannel Here, EventChannel There)> channels = [];
        for (int i = 0; i < pairs; i++)
        {
            EventChannel here = Table.AllocateUnbound(Self);
            channels.Add((here, Table.BindInterdomain(Self, here.Port)));
        }
        foreach ((EventChannel _, EventChannel there) in channels)
            there.Notify();
        int arrived = 0;
        foreach ((EventChannel here, EventChannel _) in channels)
        {
            await here.WaitAsync(EventCount.None);
            arrived++;
        }
        Console.WriteLine($"limit {Table.Limit}, open {Table.OpenCount}, arrived {arrived}");
        foreach ((EventChannel here, EventChannel there) in channels)
        {
            here.Dispose();
            there.Dispose();
        }
        Console.WriteLine($"open {Table.OpenCount}, unclaimed {Table.UnclaimedEvents}");
        return 0;
    }

    /// <summary>Opens ports until Xen has no more.</summary>
    internal static Task<int> ExhaustAsync(string[] args)
    {
        List<EventChannel> channels = [];
        string end;
        try
        {
            while (true)
                channels.Add(Table.AllocateUnbound(Self));
        }
        catch (XenException error)
        {
            end = error.Message;
        }
        int count = channels.Count;
        channels.ForEach(channel => channel.Dispose());
        using EventChannel again = Table.AllocateUnbound(Self);
        Console.WriteLine($"{(count > 900 ? "more than 900" : count)}, then: {end}");
        return Task.FromResult(0);
    }

    /// <summary>Interrupts that are taken, that any domain may bind though Xen sends them to one, and that do not exist.</summary>
    internal static Task<int> RefusedInterruptsAsync(string[] args)
    {
        foreach (VirtualInterrupt interrupt in (VirtualInterrupt[])[VirtualInterrupt.Timer, VirtualInterrupt.DomainException, (VirtualInterrupt)99])
        {
            try
            {
                using EventChannel channel = Table.BindVirtualInterrupt(interrupt);
                Console.WriteLine($"{interrupt}: bound");
            }
            catch (XenException error)
            {
                Console.WriteLine($"{interrupt}: {error.Error}");
            }
        }
        using (EventChannel debug = Table.BindVirtualInterrupt(VirtualInterrupt.Debug))
            Console.WriteLine($"Debug: {debug.GetStatus().State}");
        return Task.FromResult(0);
    }

    /// <summary>Ports that are the kernel's, or nobody's, cannot be taken over.</summary>
    internal static Task<int> AdoptAsync(string[] args)
    {
        int adopted = 0;
        for (uint port = 0; port < 64; port++)
        {
            try
            {
                using EventChannel channel = Table.Adopt(port);
                Console.WriteLine($"taken over: {channel.GetStatus()}");
                adopted++;
            }
            catch (XenException)
            {
            }
        }
        Console.WriteLine($"{adopted} in all");
        return Task.FromResult(0);
    }

    /// <summary>A thread that notifies as fast as it can keeps nobody else from their events or their turns.</summary>
    internal static async Task<int> FloodAsync(string[] args)
    {
        using EventChannel flooded = Table.AllocateUnbound(Self), flood = Table.BindInterdomain(Self, flooded.Port);
        using EventChannel quiet = Table.AllocateUnbound(Self), other = Table.BindInterdomain(Self, quiet.Port);
        bool stop = false;
        Thread flooder = new(() =>
        {
            while (!Volatile.Read(ref stop))
                flood.Notify();
        });
        flooder.Start();
        EventCount seen = EventCount.None;
        for (int i = 0; i < 100; i++)
        {
            await Task.Delay(1);
            other.Notify();
            seen = await quiet.WaitAsync(seen);
        }
        Volatile.Write(ref stop, true);
        flooder.Join();
        Console.WriteLine(flooded.Count == EventCount.None ? "the flood never came" : "100 events beside the flood");
        return 0;
    }
}
