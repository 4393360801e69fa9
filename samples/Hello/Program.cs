// What a program sees of the machine that it runs on. The same program runs as an ordinary process, with no Xen to speak of.
using System.Globalization;
using Xenolith;

Console.WriteLine($"Hello from .NET {Environment.Version}!");
XenHost? host = XenHost.TryGet();
if (host is null)
    Console.WriteLine("  running as an ordinary process, not on Xen");
else
    Console.WriteLine($"  Xen {host.Version}{host.ExtraVersion}, domain {host.DomainId?.ToString(CultureInfo.InvariantCulture) ?? "unknown"}");
Console.WriteLine($"  memory {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20} MiB, vCPUs {Environment.ProcessorCount}");
Console.WriteLine($"  clock {DateTime.UtcNow:yyyy-MM-dd HH:mm:ss} UTC");
Console.WriteLine($"  arguments ({args.Length}): {string.Join(' ', args)}");
