// Who may open what together (FileShare), and locks of ranges.
namespace Files;

internal static class Sharing
{
    internal static void Run()
    {
        File.WriteAllText("shared", "0123456789");
        foreach (FileShare share in new[] { FileShare.None, FileShare.Read, FileShare.Write, FileShare.ReadWrite })
            foreach (FileAccess first in new[] { FileAccess.Read, FileAccess.ReadWrite })
            {
                using FileStream holder = new("shared", FileMode.Open, first, share);
                foreach (FileShare second in new[] { FileShare.None, FileShare.Read, FileShare.ReadWrite })
                    foreach (FileAccess access in new[] { FileAccess.Read, FileAccess.Write })
                        Program.Try($"{first} {share} then {access} {second}", () => new FileStream("shared", FileMode.Open, access, second).Dispose());
            }
        new FileStream("shared", FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
        Console.WriteLine("free again");

        using FileStream one = new("shared", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite), two = new("shared", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        one.Lock(0, 5);
        Program.Try("lock in the same process", () => two.Lock(3, 5));
        one.Unlock(0, 5);
        one.Write("AB"u8);
        one.Flush();
        Console.WriteLine($"{(char)two.ReadByte()}{(char)two.ReadByte()}{(char)two.ReadByte()}");
    }
}
