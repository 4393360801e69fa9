// What a program can learn of its open files: /proc/self/fd, /dev/fd, fstat, and what of ioctl is about any file.
using System.Text;
using static SystemCalls.Linux;

namespace SystemCalls;

internal static unsafe class OpenFiles
{
    private const string Folder = "/tmp/open-files", Descriptors = "/proc/self/fd";

    internal static void Run()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText($"{Folder}/one", "0123456789");
        int file = Open($"{Folder}/one", 2), folder = Open(Folder, 0), nothing = Open("/dev/null", 2);
        int* ends = (int*)Page;
        _ = Call(293, (ulong)ends, 0);
        (int reader, int writer) = (ends[0], ends[1]);
        int poll = (int)Call(291), watcher = (int)Call(294);

        Links(file, folder, nothing, reader, writer, poll, watcher);
        Following(file, folder, poll);
        Listing(file);
        Status(file, reader, writer);
        Requests(file, folder, nothing, reader, writer, watcher);
        foreach (int descriptor in (int[])[file, folder, nothing, reader, writer, poll, watcher])
            _ = Call(3, (ulong)descriptor);
        Directory.Delete(Folder, recursive: true);
    }

    private static void Links(int file, int folder, int nothing, int reader, int writer, int poll, int watcher)
    {
        foreach ((string what, int descriptor) in new[] { ("file", file), ("folder", folder), ("device", nothing), ("epoll", poll), ("inotify", watcher) })
            Console.WriteLine($"{what}: {Link(descriptor)}");
        string pipe = Link(reader);
        Console.WriteLine($"pipe: {pipe.StartsWith("pipe:[", StringComparison.Ordinal)} {pipe == Link(writer)}");
        File.Move($"{Folder}/one", $"{Folder}/other");
        Console.WriteLine($"moved: {Link(file)}");
        Console.WriteLine($"not open: {Link(999)}");
        Show("readlink, cut off", 89, Text($"{Descriptors}/{file}"), (ulong)Page, 4, value: true);
        Show("readlink, no memory", 89, Text($"{Descriptors}/{file}"), Nowhere, 100);
        Show("lstat", 6, Text($"{Descriptors}/{file}"), (ulong)Page);
        Console.WriteLine($"a link: {(Mode() & 0xF000) == 0xA000}, of {((ulong*)Page)[6]} bytes");
        Console.WriteLine($"runtime: {File.ResolveLinkTarget($"{Descriptors}/{file}", returnFinalTarget: false)?.FullName}");
    }

    private static void Following(int file, int folder, int poll)
    {
        Console.WriteLine($"opened again: {File.ReadAllText($"{Descriptors}/{file}")}");
        Console.WriteLine($"by its other name: {File.ReadAllText($"/dev/fd/{file}")}");
        Console.WriteLine($"below a directory: {File.ReadAllText($"{Descriptors}/{folder}/other")}");
        File.Delete($"{Folder}/other");
        Console.WriteLine($"without a name: {File.ReadAllText($"{Descriptors}/{file}")} {Link(file).EndsWith(" (deleted)", StringComparison.Ordinal)}");
        Show("open, slash", 2, Text($"{Descriptors}/{file}/"), 0);
        Show("open, not followed", 2, Text($"{Descriptors}/{file}"), 0x20000);
        Show("open, below a file", 2, Text($"{Descriptors}/{file}/x"), 0);
        Show("open, not open", 2, Text($"{Descriptors}/999"), 0);
        Show("open, no name in the file system", 2, Text($"{Descriptors}/{poll}"), 0);
        Show("stat, standard output", 4, Text("/dev/stdout"), (ulong)Page);
        Show("rename", 82, Text($"{Descriptors}/{file}"), Text($"{Folder}/x"));
    }

    private static void Listing(int file)
    {
        string[] names = [.. Directory.EnumerateFileSystemEntries(Descriptors).Select(Path.GetFileName)!];
        Console.WriteLine($"listed: {string.Join(' ', new[] { 0, 1, 2, file }.Select(number => names.Contains($"{number}")))} {names.Contains("999")}");
        int again = (int)Call(32, (ulong)file);
        int more = Directory.GetFileSystemEntries(Descriptors).Length;
        _ = Call(3, (ulong)again);
        int less = Directory.GetFileSystemEntries(Descriptors).Length;
        Console.WriteLine($"one more: {more - names.Length}, as before: {less - names.Length}");
    }

    private static void Status(int file, int reader, int writer)
    {
        Show("fstat, file", 5, (ulong)file, (ulong)Page);
        ulong* status = (ulong*)Page;
        Console.WriteLine($"type {Mode() & 0xF000:X}, links {status[2]}, size {status[6]}");
        Show("fstat, pipe", 5, (ulong)reader, (ulong)Page);
        ulong number = status[1];
        Console.WriteLine($"type {Mode() & 0xF000:X}, number of its own: {number != 0}, size {status[6]}");
        _ = Call(5, (ulong)writer, (ulong)Page);
        Console.WriteLine($"both ends the same: {status[1] == number}, in the link: {Link(reader) == $"pipe:[{number}]"}");
    }

    private static void Requests(int file, int folder, int nothing, int reader, int writer, int watcher)
    {
        const int toRead = 0x541B, nonBlocking = 0x5421, keepOnExec = 0x5450, closeOnExec = 0x5451;
        int* value = (int*)Page;
        Console.WriteLine($"file: {Count(file)}");
        _ = Call(8, (ulong)file, 4);
        Console.WriteLine($"from a position: {Count(file)}");
        _ = Call(8, (ulong)file, 14);
        Console.WriteLine($"behind its end: {Count(file)}");
        Console.WriteLine($"empty pipe: {Count(reader)} {Count(writer)}");
        _ = Call(1, (ulong)writer, Text("123"), 3);
        Console.WriteLine($"pipe: {Count(reader)} {Count(writer)}");
        _ = Call(254, (ulong)watcher, Text(Folder), 0x100);
        Console.WriteLine($"no events: {Count(watcher)}");
        File.WriteAllText($"{Folder}/new", "");
        Console.WriteLine($"one event: {Count(watcher)}");
        Console.WriteLine($"directory: {Count(folder)}, device: {Count(nothing)}");
        Show("FIONREAD, no memory", 16, (ulong)reader, toRead, Nowhere);

        *value = 1;
        Show("FIONBIO", 16, (ulong)reader, nonBlocking, (ulong)value);
        Show("flags", 72, (ulong)reader, 3, value: true);
        *value = 0;
        Show("FIONBIO, off", 16, (ulong)reader, nonBlocking, (ulong)value);
        Show("flags", 72, (ulong)reader, 3, value: true);
        Show("FIONBIO, no memory", 16, (ulong)reader, nonBlocking, Nowhere);
        Show("FIOCLEX", 16, (ulong)reader, closeOnExec);
        Show("its flag", 72, (ulong)reader, 1, value: true);
        Show("FIONCLEX", 16, (ulong)reader, keepOnExec);
        Show("its flag", 72, (ulong)reader, 1, value: true);
        Show("a request that there is not", 16, (ulong)reader, 0x7777);

        string Count(int descriptor)
        {
            *value = 0;
            return Call(16, (ulong)descriptor, toRead, (ulong)value) == 0 ? $"{*value}" : Error();
        }
    }

    private static int Open(string path, ulong flags) => (int)Call(2, Text(path), flags);

    private static uint Mode() => ((uint*)Page)[6];

    private static string Link(int descriptor)
    {
        long length = Call(89, Text($"{Descriptors}/{descriptor}"), (ulong)Page, 1000);
        return length < 0 ? Error() : Encoding.UTF8.GetString(Page, (int)length);
    }
}
