using Xenolith.EventChannels;

namespace Xenolith.Bench.Platform.Guest;

/// <summary>Round trips: an event to the other end of a channel, and the answer.</summary>
internal abstract class EventOperation : Operation
{
    private EventCount _seen;

    protected EventChannel? Channel { get; set; }

    /// <summary>Answers each event with one until the channel is disposed of.</summary>
    public static async Task EchoAsync(EventChannel channel)
    {
        try
        {
            for (EventCount seen = EventCount.None; ;)
            {
                seen = await channel.WaitAsync(seen);
                channel.Notify();
            }
        }
        catch (ObjectDisposedException)
        {
            // The end.
        }
    }

    /// <summary>A new connection has one event from the start, here or, answered, from the other end. It is not to be taken for an answer.</summary>
    public override async ValueTask BeginAsync() => _seen = await Channel!.WaitAsync(EventCount.None);

    public override async ValueTask RepeatAsync(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            Channel!.Notify();
            _seen = await Channel.WaitAsync(_seen);
        }
    }

    public override ValueTask DisposeAsync()
    {
        Channel?.Dispose();
        return default;
    }
}

/// <summary>To another domain and back.</summary>
internal sealed class PeerEvents(XenPlatform platform, Offer offer) : EventOperation
{
    public override ValueTask BeginAsync()
    {
        Channel = platform.EventChannels.BindInterdomain(offer.Domain, offer.Port);
        return base.BeginAsync();
    }
}

/// <summary>To another waiter of this domain and back, while so many ports are open.</summary>
internal sealed class LocalEvents(XenPlatform platform, int ports) : EventOperation
{
    private const ushort ThisDomain = 0x7FF0; // DOMID_SELF of Xen's public/xen.h

    private readonly List<EventChannel> _others = [];

    public override async ValueTask BeginAsync()
    {
        while (_others.Count < ports - 2)
            _others.Add(platform.EventChannels.AllocateUnbound(ThisDomain));
        Channel = platform.EventChannels.AllocateUnbound(ThisDomain);
        EventChannel echo = platform.EventChannels.BindInterdomain(ThisDomain, Channel.Port);
        _others.Add(echo);
        _ = EchoAsync(echo);
        await base.BeginAsync();
    }

    public override ValueTask DisposeAsync()
    {
        foreach (EventChannel other in _others)
            other.Dispose();
        return base.DisposeAsync();
    }
}
