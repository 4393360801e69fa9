// The content that was packed: it lies beside the program, and nothing about it can be changed.
using System.IO.MemoryMappedFiles;

namespace Files;

internal static class Packed
{
    internal static void Run()
    {
        string root = AppContext.BaseDirectory;
        Console.WriteLine($"{Environment.ProcessPath} {root} {Directory.GetCurrentDirectory()} {Environment.GetCommandLineArgs()[0]}");
        Console.Write(File.ReadAllText(Path.Combine(root, "settings.json")));
        Console.Write(File.ReadAllText("content/short.txt"));
        string[] lines = File.ReadAllLines("content/deep/long.txt");
        Console.WriteLine($"{lines.Length} lines, last: {lines[^1]}");
        foreach (string path in Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            Console.WriteLine(path);
        using (FileStream stream = File.OpenRead(Environment.ProcessPath!))
            Console.WriteLine($"program begins with {stream.ReadByte():X2} {(char)stream.ReadByte()}{(char)stream.ReadByte()}{(char)stream.ReadByte()}");
        foreach (string name in new[] { "content/short.txt", "content/deep/long.txt" })
        {
            byte[] expected = File.ReadAllBytes(name);
            using FileStream stream = File.OpenRead(name);
            foreach (MemoryMappedFileAccess access in new[] { MemoryMappedFileAccess.Read, MemoryMappedFileAccess.CopyOnWrite })
            {
                using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(stream, null, 0, access, HandleInheritability.None, leaveOpen: true);
                using MemoryMappedViewAccessor view = file.CreateViewAccessor(0, 0, access);
                byte[] found = new byte[expected.Length];
                view.ReadArray(0, found, 0, found.Length);
                if (access == MemoryMappedFileAccess.CopyOnWrite)
                    view.Write(1, (byte)0);
                Console.WriteLine($"{name} mapped {access}: {found.AsSpan().SequenceEqual(expected)}, {view.ReadByte(1)}");
            }
        }
        Program.Try("write", () => File.WriteAllText("settings.json", ""));
        Program.Try("create", () => File.WriteAllText("new", ""));
        Program.Try("delete", () => File.Delete("settings.json"));
        Program.Try("create a directory", () => Directory.CreateDirectory("directory"));
        Program.Try("set a time", () => File.SetLastWriteTimeUtc("settings.json", DateTime.UnixEpoch));
        Program.Try("copy out", () => File.Copy("settings.json", "/tmp/settings.json"));
        Program.Try("move out", () => File.Move("settings.json", "/tmp/moved.json"));
        Console.Write(File.ReadAllText("/tmp/settings.json"));
        Program.Try("delete all", () => Directory.Delete("/app", recursive: true));
        Console.WriteLine(File.Exists("settings.json"));
    }
}
