// What was packed outside of the program's folder: the local time zone, and a file of /etc.
namespace Scenarios;

internal static class LocalTime
{
    internal static void Show()
    {
        DateTime time = new(2026, 7, 1, 12, 0, 0, DateTimeKind.Utc);
        Console.WriteLine($"{TimeZoneInfo.Local.Id}: {time.ToLocalTime():o}");
        Console.WriteLine($"zones: {string.Join(", ", TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id))}");
        Console.WriteLine($"/etc/localtime: {new FileInfo("/etc/localtime").LinkTarget}, {File.ResolveLinkTarget("/etc/localtime", returnFinalTarget: true)?.Exists}");
        Console.WriteLine($"/etc: {string.Join(' ', Directory.GetFileSystemEntries("/etc").Order(StringComparer.Ordinal))}");
        Console.WriteLine($"/usr: {string.Join(' ', Directory.EnumerateFiles("/usr", "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))}");
        Console.Write($"/etc/hosts: {File.ReadAllText("/etc/hosts")}");
        Refused(() => File.AppendAllText("/etc/hosts", "more"));
        Refused(() => File.Delete("/etc/localtime"));
        Refused(() => File.WriteAllText("/usr/share/new", ""));
        File.WriteAllText("/etc/new", "new");
        Console.WriteLine($"/etc/new: {File.ReadAllText("/etc/new")}");
    }

    private static void Refused(Action change)
    {
        try
        {
            change();
            Console.WriteLine("changed");
        }
        catch (IOException e)
        {
            Console.WriteLine(e.Message);
        }
    }
}
