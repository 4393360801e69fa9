// Whether all is as it was: what a program does with its runtime after a million bad calls.
namespace SystemCallFuzz;

internal static class Health
{
    /// <summary>Collects, runs threads and timers, writes and reads a file. Throws where something is not as it should be.</summary>
    internal static async Task CheckAsync()
    {
        List<byte[]> kept = [];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] array = new byte[1000];
            array[i % 1000] = (byte)i;
            if (i % 10 == 0)
                kept.Add(array);
        }
        GC.Collect();
        for (int i = 0; i < kept.Count; i++)
            Require(kept[i][i * 10 % 1000] == (byte)(i * 10), "the heap");

        int sum = 0;
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(number => new Thread(() => Interlocked.Add(ref sum, number)))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Require(sum == 28, "threads");
        int[] squares = await Task.WhenAll(Enumerable.Range(0, 50).Select(async number =>
        {
            await Task.Delay(number % 7);
            return number * number;
        }));
        Require(squares.Sum() == 40_425, "tasks");

        byte[] content = new byte[100_000];
        Random.Shared.NextBytes(content);
        await File.WriteAllBytesAsync("/tmp/health", content);
        byte[] read = await File.ReadAllBytesAsync("/tmp/health");
        Require(content.AsSpan().SequenceEqual(read), "files");
        File.Delete("/tmp/health");
        Require(!File.Exists("/tmp/health"), "names");
        try
        {
            _ = content[content.Length + threads.Length];
            Require(false, "exceptions");
        }
        catch (IndexOutOfRangeException)
        {
        }
    }

    /// <summary>Memory that nobody has, in KiB.</summary>
    internal static long FreeMemory()
    {
        GC.Collect(2, GCCollectionMode.Aggressive);
        string line = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemFree:", StringComparison.Ordinal));
        return long.Parse(line.Split([':', '\t', ' '], StringSplitOptions.RemoveEmptyEntries)[1]);
    }

    /// <summary>All the memory that there is, in pages.</summary>
    internal static ulong Pages()
    {
        string line = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemTotal:", StringComparison.Ordinal));
        return ulong.Parse(line.Split([':', '\t', ' '], StringSplitOptions.RemoveEmptyEntries)[1]) >> 2;
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
            throw new InvalidOperationException($"not as it should be: {what}");
    }
}
