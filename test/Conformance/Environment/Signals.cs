// Signals that a program handles, sent by itself.
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Conformance;

internal static partial class Signals
{
    private const int WindowChange = 28;

    internal static void Handled()
    {
        foreach ((PosixSignal signal, int number) in (ReadOnlySpan<(PosixSignal, int)>)[(PosixSignal.SIGHUP, 1), (PosixSignal.SIGINT, 2), (PosixSignal.SIGQUIT, 3), (PosixSignal.SIGTERM, 15), (PosixSignal.SIGCHLD, 17), (PosixSignal.SIGCONT, 18), (PosixSignal.SIGWINCH, WindowChange), ((PosixSignal)10, 10)])
        {
            using SemaphoreSlim called = new(0);
            ConcurrentQueue<PosixSignal> seen = [];
            using (PosixSignalRegistration.Create(signal, context =>
            {
                seen.Enqueue(context.Signal);
                context.Cancel = true;
                called.Release();
            }))
            {
                bool twice = true;
                for (int i = 0; i < 2; i++)
                {
                    Kill(Environment.ProcessId, number);
                    twice &= called.Wait(TimeSpan.FromSeconds(30));
                }
                Console.WriteLine($"{signal}: called twice {twice}, with {string.Join(' ', seen.Distinct())}");
            }
        }
        using SemaphoreSlim pressed = new(0);
        ConsoleCancelEventHandler handler = (_, e) =>
        {
            Console.WriteLine($"{e.SpecialKey}");
            e.Cancel = true;
            pressed.Release();
        };
        Console.CancelKeyPress += handler;
        Kill(Environment.ProcessId, 2);
        Console.WriteLine($"CancelKeyPress: {pressed.Wait(TimeSpan.FromSeconds(30))}");
        Console.CancelKeyPress -= handler;
        // Nobody handles it any more, and its default is to be ignored.
        Console.WriteLine($"ignored: {Kill(Environment.ProcessId, WindowChange)}, no such process: {Kill(4_000_000, 0)}, errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
