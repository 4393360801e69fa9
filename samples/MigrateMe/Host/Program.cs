// Has the image of MigrateMe saved and restored, checkpointed and migrated while it runs: Host IMAGE [rounds].
using System.Globalization;
using Xenolith.Bed;

int rounds = 1;
if (args is not [string image, .. { Length: <= 1 } rest] || !File.Exists(image) || (rest is [string given] && !int.TryParse(given, CultureInfo.InvariantCulture, out rounds)))
{
    Console.Error.WriteLine("Usage: Host IMAGE [rounds]. samples/MigrateMe/on-the-move.sh builds the image and calls this.");
    return 2;
}

const string name = "traveller", file = "/traveller.saved";
await using TestBed bed = await TestBed.StartAsync();
await using Domain domain = await bed.CreateDomainAsync(new() { Name = name, ImagePath = image, CommandLine = $"{3 * rounds}" });
await domain.Console.WaitForLineAsync("working");

for (int round = 0; round < rounds; round++)
{
    await XlAsync("save", "-c", name, file); // goes on as it was
    await XlAsync("save", name, file);
    await XlAsync("restore", "-e", file);
    await XlAsync("migrate", "-s", "", name, "xl migrate-receive -e");
}

int id = int.Parse((await XlAsync("domid", name)).Trim(), CultureInfo.InvariantCulture);
string exitCode = (await bed.Xenstore.WaitAsync($"/local/domain/{id}/data/exit-code", value => value is not null))!;
Console.Write((await bed.RunShellAsync($"cat /var/log/xen/console/guest-{name}.log /var/log/xen/console/guest-{name}--incoming.log")).Output.Replace("\r", ""));
return int.Parse(exitCode, CultureInfo.InvariantCulture);

async Task<string> XlAsync(params string[] arguments)
{
    CommandResult result = await bed.RunAsync(new Dom0Command { Program = "xl", Arguments = arguments, Timeout = TimeSpan.FromMinutes(4) });
    Console.WriteLine($"xl {string.Join(' ', arguments)}: {result.ExitCode}");
    return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException(result.Error);
}
