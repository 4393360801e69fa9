// System calls that .NET does not make.
using System.Runtime.InteropServices;

namespace Scenarios;

internal static class SystemCalls
{
    /// <summary>Numbers that no kernel has given to a call.</summary>
    internal static void Unknown()
    {
        foreach (long number in (long[])[500, 500, 501, 500, 1_000_000])
            Console.WriteLine($"{number}: {Libc.SystemCall(number)}, errno {Marshal.GetLastPInvokeError()}");
    }
}
