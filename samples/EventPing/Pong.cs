using Xenolith;
using Xenolith.EventChannels;

namespace EventPing;

/// <summary>The end that answers.</summary>
internal static class Pong
{
    /// <summary>Answers a domain's pings and says so at the end.</summary>
    internal static async Task RunAsync(XenPlatform platform, ushort peer, int rounds)
    {
        using EventChannel channel = platform.EventChannels.AllocateUnbound(peer);
        await Rendezvous.PublishPortAsync(platform, peer, channel.Port);
        await AnswerAsync(channel, rounds);
        Console.WriteLine($"answered {rounds} times");
    }

    /// <summary>Sends an event back for each that comes.</summary>
    internal static async Task AnswerAsync(EventChannel channel, int rounds)
    {
        EventCount seen = EventCount.None;
        for (int i = 0; i < rounds; i++)
        {
            seen = await channel.WaitAsync(seen);
            channel.Notify();
        }
    }
}
