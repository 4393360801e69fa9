// Checks the contract of every platform inside a domain, which connects to itself and maps its own grants: a line a case, exit code 1 if one fails.
// Arguments, if any, name the cases to run.
using Xenolith;
using Xenolith.Abi;
using Xenolith.Contract;

if (!XenPlatform.IsSupported)
{
    Console.Error.WriteLine("The contract is checked in a domain of Xen. Start the image there, or run the tests in test/Xenolith.Simulation.Tests.");
    return 2;
}

TimeSpan limit = TimeSpan.FromSeconds(30); // a case takes milliseconds; a lost event would take for ever
ushort self = (ushort?)XenHost.TryGet()?.DomainId ?? DomainId.Self;
ContractWorld world = new(XenPlatform.Current, self, XenPlatform.Current, self);
int failed = 0;
foreach (ContractCase contract in PlatformContract.All.Where(contract => args.Length == 0 || args.Contains(contract.Name)))
{
    try
    {
        await Task.Run(() => contract.Run(world)).WaitAsync(limit);
        Console.WriteLine($"kept    {contract.Name}");
    }
    catch (Exception error)
    {
        failed++;
        Console.WriteLine($"BROKEN  {contract.Name}: {error}");
    }
}
Console.WriteLine($"{PlatformContract.All.Count} cases, {failed} broken");
if (failed > 0)
    Console.Write(XenPlatform.Current.EventChannels.Dump() + XenPlatform.Current.Grants.Dump());
return failed == 0 ? 0 : 1;
