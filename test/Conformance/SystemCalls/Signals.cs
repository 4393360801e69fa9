// A signal for the process that all threads block: it is pending until one of them waits with a mask that lets it in.
using System.Runtime.InteropServices;
using static SystemCalls.Linux;

namespace SystemCalls;

internal static unsafe partial class Signals
{
    private const int Number = 44, Ignored = 1, Counted = 2;
    private const long Kill = 62, Pending = 127, Suspend = 130, Poll = 271, Select = 270, EventWait = 281;

    internal static void Run()
    {
        ulong* page = (ulong*)Page;
        ulong* mask = page + 8;
        *mask = ulong.MaxValue & ~(1ul << (Number - 1));
        ulong thisProcess = (ulong)Environment.ProcessId;
        ulong poll = (ulong)Call(291);

        SetAction(Counted);
        Send("rt_sigsuspend");
        Show("rt_sigsuspend", Suspend, (ulong)mask, 8);
        After();
        Send("ppoll");
        Show("ppoll", Poll, 0, 0, 0, (ulong)mask, 8);
        After();
        Send("pselect6");
        (page[10], page[11]) = ((ulong)mask, 8);
        Show("pselect6", Select, 0, 0, 0, 0, 0, (ulong)(page + 10));
        After();
        Send("epoll_pwait");
        Show("epoll_pwait", EventWait, poll, (ulong)(page + 32), 1, ulong.MaxValue, (ulong)mask, 8);
        After();
        Send("let in");
        page[12] = 1ul << (Number - 1);
        Show("rt_sigprocmask", 14, 1, (ulong)(page + 12), 0, 8);
        Show("rt_sigprocmask", 14, 0, (ulong)(page + 12), 0, 8);
        After();

        SetAction(Ignored);
        Send("ppoll, ignored");
        (page[14], page[15]) = (0, 20_000_000);
        Show("ppoll", Poll, 0, 0, (ulong)(page + 14), (ulong)mask, 8, value: true);
        After();
        Send("blocked and ignored, then handled");
        SetAction(Counted);
        Console.WriteLine($"pending: {IsPending()}");
        Call(200, (ulong)Call(186), Number);
        Console.WriteLine($"the thread's own: {IsPending()}");
        Show("rt_sigsuspend", Suspend, (ulong)mask, 8);
        Call(3, poll);

        void Send(string what) => Console.WriteLine($"{what}: sent {Call(Kill, thisProcess, Number)}, pending {IsPending()}");
    }

    private static void After() => Console.WriteLine($"handled {Handled()}, pending {IsPending()}");

    private static bool IsPending()
    {
        ulong set;
        _ = Call(Pending, (ulong)(&set), 8);
        return (set & 1ul << (Number - 1)) != 0;
    }

    [LibraryImport("signals", EntryPoint = "waiting_signal_action")]
    private static partial int SetAction(int kind);

    [LibraryImport("signals", EntryPoint = "waiting_signal_handled")]
    private static partial int Handled();
}
