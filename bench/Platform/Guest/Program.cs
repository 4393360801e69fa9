// The unikernel's side of the comparison: server, or client BATCHES OPERATION:ROUNDS...
//
// A server reads the client's domain from data/peer, writes "PORT REFERENCE..." to data/offer, and then answers events for ever. A client reads
// "DOMAIN PORT REFERENCE..." from data/peer and measures. For each operation it prints a line "measured OPERATION ROUNDS NANOSECONDS...",
// with the time of each batch of so many rounds. bench/Platform/peer does the same on Linux.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xenolith;
using Xenolith.Bench.Platform.Guest;
using Xenolith.EventChannels;
using Xenolith.Grants;

XenPlatform platform = XenPlatform.Current;
string peer = await platform.Xenstore.ReadAsync("data/peer") ?? throw new InvalidDataException("data/peer says nothing.");
switch (args)
{
    case ["server"]:
        ushort domain = ushort.Parse(peer, CultureInfo.InvariantCulture);
        SharedPages pages = await platform.Grants.ShareAsync(domain, Offer.PageCount, GrantAccess.ReadWrite);
        EventChannel channel = platform.EventChannels.AllocateUnbound(domain);
        await platform.Xenstore.WriteAsync("data/offer", $"{channel.Port} {string.Join(' ', pages.References.ToArray())}");
        await EventOperation.EchoAsync(channel);
        return 0;
    case ["client", string batches, .. string[] plan]:
        Offer offer = Offer.Parse(peer);
        foreach (string step in plan)
            await MeasureAsync(step, int.Parse(batches, CultureInfo.InvariantCulture), offer);
        return 0;
    default:
        Console.Error.WriteLine("server, or client BATCHES OPERATION:ROUNDS...");
        return 2;
}

async Task MeasureAsync(string step, int batches, Offer offer)
{
    string[] parts = step.Split(':');
    string name = parts[0];
    int rounds = int.Parse(parts[1], CultureInfo.InvariantCulture);
    await using Operation operation = Operation.Create(name, platform, offer);
    await operation.BeginAsync();
    await operation.RepeatAsync(rounds); // Not counted: emulated code is translated, and caches are filled, when it first runs.
    StringBuilder line = new();
    line.Append(CultureInfo.InvariantCulture, $"measured {name} {rounds}");
    for (int batch = 0; batch < batches; batch++)
    {
        long start = Stopwatch.GetTimestamp();
        await operation.RepeatAsync(rounds);
        line.Append(CultureInfo.InvariantCulture, $" {Stopwatch.GetElapsedTime(start).TotalNanoseconds:0}");
    }

    Console.WriteLine(line);
}
