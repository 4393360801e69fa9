// A million system calls with random arguments: SystemCallFuzz [SEED [CALLS [FIRST SHOWN]]]. Each must come back, with a result or an errno;
// afterwards the program must be as well as before. The same seed makes the same calls.
using System.Diagnostics;
using SystemCallFuzz;

const int defaultSeed = 1, defaultCalls = 1_000_000;
// What stays taken after all is given back: pools and tables of the kernel's, the runtime's heap.
const long mostKept = 4096;

// Elsewhere than on Xenolith's kernel the calls would do what they say.
if (!File.ReadAllText("/proc/version").Contains("xenolith", StringComparison.Ordinal))
{
    Console.Error.WriteLine("SystemCallFuzz runs as a domain only");
    return 2;
}
int seed = args.Length > 0 ? int.Parse(args[0]) : defaultSeed;
long calls = args.Length > 1 ? long.Parse(args[1]) : defaultCalls;
long shownFrom = args.Length > 2 ? long.Parse(args[2]) : long.MaxValue;
Console.WriteLine($"seed {seed}");

Fuzzer fuzzer = new(seed);
// The first round makes what stays.
fuzzer.Run(Math.Min(calls, 2000), shownFrom);
await Health.CheckAsync();
long before = Health.FreeMemory();
Stopwatch watch = Stopwatch.StartNew();
fuzzer.Run(calls - Math.Min(calls, 2000), shownFrom);
double seconds = watch.Elapsed.TotalSeconds;
await Health.CheckAsync();
long kept = before - Health.FreeMemory();

Console.WriteLine($"calls {calls} in {seconds:0.0} s, memory kept {kept} KiB");
Console.WriteLine("errors " + string.Join(' ', fuzzer.Results.Select(pair => $"{pair.Key}:{pair.Value}")));
Console.WriteLine(kept <= mostKept ? "healthy" : "memory is missing");
return kept <= mostKept ? 0 : 1;
