// The unikernel's side of the comparison: BATCHES NAME:ROUNDS,... Each is measured by the C code in bench/Calls/calls, which runs on Linux, too.
using System.Globalization;
using System.Runtime.InteropServices;

if (args is not [string batches, string plan])
{
    Console.Error.WriteLine("BATCHES NAME:ROUNDS,...");
    return 2;
}

foreach (string call in plan.Split(','))
    Calls.Measure(uint.Parse(batches, CultureInfo.InvariantCulture), call);
return 0;

internal static partial class Calls
{
    [LibraryImport("calls", EntryPoint = "calls_measure", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void Measure(uint batches, string plan);
}
