// What a program does with its console.
using System.Text;

namespace Scenarios;

internal static class Output
{
    internal static void Lines(int count)
    {
        for (int i = 1; i <= count; i++)
            Console.WriteLine($"line {i}");
    }

    /// <summary>
    /// Random bytes, the same on every run, in writes of random length; many are line ends of all kinds, some at the edge of a write.
    /// </summary>
    internal static void Bytes(int count)
    {
        using Stream output = Console.OpenStandardOutput();
        Random random = new(20260101);
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        for (int i = 0; i < count; i += random.Next(1, 40))
            bytes[i] = random.Next(2) == 0 ? (byte)'\r' : (byte)'\n';
        for (int at = 0, length; at < count; at += length)
        {
            length = Math.Min(random.Next(1, 5000), count - at);
            output.Write(bytes, at, length);
        }
    }

    /// <summary>Each line is one write; nothing but the system keeps two of them apart.</summary>
    internal static void FromThreads(int threads, int lines)
    {
        using Stream output = Console.OpenStandardOutput();
        using Barrier start = new(threads);
        Thread[] writers = new Thread[threads];
        for (int t = 0; t < threads; t++)
        {
            int number = t;
            writers[t] = new Thread(() =>
            {
                start.SignalAndWait();
                for (int i = 0; i < lines; i++)
                    output.Write(Encoding.ASCII.GetBytes($"thread {number} line {i} {new string((char)('a' + number), 200 + i)}\n"));
            });
            writers[t].Start();
        }

        foreach (Thread writer in writers)
            writer.Join();
    }

    internal static void Echo()
    {
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } line && line != "end")
            Console.WriteLine($"got [{line}]");
    }
}
