// Memory that goes while a call waits. No event tells that another thread waits inside a call that has done nothing yet, so it is given a
// while to get there.
using static SystemCalls.Linux;

namespace SystemCalls;

internal static unsafe class Waits
{
    internal static void Run()
    {
        int* ends = stackalloc int[2];
        _ = Call(293, (ulong)ends, 0);
        ulong reader = (ulong)ends[0], writer = (ulong)ends[1];

        ulong buffer = Fresh();
        Gone("read, its memory", buffer, () => Show("read", 0, reader, buffer, 8), () => Call(1, writer, Text("text"), 4));
        Drain(reader);

        ulong* vector = (ulong*)Fresh();
        (vector[0], vector[1], vector[2], vector[3]) = ((ulong)Page, 4, (ulong)Page + 8, 4);
        Gone("readv, its vector", (ulong)vector, () => Show("readv", 19, reader, (ulong)vector, 2, value: true), () => Call(1, writer, Text("text"), 4));
        Drain(reader);

        ulong polled = Fresh();
        *(int*)polled = ends[0];
        ((short*)polled)[2] = 1;
        Gone("poll, its array", polled, () => Show("poll", 7, polled, 1, 10_000), () => Call(1, writer, Text("text"), 4));
        Drain(reader);

        // Twice what a pipe of either kernel holds at first.
        const ulong much = 128 << 10;
        ulong source = (ulong)Call(9, 0, much, 3, 0x22, ulong.MaxValue);
        long written = 0;
        Thread thread = new(() => written = Call(1, writer, source, much));
        thread.Start();
        int* poll = stackalloc int[2];
        (poll[0], poll[1]) = ((int)reader, 1);
        _ = Call(7, (ulong)poll, 1, ulong.MaxValue); // until the first bytes are there
        _ = Call(11, source, much);
        Drain(reader);
        while (!thread.Join(10))
            Drain(reader);
        Console.WriteLine($"write ended early: {written is > 0 and < (long)much}");
        Call(3, reader);
        Call(3, writer);
    }

    private static ulong Fresh() => (ulong)Call(9, 0, 4096, 3, 0x22, ulong.MaxValue);

    /// <summary>Unmaps a page that a call in another thread waits with, then ends the wait.</summary>
    private static void Gone(string what, ulong page, Action call, Action wake)
    {
        Console.WriteLine(what);
        Thread thread = new(() => call());
        thread.Start();
        Thread.Sleep(100);
        _ = Call(11, page, 4096);
        wake();
        thread.Join();
    }

    private static void Drain(ulong reader)
    {
        byte* buffer = stackalloc byte[4096];
        int* poll = stackalloc int[2];
        for (; ; )
        {
            (poll[0], poll[1]) = ((int)reader, 1);
            if (Call(7, (ulong)poll, 1, 0) != 1)
                return;
            _ = Call(0, reader, (ulong)buffer, 4096);
        }
    }
}
