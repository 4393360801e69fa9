// What System.IO does, told line by line, the same on Linux and as a domain. The first argument chooses what is done:
//
//      all                     everything that Linux does too, below a directory of /tmp
//      packed                  the content that was packed with the program
//      many COUNT              that many small files in one directory
//      full                    writes until there is no space
using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]

namespace Files;

internal static class Program
{
    private static int Main(string[] args)
    {
        switch (args)
        {
            case ["all"]:
                All();
                return 0;
            case ["packed"]:
                Packed.Run();
                return 0;
            case ["many", string count]:
                Many.Run(int.Parse(count));
                return 0;
            case ["full"]:
                Full.Run();
                return 0;
            default:
                return 2;
        }
    }

    private static void All()
    {
        string root = Path.Combine("/tmp", $"xenolith-files-{Guid.NewGuid():N}");
        Directory.CreateDirectory(root);
        string start = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(root);
        try
        {
            Part("streams", Streams.Run);
            Part("names", Naming.Run);
            Part("directories", Directories.Run);
            Part("sharing", Sharing.Run);
            Part("attributes", Attributes.Run);
            Part("mapping", Mapping.Run);
            Part("watching", Watching.Run);
            Part("odds and ends", Odds.Run);
        }
        finally
        {
            Directory.SetCurrentDirectory(start);
            Directory.Delete(root, recursive: true);
        }
        Console.WriteLine($"left: {Directory.Exists(root)}");
    }

    private static void Part(string name, Action run)
    {
        Console.WriteLine($"[{name}]");
        run();
    }

    /// <summary>Says what was thrown: type and error, not the message, which has the path.</summary>
    internal static void Try(string what, Action action)
    {
        try
        {
            action();
            Console.WriteLine($"{what}: done");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Console.WriteLine($"{what}: {e.GetType().Name} 0x{e.HResult:X8}");
        }
    }
}
