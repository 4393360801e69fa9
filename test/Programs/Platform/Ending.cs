using Xenolith;
using Xenolith.Abi;
using Xenolith.Lifecycle;

namespace PlatformScenarios;

/// <summary>Requests of the toolstack, and the end of the domain.</summary>
internal static class Ending
{
    /// <summary>Waits for one request and does what it asks, with an exit code.</summary>
    internal static async Task<int> ObeyAsync(string[] args)
    {
        DomainLifecycle lifecycle = XenPlatform.Current.Lifecycle;
        Console.WriteLine("waiting");
        ShutdownRequest request = await lifecycle.WaitForRequestAsync();
        Console.WriteLine(request);
        int exitCode = int.Parse(args[0]);
        await (request == ShutdownRequest.Reboot ? lifecycle.RebootAsync(exitCode) : lifecycle.PowerOffAsync(exitCode));
        Console.WriteLine("still there");
        return 1;
    }

    /// <summary>Tells of each request, until it is asked to power off.</summary>
    internal static async Task<int> ListenAsync(string[] args)
    {
        DomainLifecycle lifecycle = XenPlatform.Current.Lifecycle;
        lifecycle.RequestIgnored += word => Console.WriteLine($"ignored {word}");
        Console.WriteLine("waiting");
        await foreach (ShutdownRequest request in lifecycle.RequestsAsync())
        {
            Console.WriteLine(request);
            if (request == ShutdownRequest.PowerOff)
                break;
        }
        string powerOff = await XenPlatform.Current.Xenstore.ReadAsync("control/feature-poweroff") ?? "gone";
        Console.WriteLine($"withdrawn: {powerOff}");
        return 0;
    }

    /// <summary>Ends by itself in the way named.</summary>
    internal static async Task<int> EndAsync(string[] args)
    {
        int exitCode = args.Length > 1 ? int.Parse(args[1]) : 0;
        try
        {
            DomainLifecycle lifecycle = XenPlatform.Current.Lifecycle;
            Console.Write("the end");
            switch (args[0])
            {
                case "poweroff":
                    await lifecycle.PowerOffAsync(exitCode);
                    break;
                case "reboot":
                    await lifecycle.RebootAsync(exitCode);
                    break;
                case "crash":
                    await lifecycle.CrashAsync("it had to be");
                    break;
                default:
                    lifecycle.SetExitReason(Enum.Parse<ShutdownReason>(args[0]));
                    return exitCode;
            }
        }
        catch (PlatformNotSupportedException)
        {
            Console.WriteLine("not a domain");
            return 3;
        }
        Console.WriteLine("still there");
        return 1;
    }
}
