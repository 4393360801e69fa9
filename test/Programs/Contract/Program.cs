// Checks the contract of every platform: a line a case, exit code 1 if one fails. Arguments, if any, name the cases to run.
//
//   in a domU               all cases; the domain connects to itself and maps its own grants
//   as a Linux process      the same in dom0 and in a Linux domU, over the devices in /dev/xen; what Linux does not offer is tried too, and must fail
//                           with the first argument --xenstore-socket: those of xenstore, over the Unix socket of dom0
//   --checkpoints N         all cases, again and again, until the domain was checkpointed N times meanwhile
//   --time N                the contract of time, over N suspensions
using System.Globalization;
using Contract;
using Xenolith;
using Xenolith.Contract;
using Xenolith.Xenstore;

const string OverSocket = "--xenstore-socket";
TimeSpan limit = TimeSpan.FromMinutes(3); // a case takes milliseconds, over an emulated and busy Linux up to a minute; a lost event would take for ever
int checkpoints = NumberAfter("--checkpoints"), suspensions = NumberAfter("--time");
string[] chosen = checkpoints > 0 ? [] : [.. args.Where(argument => argument != OverSocket)];
int cases = 0, failed = 0;

if (args.Contains(OverSocket))
{
    await using XenstoreClient store = await XenstoreClient.ConnectAsync(new XenstoreUnixSocketTransport());
    XenstoreWorld world = await XenstoreWorld.CreateAsync(store);
    foreach (XenstoreCase contract in XenstoreContract.All)
        await CheckAsync(contract.Name, () => contract.RunAsync(world));
}
else if (suspensions > 0)
{
    failed = await Suspensions.CheckTimeAsync(XenPlatform.Current, suspensions);
    cases = suspensions * TimeContract.All.Count;
}
else if (checkpoints > 0)
{
    await Suspensions.RepeatAsync(XenPlatform.Current, checkpoints, CheckAllAsync);
}
else if (XenPlatform.IsSupported)
{
    await CheckAllAsync();
}
else
{
    try
    {
        _ = XenPlatform.Current;
    }
    catch (PlatformNotSupportedException exception)
    {
        Console.Error.WriteLine(exception.Message);
    }
    return 2;
}

Console.WriteLine($"{cases} cases, {failed} broken");
if (failed > 0 && XenPlatform.IsSupported)
    Console.Write(XenPlatform.Current.EventChannels.Dump() + XenPlatform.Current.Grants.Dump());
return failed == 0 ? 0 : 1;

async Task CheckAllAsync()
{
    XenPlatform platform = XenPlatform.Current;
    ushort self = platform.DomainId ?? ushort.Parse(await platform.Xenstore.ReadAsync("domid") ?? throw new ContractException("The domain has no number."));
    ContractWorld world = new(platform, self, platform, self);
    foreach (ContractCase contract in PlatformContract.All)
    {
        if (!platform.IsWholeDomain && LinuxLimits.Find(contract.Name, self) is { } reason)
            await RequireRefusalAsync(contract.Name, () => contract.Run(world), reason);
        else
            await CheckAsync(contract.Name, () => contract.Run(world));
    }
}

async Task CheckAsync(string name, Func<Task> run)
{
    if (!IsChosen(name))
        return;
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

async Task RequireRefusalAsync(string name, Func<Task> run, string reason)
{
    if (!IsChosen(name))
        return;
    try
    {
        await Task.Run(run).WaitAsync(limit);
        failed++;
        Console.WriteLine($"BROKEN  {name}: is offered, although {reason}");
    }
    catch (Exception error) when (error is not TimeoutException)
    {
        Console.WriteLine($"not offered  {name}: {reason}");
    }
}

bool IsChosen(string name)
{
    bool isChosen = chosen.Length == 0 || chosen.Contains(name);
    cases += isChosen ? 1 : 0;
    return isChosen;
}

int NumberAfter(string option)
{
    int index = Array.IndexOf(args, option);
    return index < 0 ? 0 : int.Parse(args[index + 1], CultureInfo.InvariantCulture);
}
