// Starts the image of EventPing as two domains of one Xen, and makes them known to each other: TwoDomains IMAGE [rounds].
using System.Globalization;
using Xenolith.Bed;

if (args is not [string image, .. { Length: <= 1 } rest] || !File.Exists(image))
{
    Console.Error.WriteLine("Usage: TwoDomains IMAGE [rounds]. samples/EventPing/two-domains.sh builds the image and calls this.");
    return 2;
}
string rounds = rest is [string given] ? given : "1000";

await using TestBed bed = await TestBed.StartAsync();
await using Domain pong = await bed.CreateDomainAsync(new() { Name = "pong", ImagePath = image, CommandLine = $"pong {rounds}" });
await using Domain ping = await bed.CreateDomainAsync(new() { Name = "ping", ImagePath = image, CommandLine = $"ping {rounds}" });
await bed.Xenstore.WriteAsync($"/local/domain/{pong.Id}/data/peer", ping.Id.ToString(CultureInfo.InvariantCulture));
await bed.Xenstore.WriteAsync($"/local/domain/{ping.Id}/data/peer", pong.Id.ToString(CultureInfo.InvariantCulture));

int worst = 0;
foreach (Domain domain in (Domain[])[ping, pong])
{
    DomainEnd end = await domain.WaitForShutdownAsync();
    foreach (string line in domain.Console.Text.TrimEnd('\n').Split('\n'))
        Console.WriteLine($"{domain.Name}: {line}");
    worst = Math.Max(worst, end.ExitCode ?? 1);
}
return worst;
