// Checks the contract of every platform: a line a case, exit code 1 if one fails. Arguments, if any, name the cases to run.
//
//   in a domU               all cases; the domain connects to itself and maps its own grants
//   as a Linux process      with the first argument --xenstore-socket: those of xenstore, over the Unix socket of dom0
using Xenolith;
using Xenolith.Abi;
using Xenolith.Contract;
using Xenolith.Xenstore;

const string OverSocket = "--xenstore-socket";
TimeSpan limit = TimeSpan.FromSeconds(30); // a case takes milliseconds; a lost event would take for ever
string[] chosen = [.. args.Where(argument => argument != OverSocket)];
int cases = 0, failed = 0;

if (args.Contains(OverSocket))
{
    await using XenstoreClient store = await XenstoreClient.ConnectAsync(new XenstoreUnixSocketTransport());
    XenstoreWorld world = await XenstoreWorld.CreateAsync(store);
    foreach (XenstoreCase contract in XenstoreContract.All)
        await CheckAsync(contract.Name, () => contract.RunAsync(world));
}
else if (XenPlatform.IsSupported)
{
    ushort self = (ushort?)XenHost.TryGet()?.DomainId ?? DomainId.Self;
    ContractWorld world = new(XenPlatform.Current, self, XenPlatform.Current, self);
    foreach (ContractCase contract in PlatformContract.All)
        await CheckAsync(contract.Name, () => contract.Run(world));
}
else
{
    Console.Error.WriteLine($"The contract is checked in a domain of Xen. Start the image there, run it in dom0 with {OverSocket}, "
        + "or run the tests in test/Xenolith.Simulation.Tests.");
    return 2;
}

Console.WriteLine($"{cases} cases, {failed} broken");
if (failed > 0 && XenPlatform.IsSupported)
    Console.Write(XenPlatform.Current.EventChannels.Dump() + XenPlatform.Current.Grants.Dump());
return failed == 0 ? 0 : 1;

async Task CheckAsync(string name, Func<Task> run)
{
    if (chosen.Length > 0 && !chosen.Contains(name))
        return;
    cases++;
    try
    {
        await Task.Run(run).WaitAsync(limit);
        Console.WriteLine($"kept    {name}");
    }
    catch (Exception error)
    {
        failed++;
        Console.WriteLine($"BROKEN  {name}: {error}");
    }
}
