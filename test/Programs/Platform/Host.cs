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

    /// <summary>Where the program seems to lie: what libraries look for files beside it by.</summary>
    internal static Task<int> ShowPathsAsync(string[] args)
    {
        Console.WriteLine($"{Environment.ProcessPath} in {AppContext.BaseDirectory}");
        Console.WriteLine($"{File.Exists(Environment.ProcessPath)} {Directory.Exists(AppContext.BaseDirectory)} {File.Exists("/appsettings.json")}");
        return Task.FromResult(0);
    }
}
