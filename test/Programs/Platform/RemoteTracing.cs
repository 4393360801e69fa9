using System.Globalization;
using Xenolith;
using Xenolith.Abi;
using Xenolith.Grants;
using Xenolith.Tracing;

namespace PlatformScenarios;

/// <summary>Traces that a tool in dom0 takes.</summary>
internal static class RemoteTracing
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Offers to be traced and works, a little of everything in each round, until it was traced for so many rounds or is told to end by a line.
    /// </summary>
    internal static async Task<int> ServeAsync(string[] args)
    {
        int rounds = args is [string most] ? int.Parse(most, CultureInfo.InvariantCulture) : int.MaxValue;
        XenPlatform platform = XenPlatform.Current;
        TraceName round = platform.Tracing.GetName("round"), half = platform.Tracing.GetName("half time"), count = platform.Tracing.GetName("rounds");
        await using (TraceService service = await platform.Tracing.AllowRemoteAsync())
        {
            Task<string?> told = Task.Run(Console.In.ReadLineAsync);
            Console.WriteLine("ready");
            bool wasTraced = false;
            int traces = 0;
            for (int number = 0, traced = 0; traced < rounds && !(told.IsCompleted && await told is not null); number++)
            {
                if (service.IsTracing != wasTraced)
                    Console.WriteLine((wasTraced = !wasTraced) ? $"trace {++traces} begins" : $"trace {traces} ends");
                if (wasTraced)
                    traced++;
                round.Begin(number);
                await platform.Xenstore.WriteAsync("data/round", number.ToString(CultureInfo.InvariantCulture));
                round.End(number);
                half.Instant(number);
                count.Counter(number);
                await using (SharedPages pages = await platform.Grants.ShareAsync(DomainId.Self, 1, GrantAccess.ReadOnly))
                    GC.Collect(0);
                await Task.Delay(s_pause);
            }
        }
        GrantStatistics left = platform.Grants.GetStatistics();
        Console.WriteLine($"left {left.Granted} {left.Reclaiming} {platform.Tracing.IsRunning}");
        return 0;
    }
}
