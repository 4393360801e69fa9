// Two ends of an event channel send each other one bit of news, back and forth.
//
//   EventPing                  both ends in this one domain
//   EventPing pong [rounds]    one end; waits for the other domain
//   EventPing ping [rounds]    the other end; counts the time
//
// The two domains find each other through xenstore: whoever starts them writes the other's number to data/peer of each
// (two-domains.sh does), and the end that answers publishes its port for the other to read.
using EventPing;
using Xenolith;

if (!XenPlatform.IsSupported)
{
    Console.Error.WriteLine("EventPing needs Xen: start it with ./xenolith run samples/EventPing");
    return 2;
}
int rounds = 1000;
if (args.Length > 2 || (args.Length > 0 && args[0] is not ("ping" or "pong")) || (args.Length == 2 && (!int.TryParse(args[1], out rounds) || rounds < 1)))
{
    Console.Error.WriteLine("Usage: EventPing [ping|pong [rounds]]");
    return 2;
}

XenPlatform platform = XenPlatform.Current;
switch (args)
{
    case ["pong", ..]:
        await Pong.RunAsync(platform, await Rendezvous.WaitForPeerAsync(platform), rounds);
        break;
    case ["ping", ..]:
        ushort peer = await Rendezvous.WaitForPeerAsync(platform);
        Report(await Ping.RunAsync(platform, peer, await Rendezvous.WaitForPortAsync(platform, peer), rounds));
        break;
    default:
        Report(await Alone.RunAsync(platform, rounds));
        break;
}
return 0;

void Report(TimeSpan time) =>
    Console.WriteLine($"{rounds} round trips in {time.TotalMilliseconds:F0} ms: {time.TotalMicroseconds / rounds:F1} us each");
