// Collections under load, at the end of memory, and what is given back.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Conformance;

internal static class Pressure
{
    internal static void Announced()
    {
        // Whether it leads to collections is the collector's choice.
        for (int i = 0; i < 200; i++)
            GC.AddMemoryPressure(64 << 20);
        for (int i = 0; i < 200; i++)
            GC.RemoveMemoryPressure(64 << 20);
        Console.WriteLine("pressure put on and taken off");
        foreach (long bytes in (long[])[0, -1])
        {
            try
            {
                GC.AddMemoryPressure(bytes);
            }
            catch (ArgumentOutOfRangeException)
            {
                Console.WriteLine($"pressure of {bytes}: ArgumentOutOfRangeException");
            }
        }
    }

    /// <summary>
    /// Threads that allocate and verify, beside one that spins without ever allocating or calling anything: every collection has to stop it.
    /// </summary>
    internal static void Stress()
    {
        bool[] stop = new bool[1];
        Thread spinner = new(() => Spin(ref stop[0])) { IsBackground = true };
        spinner.Start();
        int wrong = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(number => new Thread(() =>
        {
            Node? list = null;
            Random random = new(number);
            for (int i = 0; i < 20_000; i++)
            {
                list = i % 500 == 0 ? null : new Node(list, random.Next(10, 200));
                if (i % 5000 == 2499)
                    GC.Collect(i / 5000 % 3);
                if (list is not null && !list.IsIntact)
                    Interlocked.Increment(ref wrong);
            }
            for (Node? node = list; node is not null; node = node.Next)
                if (!node.IsIntact)
                    Interlocked.Increment(ref wrong);
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Console.WriteLine($"4 threads, 80,000 objects, {wrong} wrong, the spinning thread alive: {spinner.IsAlive}");
        Volatile.Write(ref stop[0], true);
        spinner.Join();
    }

    /// <summary>Twenty times the size of a small domain goes through the heap, and the heap stays as large as what lives.</summary>
    internal static void Churn()
    {
        Dictionary<int, byte[]> cache = [];
        Random random = new(1);
        long most = 0;
        for (int i = 0; i < 30_000; i++)
        {
            cache[random.Next(500)] = new byte[random.Next(100, 8_000)];
            if (i % 1000 == 0)
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false));
        }
        Console.WriteLine($"120 MB through the heap, {cache.Count} arrays live, all within 48 MB: {most < 48 << 20}");
        Console.WriteLine($"after a collection within 8 MB: {GC.GetTotalMemory(forceFullCollection: true) < 8 << 20}");
    }

    /// <summary>What the heap has given up, the C library can have: in a domain with room for one of both at a time.</summary>
    internal static unsafe void GoesBack()
    {
        const int size = 26 << 20;
        bool filled = true;
        for (int round = 0; round < 5; round++)
        {
            Fill(size);
            long committed = GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes, resident = Environment.WorkingSet;
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            long left = GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes, returned = resident - Environment.WorkingSet;
            byte* native = (byte*)NativeMemory.Alloc(size);
            for (int i = 0; i < size; i += 4096)
                native[i] = (byte)(i >> 12);
            for (int i = 0; i < size; i += 4096)
                filled &= native[i] == (byte)(i >> 12);
            NativeMemory.Free(native);
            if (round == 0)
                Console.WriteLine($"committed: less than before {left < committed}, within 16 MB {left < 16 << 20}; the process has at least 20 MB less: {returned > 20 << 20}");
        }
        Console.WriteLine($"five times 26 MB in turns on the heap and beside it, intact: {filled}");
    }

    internal static void Exhaustion()
    {
        long first = Exhaust(1 << 20);
        Console.WriteLine($"large objects: OutOfMemoryException, after more than 4 MB: {first > 4 << 20}");
        // How much there is again depends on how the collector left the heap, on Linux too.
        Console.WriteLine($"small objects: OutOfMemoryException {Exhaust(20_000) > 0}");
        Console.WriteLine($"large objects: OutOfMemoryException {Exhaust(1 << 20) >= 0}");
        Console.WriteLine($"small objects: OutOfMemoryException {Exhaust(20_000) > 0}");
        try
        {
            Console.WriteLine($"2 GB at once: {Make(Array.MaxLength).Length}");
        }
        catch (OutOfMemoryException)
        {
            Console.WriteLine("2 GB at once: OutOfMemoryException");
        }
        string text = string.Concat(Enumerable.Range(0, 1000).Select(i => i % 10));
        Console.WriteLine($"goes on with {text.Length} characters, on other threads too: {Task.Run(() => new byte[100_000].Length).Result}");
    }

    /// <summary>Keeps objects until there is no memory; how many bytes. -1: there was memory still.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Exhaust(int size)
    {
        List<byte[]> all = [];
        try
        {
            while (all.Count * (long)size < 1 << 29)
                all.Add(new byte[size]);
            return -1;
        }
        catch (OutOfMemoryException)
        {
            long had = all.Count * (long)size;
            all.Clear();
            return had;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fill(int size)
    {
        List<byte[]> all = [];
        for (int i = 0; i < size; i += 10_000)
            all.Add(new byte[10_000]);
        GC.KeepAlive(all);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[] Make(int size) => new byte[size];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Spin(ref bool stop)
    {
        while (!Volatile.Read(ref stop))
        {
        }
    }

    private sealed class Node(Node? next, int size)
    {
        private readonly byte[] _bytes = CreateBytes(size);

        internal Node? Next { get; } = next;

        internal bool IsIntact => _bytes[0] == (byte)_bytes.Length && _bytes[^1] == (byte)~_bytes.Length;

        private static byte[] CreateBytes(int size)
        {
            byte[] bytes = new byte[size];
            bytes[0] = (byte)size;
            bytes[^1] = (byte)~size;
            return bytes;
        }
    }
}
