// Enumerating, also while entries come and go; the working directory.
namespace Files;

internal static class Directories
{
    internal static void Run()
    {
        Directory.CreateDirectory("tree/a/b/c");
        Directory.CreateDirectory("tree/d");
        foreach (string name in new[] { "tree/1.txt", "tree/a/2.txt", "tree/a/b/3.log", "tree/a/b/c/4.txt", "tree/d/5.TXT", "tree/.hidden" })
            File.WriteAllText(name, name);
        Show("all", Directory.EnumerateFileSystemEntries("tree", "*", SearchOption.AllDirectories));
        Show("texts", Directory.EnumerateFiles("tree", "*.txt", SearchOption.AllDirectories));
        Show("directories", Directory.EnumerateDirectories("tree"));
        Show("options", Directory.EnumerateFiles("tree", "*.txt", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1, MatchCasing = MatchCasing.CaseInsensitive }));
        Show("infos", new DirectoryInfo("tree").EnumerateFileSystemInfos().Select(i => $"{i.Name} {(i as FileInfo)?.Length} {i.Attributes}"));

        Directory.CreateDirectory("busy");
        for (int i = 0; i < 3000; i++)
            File.WriteAllText($"busy/{i}", "");
        int met = 0;
        foreach (string path in Directory.EnumerateFiles("busy"))
        {
            met++;
            File.Delete(path);
        }
        Console.WriteLine($"met {met}, left {Directory.GetFiles("busy").Length}");
        for (int i = 0; i < 500; i++)
            File.WriteAllText($"busy/{i}", "");
        HashSet<string> names = [];
        int twice = 0;
        foreach (string path in Directory.EnumerateFiles("busy"))
        {
            string name = Path.GetFileName(path);
            if (!name.StartsWith("new-", StringComparison.Ordinal))
            {
                twice += names.Add(name) ? 0 : 1;
                File.WriteAllText($"busy/new-{name}", "");
            }
        }
        Console.WriteLine($"met {names.Count}, twice {twice}, now {Directory.GetFiles("busy").Length}");
        Directory.Delete("busy", recursive: true);

        string start = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory("tree/a");
        Console.WriteLine($"in {Path.GetRelativePath(start, Directory.GetCurrentDirectory())}: {File.ReadAllText("2.txt")}, {File.ReadAllText("../1.txt")}");
        Directory.SetCurrentDirectory(start);
        Program.Try("go to a file", () => Directory.SetCurrentDirectory("tree/1.txt"));
        Program.Try("go to what is not there", () => Directory.SetCurrentDirectory("nowhere"));
        Program.Try("a directory where a file is", () => Directory.CreateDirectory("tree/1.txt"));
        Program.Try("a directory that is there", () => Directory.CreateDirectory("tree"));
        Program.Try("enumerate what is not there", () => Directory.GetFiles("nowhere"));
        Program.Try("enumerate a file", () => Directory.GetFiles("tree/1.txt"));
    }

    private static void Show(string what, IEnumerable<string> entries) => Console.WriteLine($"{what}: {string.Join(", ", entries.Order(StringComparer.Ordinal))}");
}
