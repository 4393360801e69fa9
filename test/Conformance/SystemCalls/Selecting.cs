// select and pselect6: sets of descriptors, times, signal masks; what is left of each.
using static SystemCalls.Linux;

namespace SystemCalls;

internal static unsafe class Selecting
{
    private const int SelectNumber = 23, PselectNumber = 270;

    internal static void Run()
    {
        ulong* page = (ulong*)Page;
        _ = Call(293, (ulong)page, 0);
        int reader = ((int*)page)[0], writer = ((int*)page)[1], count = Math.Max(reader, writer) + 1;
        ulong read = 1ul << reader, write = 1ul << writer;

        Show("nothing there", count, 0, 0, read, write: 0, "time passes");
        Show("room to write", count, 1, 0, read, write, "both asked for");
        _ = Call(1, (ulong)writer, Text("12345"), 5);
        Show("bytes there", count, 1, 0, read, write, "both asked for");
        Show("numbers from the limit on are left out", reader, 0, 0, read, 0, "reader is the limit");
        Show("wrong ends", count, 0, 0, write, read, "time passes");
        Show("exceptional", count, 0, 1000, 0, 0, "nothing is", exceptional: read | write);
        Show("microseconds beyond a second", count, 0, 1_500_000, read, 0, "ready");
        Show("below zero", count, unchecked((ulong)-1), 0, read, 0, "refused");
        Show("below zero, microseconds", count, 0, unchecked((ulong)-1), read, 0, "refused");

        Linux.Show("select, count below zero", SelectNumber, ulong.MaxValue, 0, 0, 0, 0);
        Linux.Show("select, no memory", SelectNumber, (ulong)count, Nowhere, 0, 0, 0);
        Linux.Show("select, kernel's memory", SelectNumber, (ulong)count, 0, Kernel, 0, 0);
        Linux.Show("select, no time", SelectNumber, (ulong)count, 0, 0, 0, Nowhere);
        page[8] = 1ul << 63;
        Linux.Show("select, not open", SelectNumber, 64, (ulong)(page + 8), 0, 0, 0);
        Console.WriteLine($"its set stays: {page[8] == 1ul << 63}");
        page[8] = read;
        Linux.Show("select, without time", SelectNumber, (ulong)count, (ulong)(page + 8), 0, 0, 0, value: true);
        Linux.Show("select, a time to pass", SelectNumber, 0, 0, 0, 0, Time(0, 1000), value: true);

        Linux.Show("pselect6, a mask of another size", PselectNumber, 0, 0, 0, 0, Time(0, 0), Mask(0, 4));
        Linux.Show("pselect6, no masks", PselectNumber, 0, 0, 0, 0, Time(0, 0), Nowhere);
        Linux.Show("pselect6, no mask", PselectNumber, 0, 0, 0, 0, Time(0, 1000), Mask(0, 8), value: true);
        Linux.Show("pselect6, nanoseconds beyond a second", PselectNumber, 0, 0, 0, 0, Time(0, 1_000_000_000), 0);
        page[20] = ulong.MaxValue;
        Linux.Show("pselect6, signals blocked", PselectNumber, 0, 0, 0, 0, Time(0, 1000), Mask((ulong)(page + 20), 8), value: true);

        ulong time = Time(100, 0);
        page[8] = read;
        Linux.Show("pselect6, ready", PselectNumber, (ulong)count, (ulong)(page + 8), 0, 0, time, 0, value: true);
        Console.WriteLine($"what is left: {((ulong*)time)[0] == 99}");
        Linux.Show("ppoll, ready", 271, Poll(reader), 1, time = Time(100, 0), 0, value: true);
        Console.WriteLine($"what is left: {((ulong*)time)[0] == 99}");

        _ = Call(3, (ulong)writer);
        Show("hang-up", count, 1, 0, read, 0, "reader asked for");
        _ = Call(0, (ulong)reader, (ulong)(page + 64), 5);
        Show("hang-up, nothing left", count, 1, 0, read, 0, "reader asked for");
        _ = Call(3, (ulong)reader);
        Woken();
    }

    /// <summary>A thread that waits without a time, until another writes.</summary>
    private static void Woken()
    {
        int* ends = stackalloc int[2];
        _ = Call(293, (ulong)ends, 0);
        int reader = ends[0];
        ulong* sets = (ulong*)Call(9, 0, 4096, 3, 0x22, ulong.MaxValue);
        sets[0] = 1ul << reader;
        Thread thread = new(() => Linux.Show("select, woken", SelectNumber, (ulong)reader + 1, (ulong)sets, 0, 0, 0, value: true));
        thread.Start();
        Thread.Sleep(20); // it may wait by then, and should answer the same if it does not
        _ = Call(1, (ulong)ends[1], Text("x"), 1);
        thread.Join();
        Console.WriteLine($"the set: {sets[0] == 1ul << reader}");
        _ = Call(3, (ulong)ends[0]);
        _ = Call(3, (ulong)ends[1]);
    }

    private static void Show(string what, int count, ulong seconds, ulong fraction, ulong read, ulong write, string why, ulong exceptional = 0)
    {
        ulong* page = (ulong*)Page;
        (page[8], page[9], page[10]) = (read, write, exceptional);
        ulong time = Time(seconds, fraction);
        long result = Call(SelectNumber, (ulong)count, (ulong)(page + 8), (ulong)(page + 9), (ulong)(page + 10), time);
        string kept = string.Concat(page[8] == read ? "read " : "", page[9] == write ? "write " : "", page[10] == exceptional ? "exceptional" : "");
        Console.WriteLine($"{what}, {why}: {(result < 0 ? Error() : result)}; kept: {kept}; none: {page[8] == 0} {page[9] == 0} {page[10] == 0}");
    }

    private static ulong Time(ulong seconds, ulong fraction)
    {
        ulong* time = (ulong*)Page + 12;
        (time[0], time[1]) = (seconds, fraction);
        return (ulong)time;
    }

    private static ulong Mask(ulong address, ulong size)
    {
        ulong* mask = (ulong*)Page + 16;
        (mask[0], mask[1]) = (address, size);
        return (ulong)mask;
    }

    private static ulong Poll(int descriptor)
    {
        int* poll = (int*)((ulong*)Page + 24);
        (poll[0], poll[1]) = (descriptor, 1);
        return (ulong)poll;
    }
}
