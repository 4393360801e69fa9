// Files in memory: shared, private, and without a name.
using System.IO.MemoryMappedFiles;
using System.Text;

namespace Files;

internal static class Mapping
{
    internal static void Run()
    {
        File.WriteAllBytes("mapped", [.. Enumerable.Range(0, 10_000).Select(i => (byte)i)]);
        using (MemoryMappedFile file = MemoryMappedFile.CreateFromFile("mapped", FileMode.Open))
        using (MemoryMappedViewAccessor view = file.CreateViewAccessor())
        {
            Console.WriteLine($"read {view.ReadByte(9_999)}");
            view.Write(5_000, 0x01020304);
            view.Flush();
        }
        Console.WriteLine($"written {Convert.ToHexString(File.ReadAllBytes("mapped"), 4_999, 6)}, length {new FileInfo("mapped").Length}");

        using (MemoryMappedFile file = MemoryMappedFile.CreateFromFile("mapped", FileMode.Open, null, 20_000))
        using (MemoryMappedViewAccessor view = file.CreateViewAccessor(8_000, 4_000, MemoryMappedFileAccess.ReadWrite))
        {
            view.Write(3_999, (byte)77);
            using FileStream stream = new("mapped", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            stream.Position = 11_999;
            Console.WriteLine($"seen by read {stream.ReadByte()}, length {stream.Length}");
            stream.Position = 8_000;
            stream.WriteByte(88);
            stream.Flush();
            Console.WriteLine($"seen by the view {view.ReadByte(0)}");
        }

        using (MemoryMappedFile file = MemoryMappedFile.CreateFromFile("mapped", FileMode.Open, null, 0, MemoryMappedFileAccess.CopyOnWrite))
        using (MemoryMappedViewAccessor view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.CopyOnWrite))
        {
            view.Write(10, (byte)200);
            Console.WriteLine($"private {view.ReadByte(10)}, file {File.ReadAllBytes("mapped")[10]}, next {view.ReadByte(11)}");
        }

        File.WriteAllText("small", "small");
        using (MemoryMappedFile file = MemoryMappedFile.CreateFromFile("small", FileMode.Open, null, 0, MemoryMappedFileAccess.Read))
        using (MemoryMappedViewStream view = file.CreateViewStream(0, 0, MemoryMappedFileAccess.Read))
        using (StreamReader reader = new(view, Encoding.ASCII))
            Console.WriteLine($"small {reader.ReadToEnd().TrimEnd('\0')}");

        using (MemoryMappedFile file = MemoryMappedFile.CreateNew(null, 100_000))
        {
            using (MemoryMappedViewAccessor view = file.CreateViewAccessor())
                view.Write(99_000, 123.5);
            using (MemoryMappedViewAccessor view = file.CreateViewAccessor(98_304, 1_000))
                Console.WriteLine($"no name {view.ReadDouble(99_000 - 98_304)}");
        }

        using (FileStream stream = new("kept", FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            stream.SetLength(1 << 20);
            using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
            using MemoryMappedViewAccessor view = file.CreateViewAccessor();
            File.Delete("kept");
            for (int i = 0; i < 1 << 20; i += 4096)
                view.Write(i, i);
            int wrong = 0;
            byte[] word = new byte[4];
            for (int i = 0; i < 1 << 20; i += 4096)
            {
                stream.Position = i;
                stream.ReadExactly(word);
                wrong += BitConverter.ToInt32(word) == i ? 0 : 1;
            }
            Console.WriteLine($"wrong pages {wrong}");
            // Content that goes while it is mapped, and a transfer into a mapping of the file itself.
            stream.Position = 0;
            ReadIntoItself(view, stream);
        }
        Program.Try("map an empty file", () =>
        {
            File.WriteAllText("empty", "");
            MemoryMappedFile.CreateFromFile("empty", FileMode.Open).Dispose();
        });
        Program.Try("map for writing what is open for reading", () =>
        {
            using FileStream stream = File.OpenRead("small");
            MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false).Dispose();
        });

        static unsafe void ReadIntoItself(MemoryMappedViewAccessor view, FileStream stream)
        {
            byte* pointer = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            int count = RandomAccess.Read(stream.SafeFileHandle, new Span<byte>(pointer + 4096, 8192), 4 * 4096);
            Console.WriteLine($"read {count} into itself: {*(int*)(pointer + 4096)} {*(int*)(pointer + 8192)}");
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }
}
