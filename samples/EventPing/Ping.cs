using System.Diagnostics;
using Xenolith;
using Xenolith.EventChannels;

namespace EventPing;

/// <summary>The end that begins, and takes the time.</summary>
internal static class Ping
{
    internal static async Task<TimeSpan> RunAsync(XenPlatform platform, ushort peer, uint peerPort, int rounds)
    {
        using EventChannel channel = platform.EventChannels.BindInterdomain(peer, peerPort);
        // A new connection begins with one event, so that nothing is missed; the answers come after it.
        EventCount seen = await channel.WaitAsync(EventCount.None);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < rounds; i++)
        {
            channel.Notify();
            seen = await channel.WaitAsync(seen);
        }
        return Stopwatch.GetElapsedTime(start);
    }
}
