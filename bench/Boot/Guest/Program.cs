// The program whose start is measured: it greets. With the argument "clock" it also tells how long its first line came after the guest's
// first instruction; without it, it asks nothing of the kernel that a plain greeting would not.
using System.Diagnostics;
using Xenolith;

long main = Stopwatch.GetTimestamp();
Console.WriteLine("Hello from .NET!");
if (args is ["clock"] && XenHost.NanosecondsSinceGuestEntry is long now)
    Console.WriteLine($"entered Main after {now - (long)Stopwatch.GetElapsedTime(main).TotalNanoseconds} ns");
