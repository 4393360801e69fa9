using Xenolith;

namespace PlatformScenarios;

/// <summary>What the program can learn of its host.</summary>
internal static class Host
{
    internal static Task<int> ShowAsync(string[] args)
    {
        XenHost? host = XenHost.TryGet();
        Console.WriteLine(host is null ? "no Xen" : $"Xen {host.Version}, domain {host.DomainId}, {host.Memory >> 20} MiB");
        Console.WriteLine($"platform {(XenPlatform.IsSupported ? "supported" : "not supported")}");
        return Task.FromResult(0);
    }
}
