// Threads that do not give way.
using System.Runtime.CompilerServices;

namespace Scenarios;

internal static class Scheduling
{
    /// <summary>Two threads compute for ever while the main thread sleeps and works; then it ends the program under them.</summary>
    internal static void Spin()
    {
        for (int i = 0; i < 2; i++)
            new Thread(Loop) { IsBackground = true }.Start();
        for (int i = 0; i < 5; i++)
        {
            Thread.Sleep(5);
            Console.WriteLine($"turn {i}");
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Loop()
    {
        while (true)
        {
        }
    }
}
