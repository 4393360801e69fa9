// Reading, writing, seeking, lengths.
using System.Text;

namespace Files;

internal static class Streams
{
    internal static void Run()
    {
        using (FileStream stream = new("stream", FileMode.CreateNew, FileAccess.ReadWrite))
        {
            stream.Write("0123456789"u8);
            stream.Position = 4;
            stream.WriteByte((byte)'x');
            stream.Seek(5, SeekOrigin.End);
            stream.Write("beyond"u8);
            Console.WriteLine($"length {stream.Length}, position {stream.Position}");
            stream.Position = 0;
            byte[] all = new byte[100];
            int count = stream.Read(all);
            Console.WriteLine(Convert.ToHexString(all, 0, count));
            stream.SetLength(6);
            Console.WriteLine($"cut to {stream.Length}, position {stream.Position}");
            stream.SetLength(8);
            stream.Flush(flushToDisk: true);
        }
        Console.WriteLine(Convert.ToHexString(File.ReadAllBytes("stream")));

        File.AppendAllText("text", "ü1\n");
        File.AppendAllLines("text", ["2", "3"]);
        Console.WriteLine(string.Join('|', File.ReadLines("text")));
        File.WriteAllText("text", "short");
        Console.WriteLine(File.ReadAllText("text"));

        byte[] big = new byte[3_000_001];
        new Random(5).NextBytes(big);
        File.WriteAllBytes("big", big);
        Console.WriteLine($"big is the same: {File.ReadAllBytes("big").AsSpan().SequenceEqual(big)}");
        using (FileStream stream = new("big", FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1))
        {
            Random random = new(7);
            for (int i = 0; i < 300; i++)
            {
                int at = random.Next(big.Length), length = random.Next(20_000);
                length = Math.Min(length, big.Length - at);
                random.NextBytes(big.AsSpan(at, length));
                stream.Position = at;
                stream.Write(big, at, length);
            }
        }
        File.Copy("big", "copy");
        Console.WriteLine($"copy is the same: {File.ReadAllBytes("copy").AsSpan().SequenceEqual(big)}");
        Program.Try("copy over", () => File.Copy("big", "copy"));
        File.Copy("text", "copy", overwrite: true);
        Console.WriteLine($"copied over: {File.ReadAllText("copy")}");

        using (FileStream sparse = new("sparse", FileMode.Create))
        {
            sparse.Position = 1L << 33;
            sparse.WriteByte(1);
            Console.WriteLine($"sparse {sparse.Length}");
            sparse.Position = 1L << 32;
            Console.WriteLine($"hole {sparse.ReadByte()}");
        }

        using (FileStream preallocated = new("preallocated", new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = 100_000 }))
            Console.WriteLine($"preallocated {preallocated.Length}");
        Program.Try("preallocate too much", () =>
        {
            using FileStream stream = new("huge", new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = 1L << 50 });
        });
        Console.WriteLine($"huge is there: {File.Exists("huge")}");

        using (Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle("random", FileMode.Create, FileAccess.ReadWrite))
        {
            RandomAccess.Write(handle, [new byte[] { 1, 2 }, new byte[] { 3 }], 10);
            byte[] first = new byte[11], second = new byte[5];
            long read = RandomAccess.Read(handle, [first, second], 0);
            Console.WriteLine($"scattered {read}: {Convert.ToHexString(first)} {Convert.ToHexString(second)}, length {RandomAccess.GetLength(handle)}");
        }

        Async().GetAwaiter().GetResult();
        Program.Try("read what is not there", () => File.ReadAllBytes("missing"));
        Program.Try("read in a directory that is not there", () => File.ReadAllBytes("missing/missing"));
        Program.Try("create what is there", () => new FileStream("text", FileMode.CreateNew).Dispose());
        Program.Try("truncate what is not there", () => new FileStream("missing", FileMode.Truncate).Dispose());
        Program.Try("open a directory", () => new FileStream(".", FileMode.Open, FileAccess.Read).Dispose());
        Program.Try("below a file", () => File.WriteAllText("text/below", ""));
        Program.Try("a name that is too long", () => File.WriteAllText(new string('n', 256), ""));
        Program.Try("a path that is too long", () => File.WriteAllText(new string('p', 5000), ""));
        File.WriteAllText(new string('n', 255), "longest");
        Console.WriteLine(File.ReadAllText(new string('n', 255)));
    }

    private static async Task Async()
    {
        await File.WriteAllTextAsync("async", string.Join(' ', Enumerable.Range(0, 10_000)));
        using FileStream stream = new("async", FileMode.Open, FileAccess.Read, FileShare.Read, 4096, useAsync: true);
        using StreamReader reader = new(stream, Encoding.UTF8);
        Console.WriteLine($"async {(await reader.ReadToEndAsync()).Length}");
        await Parallel.ForAsync(0, 16, async (i, cancellation) => await File.WriteAllTextAsync($"parallel-{i}", new string('x', i * 1000), cancellation));
        Console.WriteLine($"parallel {Enumerable.Range(0, 16).Sum(i => new FileInfo($"parallel-{i}").Length)}");
    }
}
