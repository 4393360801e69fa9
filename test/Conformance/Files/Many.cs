// A great many small files, and nothing left of them.
namespace Files;

internal static class Many
{
    internal static void Run(int count)
    {
        const string directory = "/tmp/many";
        Directory.CreateDirectory(directory);
        DriveInfo drive = new("/tmp");
        long before = drive.AvailableFreeSpace;
        for (int i = 0; i < count; i++)
            File.WriteAllText($"{directory}/{i}", $"file {i}");
        long after = drive.AvailableFreeSpace;
        int files = 0;
        long length = 0;
        foreach (FileInfo info in new DirectoryInfo(directory).EnumerateFiles())
        {
            files++;
            length += info.Length;
        }
        Console.WriteLine($"{files} files, {length} bytes, the middle one: {File.ReadAllText($"{directory}/{count / 2}")}");
        Console.WriteLine($"bytes a file below 400: {(before - after) / count < 400}");
        foreach (string path in Directory.EnumerateFiles(directory))
            File.Delete(path);
        Console.WriteLine($"left {Directory.GetFiles(directory).Length}, space is back: {Math.Abs(before - drive.AvailableFreeSpace) < 16 << 20}");
    }
}
