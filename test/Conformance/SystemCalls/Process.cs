// The process as a whole.
using static SystemCalls.Linux;

namespace SystemCalls;

internal static unsafe class Process
{
    internal static void Run()
    {
        ulong page = (ulong)Page;
        ulong* limit = (ulong*)page;
        Show("getrlimit, resource", 97, 77, page);
        Show("getrlimit, no memory", 97, 7, Nowhere);
        Show("prlimit64, resource", 302, 0, 77, 0, page);
        Show("prlimit64, no process", 302, 99_999_999, 7, 0, page);
        Show("prlimit64, no memory", 302, 0, 7, Nowhere, 0);
        Show("prlimit64", 302, 0, 7, 0, page);
        Console.WriteLine($"{limit[0] > 0} {limit[0] <= limit[1]}");
        Show("setrlimit, the same", 160, 7, page);
        (limit[0], limit[1]) = (10, 5);
        Show("setrlimit, the soft one above", 160, 7, page);
        Show("setrlimit, no memory", 160, 7, Nowhere);
        Show("getrusage, who", 98, 77, page);
        Show("getrusage, children", 98, ulong.MaxValue, page);
        Show("getrusage, no memory", 98, 0, Nowhere);
        Show("uname, no memory", 63, Nowhere);
        Show("sysinfo, no memory", 99, Nowhere);
        Show("getrandom, flags", 318, page, 8, 0x100);
        Show("getrandom, both kinds", 318, page, 8, 6);
        Show("getrandom, no memory", 318, Nowhere, 8, 0);
        Show("getrandom, guard page", 318, page + 4096, 8, 0);
        Show("getrandom", 318, page, 4096, 0, value: true);
        Show("wait4, no child", 61, ulong.MaxValue, 0, 1, 0);

        // More than is done in one piece.
        byte[] much = new byte[3 << 20];
        fixed (byte* bytes = much)
        {
            Show("getrandom, much", 318, (ulong)bytes, (ulong)much.Length, 0, value: true);
            Console.WriteLine(much.AsSpan(much.Length - 64).ContainsAnyExcept((byte)0));
            ulong zero = (ulong)Call(2, Text("/dev/zero"), 0), file = (ulong)Call(319, Text("file"), 0);
            Show("write, much", 1, file, (ulong)bytes, (ulong)much.Length, value: true);
            byte[] read = new byte[much.Length];
            fixed (byte* again = read)
                Show("pread, much", 17, file, (ulong)again, (ulong)read.Length, 0, value: true);
            Console.WriteLine(read.AsSpan().SequenceEqual(much));
            Show("read, zeroes", 0, zero, (ulong)bytes, (ulong)much.Length, value: true);
            Console.WriteLine(!much.AsSpan().ContainsAnyExcept((byte)0));
            Show("close", 3, zero);
            Show("close", 3, file);
        }
    }
}
