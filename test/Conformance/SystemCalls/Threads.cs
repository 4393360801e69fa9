// Threads, futexes, signals, clocks.
using static SystemCalls.Linux;

namespace SystemCalls;

internal static unsafe class Threads
{
    internal static void Run()
    {
        ulong page = (ulong)Page;
        uint* word = (uint*)page;
        ulong* time = (ulong*)page + 8;
        *word = 5;
        (time[0], time[1]) = (0, 1000);
        Show("futex, another value", 202, page, 0x80, 4);
        Show("futex, time passes", 202, page, 0x80, 5, (ulong)time);
        Show("futex, no word", 202, page + 1, 0x80, 5);
        Show("futex, no memory", 202, Nowhere & ~3ul, 0x80, 5);
        Show("futex, command", 202, page, 77, 5);
        Show("futex, no bits", 202, page, 9 | 0x80, 5, (ulong)time, 0, 0);
        Show("futex, wake nobody", 202, page, 1 | 0x80, 1, value: true);
        Show("futex, requeue below zero", 202, page, 3 | 0x80, ulong.MaxValue, 1, page + 8);
        Show("futex, compare and requeue, another value", 202, page, 4 | 0x80, 1, 1, page + 8, 4);
        time[1] = 1_000_000_000;
        Show("futex, no time", 202, page, 0x80, 5, (ulong)time);
        Show("nanosleep, no time", 35, (ulong)time, 0);
        Show("nanosleep, no memory", 35, Nowhere, 0);
        (time[0], time[1]) = (ulong.MaxValue, 0);
        Show("nanosleep, below zero", 35, (ulong)time, 0);
        (time[0], time[1]) = (0, 1);
        Show("nanosleep", 35, (ulong)time, 0);
        Show("clock_nanosleep, clock", 230, 77, 0, (ulong)time, 0);
        Show("clock_nanosleep, in the past", 230, 1, 1, (ulong)time, 0);
        Show("clock_gettime, clock", 228, 77, page);
        Show("clock_gettime, no memory", 228, 1, Nowhere & ~7ul);
        Show("clock_getres, clock", 229, 77, page);

        Show("sched_getaffinity, no room", 204, 0, 1, page);
        Show("sched_getaffinity, no thread", 204, 99_999_999, 128, page);
        Show("sched_getscheduler", 145, 0, value: true);
        Show("sched_getscheduler, below zero", 145, ulong.MaxValue);
        Show("sched_get_priority_max", 146, 1, value: true);
        Show("sched_get_priority_min, policy", 147, 77);
        Show("sched_setscheduler, no parameters", 144, 0, 0, 0);
        Show("getpriority, which", 140, 77, 0);
        Show("prctl, name", 157, 15, Text("a name that is too long for a thread"));
        Show("prctl, name", 157, 16, page);
        Console.WriteLine(System.Text.Encoding.UTF8.GetString(new ReadOnlySpan<byte>((byte*)page, 15)));
        Show("prctl, no memory", 157, 16, Nowhere);
        Show("prctl, no memory", 157, 15, Nowhere);
        Show("prctl, option", 157, 0x7777);
        Show("arch_prctl, code", 158, 0x7777, 0);
        Show("arch_prctl, the kernel's half", 158, 0x1002, Kernel);

        Show("rt_sigaction, signal 0", 13, 0, 0, page, 8);
        Show("rt_sigaction, signal 65", 13, 65, 0, page, 8);
        Show("rt_sigaction, size", 13, 50, 0, page, 16);
        Show("rt_sigaction, SIGKILL", 13, 9, page, 0, 8);
        Show("rt_sigaction, no memory", 13, 50, Nowhere, 0, 8);
        Show("rt_sigprocmask, how", 14, 77, page + 128, 0, 8);
        Show("rt_sigprocmask, size", 14, 0, 0, page, 4);
        Show("rt_sigprocmask, no memory", 14, 0, 0, Nowhere, 8);
        Show("rt_sigpending, size", 127, page, 16);
        Show("sigaltstack, no memory", 131, Nowhere, 0);
        time[0] = page;
        time[1] = 0;
        time[2] = 100;
        Show("sigaltstack, too small", 131, (ulong)time, 0);
        Show("tkill, no thread", 200, 99_999_999, 0);
        Show("tkill, thread 0", 200, 0, 0);
        Show("tkill, signal", 200, (ulong)Environment.CurrentManagedThreadId, 77);
        Show("tgkill, group 0", 234, 0, 1, 0);
        Show("kill, signal", 62, 0, 77);
        Show("kill, nobody", 62, 99_999_999, 0);
        Show("kill, itself with nothing", 62, (ulong)Environment.ProcessId, 0);
    }
}
