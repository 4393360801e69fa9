// Calls on paths.
using static SystemCalls.Linux;

namespace SystemCalls;

internal static unsafe class Paths
{
    internal static void Run()
    {
        _ = Call(95, 0x12); // umask 022
        string place = Directory.CreateTempSubdirectory("calls").FullName;
        Directory.SetCurrentDirectory(place);
        File.WriteAllText("file", "content");
        Directory.CreateDirectory("folder/below");
        File.CreateSymbolicLink("link", "file");
        File.CreateSymbolicLink("loop", "loop");
        ulong page = (ulong)Page, file = Text("file"), folder = Text("folder"), missing = Text("missing"), longName = Text(new string('n', 256)), long_ = Text(new string('p', 5000));
        ulong descriptor = (ulong)Call(2, file, 0);

        Show("open, missing", 2, missing, 0);
        Show("open, no path", 2, Nowhere, 0);
        Show("open, empty", 2, Text(""), 0);
        Show("open, a long name", 2, longName, 0x42, 0x1FF);
        Show("open, a long path", 2, long_, 0);
        Show("open, through a file", 2, Text("file/x"), 0);
        Show("open, a slash behind a file", 2, Text("file/"), 0);
        Show("open, a loop", 2, Text("loop"), 0);
        Show("open, a link that is not followed", 2, Text("link"), 0x20000);
        Show("open, exclusively what is there", 2, file, 0xC2, 0x1FF);
        Show("open, a directory for writing", 2, folder, 1);
        Show("open, a file as directory", 2, file, 0x10000);
        Show("openat, not open", 257, 999, file, 0);
        Show("openat, in a file", 257, descriptor, file, 0);
        Show("stat, no memory", 4, file, Nowhere);
        Show("stat, guard page", 4, file, page + 4095);
        Show("stat, missing", 4, missing, page);
        Show("newfstatat, flags", 262, WorkingDirectory, file, page, 0x100000);
        Show("statx", 332, WorkingDirectory, file, 0, 0x7FF, page);
        uint* x = (uint*)page;
        Console.WriteLine($"{x[0] & 0x7FF:x} {x[4]} {((ushort*)page)[14]:x} {((ulong*)page)[5]} {((long*)page)[8] > 0} {((long*)page)[14] > 0}");
        Show("statx, the device that a file is", 332, WorkingDirectory, Text("/dev/null"), 0, 0x7FF, page);
        Console.WriteLine($"{((ushort*)page)[14]:x} {x[32]} {x[33]}");
        Show("statx, the descriptor's file", 332, descriptor, Text(""), 0x1000, 0x7FF, page);
        Console.WriteLine($"{((ushort*)page)[14]:x} {((ulong*)page)[5]}");
        Show("statx, not open", 332, 999, Text(""), 0x1000, 0x7FF, page);
        Show("statx, missing", 332, WorkingDirectory, missing, 0, 0x7FF, page);
        Show("statx, flags", 332, WorkingDirectory, file, 0x100000, 0x7FF, page);
        Show("statx, both ways to synchronise", 332, WorkingDirectory, file, 0x6000, 0x7FF, page);
        Show("statx, reserved bit", 332, WorkingDirectory, file, 0, 1ul << 31, page);
        Show("statx, no memory", 332, WorkingDirectory, file, 0, 0x7FF, Nowhere);
        Show("statx, empty", 332, WorkingDirectory, Text(""), 0, 0x7FF, page);
        Show("access, mode", 21, file, 64);
        Show("access, to run a file that is none", 21, file, 1);
        Show("faccessat2, flags", 439, WorkingDirectory, file, 0, 1);
        Show("mkdir, there", 83, folder, 0x1FF);
        Show("mkdir, below what is missing", 83, Text("missing/x"), 0x1FF);
        Show("rmdir, full", 84, folder);
        Show("rmdir, a file", 84, file);
        Show("rmdir, itself", 84, Text("folder/below/."));
        Show("unlink, a directory", 87, folder);
        Show("unlink, missing", 87, missing);
        Show("unlinkat, flags", 263, WorkingDirectory, file, 1);
        Show("rename, into itself", 82, folder, Text("folder/below/x"));
        Show("rename, a file onto a directory", 82, file, folder);
        Show("rename, a directory onto a file", 82, folder, file);
        Show("rename, missing", 82, missing, file);
        Show("renameat2, onto what is there", 316, WorkingDirectory, file, WorkingDirectory, folder, 1);
        Show("renameat2, both flags", 316, WorkingDirectory, file, WorkingDirectory, folder, 3);
        Show("renameat2, exchange with what is missing", 316, WorkingDirectory, file, WorkingDirectory, missing, 2);
        Show("link, there", 86, file, folder);
        Show("link, a directory", 86, folder, missing);
        Show("linkat, flags", 265, WorkingDirectory, file, WorkingDirectory, missing, 1);
        Show("symlink, there", 88, missing, file);
        Show("symlink, to nothing", 88, Text(""), missing);
        Show("readlink, no link", 89, file, page, 100);
        Show("readlink, no room", 89, Text("link"), page, 0);
        Show("readlink", 89, Text("link"), page, 2, value: true);
        Show("truncate, a directory", 76, folder, 0);
        Show("truncate, below zero", 76, file, ulong.MaxValue);
        Show("chdir, a file", 80, file);
        Show("getcwd, too little room", 79, page, 1);
        Show("getcwd, no memory", 79, Nowhere, 4096);
        Show("chmod, missing", 90, missing, 0x1FF);
        ((ulong*)page)[1] = 2_000_000_000;
        Show("utimensat, no time", 280, WorkingDirectory, file, page, 0);
        Show("utimensat, flags", 280, WorkingDirectory, file, 0, 1);
        Show("utimensat, no memory", 280, WorkingDirectory, file, Nowhere, 0);
        Show("statfs, missing", 137, missing, page);
        Show("close", 3, descriptor);
        Directory.SetCurrentDirectory("/");
        Directory.Delete(place, recursive: true);
    }
}
