// Figures of the file system, watching, devices, the environment's places.
namespace Files;

internal static class Odds
{
    internal static void Run()
    {
        DriveInfo drive = new("/");
        Console.WriteLine($"drive {drive.IsReady} {drive.TotalSize > 0} {drive.AvailableFreeSpace > 0 && drive.AvailableFreeSpace <= drive.TotalSize}");
        Console.WriteLine($"null {File.ReadAllBytes("/dev/null").Length}");
        using (FileStream zero = File.OpenRead("/dev/zero"))
            Console.WriteLine($"zero {zero.ReadByte()}");
        Program.Try("full device", () =>
        {
            using FileStream full = File.OpenWrite("/dev/full");
            full.WriteByte(1);
            full.Flush();
        });
        Console.WriteLine($"temporary path {Path.GetTempPath()}");
        Console.WriteLine($"exists {Directory.Exists("/proc/self")} {File.Exists("/proc/self/stat")} {Directory.Exists("/dev/shm")} {File.Exists("/etc/passwd")}");
        using System.Diagnostics.Process process = System.Diagnostics.Process.GetCurrentProcess();
        Console.WriteLine($"process {process.WorkingSet64 > 0} {process.VirtualMemorySize64 > 0} {process.Threads.Count > 0} {process.TotalProcessorTime > TimeSpan.Zero} {process.StartTime <= DateTime.Now.AddSeconds(2)}");
        Console.WriteLine($"program {File.Exists(Environment.ProcessPath)}, base {AppContext.BaseDirectory == Path.GetDirectoryName(Environment.ProcessPath) + "/"}");

        FileStream[] many = [.. Enumerable.Range(0, 1500).Select(i => new FileStream($"open-{i}", FileMode.Create, FileAccess.ReadWrite, FileShare.None, 0))];
        for (int i = 0; i < many.Length; i++)
            many[i].WriteByte((byte)i);
        long sum = 0;
        foreach (FileStream stream in many)
        {
            stream.Position = 0;
            sum += stream.ReadByte();
            stream.Dispose();
        }
        Console.WriteLine($"open at once {many.Length}, sum {sum}");
    }
}
