// The clocks as the C library reads them, without a system call where the kernel offers that, beside the system call itself.
using System.Runtime.InteropServices;

namespace Scenarios;

internal static unsafe partial class Clocks
{
    private const long ClockGettime = 228;
    private const int Rounds = 2000;

    /// <summary>Reads each clock both ways in turn: no reading may lie before the one that came before it.</summary>
    internal static void Agree()
    {
        foreach (int clock in (int[])[0, 1, 4, 5, 6, 7, 11])
        {
            long last = 0, steps = 0, backwards = 0;
            for (int i = 0; i < Rounds; i++)
            {
                Timespec time;
                long result = i % 2 == 0 ? GetTime(clock, &time) : Call(ClockGettime, clock, &time);
                long now = result == 0 ? time.Seconds * 1_000_000_000 + time.Nanoseconds : -1;
                steps += now > last ? 1 : 0;
                backwards += now < last ? 1 : 0;
                last = now;
            }
            Console.WriteLine($"clock {clock}: {backwards} backwards, {(steps > Rounds / 10 ? "moves" : "stands still")}");
        }
        Timespec none;
        int unknown = GetTime(99, &none);
        Console.WriteLine($"clock 99: {unknown}, errno {Marshal.GetLastPInvokeError()}");
        Console.WriteLine($"processor {GetProcessor()}");
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        internal long Seconds, Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int GetTime(int clock, Timespec* time);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Call(long number, long clock, Timespec* time);

    [LibraryImport("libc", EntryPoint = "sched_getcpu", SetLastError = true)]
    private static partial int GetProcessor();
}
