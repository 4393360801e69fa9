// Compression by the runtime's native libraries.
using System.IO.Compression;
using System.Text;

namespace Conformance;

internal static class Compression
{
    internal static void Streams()
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 5000).Select(i => $"line {i} of a text that repeats itself {i % 17}\n")));
        byte[] noise = new byte[50_000];
        new Random(3).NextBytes(noise);
        foreach ((string name, byte[] data) in (ReadOnlySpan<(string, byte[])>)[("text", text), ("noise", noise), ("nothing", [])])
        {
            Show($"GZip {name}", data, (s, l) => new GZipStream(s, l, leaveOpen: true), s => new GZipStream(s, CompressionMode.Decompress));
            Show($"ZLib {name}", data, (s, l) => new ZLibStream(s, l, leaveOpen: true), s => new ZLibStream(s, CompressionMode.Decompress));
            Show($"Deflate {name}", data, (s, l) => new DeflateStream(s, l, leaveOpen: true), s => new DeflateStream(s, CompressionMode.Decompress));
            Show($"Brotli {name}", data, (s, l) => new BrotliStream(s, l, leaveOpen: true), s => new BrotliStream(s, CompressionMode.Decompress));
        }
        try
        {
            using GZipStream broken = new(new MemoryStream([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8]), CompressionMode.Decompress);
            broken.CopyTo(Stream.Null);
            Console.WriteLine("broken data accepted");
        }
        catch (InvalidDataException)
        {
            Console.WriteLine("broken data: InvalidDataException");
        }
    }

    internal static void Archive()
    {
        using MemoryStream file = new();
        using (ZipArchive archive = new(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (string name in (string[])["a.txt", "folder/ä.txt"])
            {
                using StreamWriter writer = new(archive.CreateEntry(name, CompressionLevel.Optimal).Open());
                writer.Write($"content of {name}");
            }
        }
        using ZipArchive read = new(file, ZipArchiveMode.Read);
        foreach (ZipArchiveEntry entry in read.Entries)
        {
            using StreamReader reader = new(entry.Open());
            Console.WriteLine($"{entry.FullName} {entry.Length} {entry.Crc32:x}: {reader.ReadToEnd()}");
        }
    }

    private static void Show(string name, byte[] data, Func<Stream, CompressionLevel, Stream> compress, Func<Stream, Stream> decompress)
    {
        foreach (CompressionLevel level in (CompressionLevel[])[CompressionLevel.Fastest, CompressionLevel.Optimal])
        {
            using MemoryStream compressed = new();
            using (Stream stream = compress(compressed, level))
                stream.Write(data);
            long size = compressed.Length;
            compressed.Position = 0;
            using MemoryStream back = new();
            using (Stream stream = decompress(compressed))
                stream.CopyTo(back);
            Console.WriteLine($"{name} {level}: {data.Length} to {size}, back the same {back.ToArray().AsSpan().SequenceEqual(data)}");
        }
    }
}
