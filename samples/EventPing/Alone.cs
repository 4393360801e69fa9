using Xenolith;
using Xenolith.Abi;
using Xenolith.EventChannels;

namespace EventPing;

/// <summary>Both ends in one domain: Xen lets a domain connect to itself.</summary>
internal static class Alone
{
    internal static async Task<TimeSpan> RunAsync(XenPlatform platform, int rounds)
    {
        ushort self = (ushort?)XenHost.TryGet()?.DomainId ?? DomainId.Self;
        using EventChannel channel = platform.EventChannels.AllocateUnbound(self);
        Task answers = Pong.AnswerAsync(channel, rounds);
        TimeSpan time = await Ping.RunAsync(platform, self, channel.Port, rounds);
        await answers;
        return time;
    }
}
