// FileSystemWatcher: each change is waited for before the next is made, so the order is the program's.
using System.Threading.Channels;

namespace Files;

internal static class Watching
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    internal static void Run()
    {
        Directory.CreateDirectory("watched");
        Channel<string> told = Channel.CreateUnbounded<string>();
        using (FileSystemWatcher watcher = new("watched")
        {
            IncludeSubdirectories = true,
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Attributes,
        })
        {
            watcher.Created += (_, e) => told.Writer.TryWrite($"created {e.Name}");
            watcher.Deleted += (_, e) => told.Writer.TryWrite($"deleted {e.Name}");
            watcher.Changed += (_, e) => told.Writer.TryWrite($"changed {e.Name}");
            watcher.Renamed += (_, e) => told.Writer.TryWrite($"renamed {e.OldName} to {e.Name}");
            watcher.EnableRaisingEvents = true;

            Expect(told, "created a", () => File.Create("watched/a").Dispose());
            Expect(told, "changed a", () => File.WriteAllText("watched/a", "content"));
            Expect(told, "changed a", () => File.SetUnixFileMode("watched/a", UnixFileMode.UserRead | UnixFileMode.UserWrite));
            Expect(told, "renamed a to b", () => File.Move("watched/a", "watched/b"));
            Expect(told, "created below", () => Directory.CreateDirectory("watched/below"));
            // The watcher adds a watch for the new directory by itself, when it has read of it; what it finds there it tells as created.
            Expect(told, "created below/c", () => File.WriteAllText("watched/below/c", "c"));
            Expect(told, "deleted b", () => File.Delete("watched/b"));
            Expect(told, "deleted below", () => Directory.Delete("watched/below", recursive: true));
        }
        File.WriteAllText("watched/unseen", "nobody watches any more");

        Directory.CreateDirectory("source");
        Program.Try("watch of a file that is missing", () =>
        {
            using FileSystemWatcher missing = new("source/missing");
        });
        // More changes than the watcher has room for in its queue: nothing hangs, and it says so or tells them all.
        using FileSystemWatcher flooded = new("source") { EnableRaisingEvents = true };
        flooded.Created += (_, e) => told.Writer.TryWrite(e.Name!);
        for (int i = 0; i < 2000; i++)
            File.Create($"source/{i}").Dispose();
        Console.WriteLine($"the last of many: {WaitFor(told, "1999")}");
    }

    private static void Expect(Channel<string> told, string what, Action change)
    {
        change();
        Console.WriteLine($"{what}: {WaitFor(told, what)}");
    }

    /// <summary>Reads until the given line has come; what comes beside it, more than one change for one write say, does not matter.</summary>
    private static bool WaitFor(Channel<string> told, string what)
    {
        using CancellationTokenSource patience = new(Patience);
        try
        {
            while (told.Reader.ReadAsync(patience.Token).AsTask().GetAwaiter().GetResult() != what)
            {
            }
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
