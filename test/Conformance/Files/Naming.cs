// Renames, links, deletions.
namespace Files;

internal static class Naming
{
    internal static void Run()
    {
        File.WriteAllText("a", "a");
        File.WriteAllText("b", "b");
        File.Move("a", "c");
        Program.Try("move over", () => File.Move("c", "b"));
        File.Move("c", "b", overwrite: true);
        Console.WriteLine($"a {File.Exists("a")}, b {File.ReadAllText("b")}, c {File.Exists("c")}");
        Program.Try("move what is not there", () => File.Move("a", "d"));
        Program.Try("move into what is not there", () => File.Move("b", "none/b"));
        File.WriteAllText("old", "old");
        File.WriteAllText("new", "new");
        File.Replace("new", "old", "backup");
        Console.WriteLine($"replaced {File.ReadAllText("old")}, backup {File.ReadAllText("backup")}, new {File.Exists("new")}");

        Directory.CreateDirectory("from/inner");
        File.WriteAllText("from/inner/file", "moved along");
        Directory.Move("from", "to");
        Console.WriteLine(File.ReadAllText("to/inner/file"));
        Directory.CreateDirectory("other");
        Program.Try("move a directory over another", () => Directory.Move("to", "other"));
        Program.Try("move a directory into itself", () => Directory.Move("to", "to/inner/to"));
        Program.Try("delete what is not empty", () => Directory.Delete("to"));
        Directory.Delete("to", recursive: true);
        Console.WriteLine($"to {Directory.Exists("to")}");
        File.Delete("missing");
        Program.Try("delete a directory as a file", () => File.Delete("other"));
        Program.Try("delete a file as a directory", () => Directory.Delete("b"));

        File.CreateSymbolicLink("link", "b");
        Console.WriteLine($"link {File.ReadAllText("link")}, to {new FileInfo("link").LinkTarget}");
        File.WriteAllText("link", "through");
        Console.WriteLine($"b {File.ReadAllText("b")}");
        File.CreateSymbolicLink("dangling", "nothing");
        Console.WriteLine($"dangling {File.Exists("dangling")}, {File.ResolveLinkTarget("dangling", returnFinalTarget: false)?.Name}");
        File.CreateSymbolicLink("first", "second");
        File.CreateSymbolicLink("second", "first");
        Program.Try("a loop of links", () => File.ReadAllText("first"));
        Directory.CreateSymbolicLink("way", "other");
        File.WriteAllText("way/file", "by the way");
        Console.WriteLine(File.ReadAllText("other/file"));
        Console.WriteLine($"way is a link: {new DirectoryInfo("way").Attributes.HasFlag(FileAttributes.ReparsePoint)}");
        Directory.Delete("way");
        Console.WriteLine($"other {Directory.Exists("other")}, way {Directory.Exists("way")}");

        using (FileStream stream = new("unlinked", FileMode.Create, FileAccess.ReadWrite, FileShare.Delete))
        {
            stream.Write("still here"u8);
            stream.Flush();
            File.Delete("unlinked");
            File.WriteAllText("unlinked", "another");
            stream.Position = 0;
            using StreamReader reader = new(stream);
            Console.WriteLine($"{reader.ReadToEnd()}, {File.ReadAllText("unlinked")}");
        }
        using (FileStream stream = new("temporary", FileMode.Create, FileAccess.ReadWrite, FileShare.None, 4096, FileOptions.DeleteOnClose))
            Console.WriteLine($"temporary {File.Exists("temporary")}");
        Console.WriteLine($"temporary {File.Exists("temporary")}");
        string temporary = Path.GetTempFileName();
        Console.WriteLine($"temporary file in {Path.GetDirectoryName(temporary)}, length {new FileInfo(temporary).Length}");
        File.Delete(temporary);
    }
}
