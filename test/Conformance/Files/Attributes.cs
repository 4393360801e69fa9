// Times, permissions, sizes.
namespace Files;

internal static class Attributes
{
    internal static void Run()
    {
        DateTime before = DateTime.UtcNow.AddSeconds(-2);
        File.WriteAllText("t", "time");
        DateTime written = File.GetLastWriteTimeUtc("t");
        Console.WriteLine($"written now: {written >= before && written <= DateTime.UtcNow.AddSeconds(2)}");
        DateTime time = new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddTicks(1234567);
        File.SetLastWriteTimeUtc("t", time);
        File.SetLastAccessTimeUtc("t", time.AddDays(1));
        Console.WriteLine($"{File.GetLastWriteTimeUtc("t"):O} {File.GetLastAccessTimeUtc("t"):O}");
        File.WriteAllText("t", "changed");
        Console.WriteLine($"changed: {File.GetLastWriteTimeUtc("t") > time}");
        Directory.CreateDirectory("timed");
        Directory.SetLastWriteTimeUtc("timed", time);
        File.WriteAllText("timed/new", "");
        Console.WriteLine($"directory changed: {Directory.GetLastWriteTimeUtc("timed") > time}");
        File.Copy("t", "t-copy");
        File.SetLastWriteTimeUtc("t", time);
        File.Copy("t", "t-copy", overwrite: true);
        Console.WriteLine($"copy keeps: {File.GetLastWriteTimeUtc("t-copy"):O}");

        File.SetUnixFileMode("t", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Console.WriteLine($"mode {File.GetUnixFileMode("t")}");
        File.SetAttributes("t", FileAttributes.ReadOnly);
        Console.WriteLine($"mode {File.GetUnixFileMode("t")}, {File.GetAttributes("t")}, read-only {new FileInfo("t").IsReadOnly}");
        File.SetAttributes("t", FileAttributes.Normal);
        Directory.CreateDirectory("private", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Console.WriteLine($"mode {File.GetUnixFileMode("private")}, {File.GetAttributes("private")}");
        using (FileStream stream = new("made", new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.OtherRead }))
            Console.WriteLine($"mode {File.GetUnixFileMode("made")}");
        Program.Try("attributes of what is not there", () => File.GetAttributes("missing"));
        FileInfo info = new("t");
        Console.WriteLine($"{info.Exists} {info.Length} {info.Name} {info.Extension}, missing {new FileInfo("missing").Exists} {new FileInfo("missing").LastWriteTimeUtc:O}");
    }
}
