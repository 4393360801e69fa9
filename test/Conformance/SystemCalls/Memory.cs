// mmap and its family.
using static SystemCalls.Linux;

namespace SystemCalls;

internal static unsafe class Memory
{
    private const long Map = 9, Protect = 10, Unmap = 11, Remap = 25, Advise = 28;
    private const ulong Private = 2, Fixed = 0x10, Anonymous = 0x20, FixedNoReplace = 0x100000, None = ulong.MaxValue;

    internal static void Run()
    {
        ulong page = (ulong)Page, file = (ulong)Call(319, Text("file"), 0), folder = (ulong)Call(2, Text("/"), 0);
        Show("mmap, no length", Map, 0, 0, 3, Private | Anonymous, None);
        Show("mmap, neither shared nor private", Map, 0, 4096, 3, Anonymous, None);
        Show("mmap, fixed at no page", Map, page + 1, 4096, 3, Private | Anonymous | Fixed, None);
        Show("mmap, fixed at no page, without replacing", Map, page + 1, 4096, 3, Private | Anonymous | FixedNoReplace, None);
        Show("mmap, fixed on what is there, without replacing", Map, page, 4096, 3, Private | Anonymous | FixedNoReplace, None);
        Show("mmap, fixed beyond all", Map, 0x7FFF_FFFF_F000, 8192, 3, Private | Anonymous | Fixed, None);
        Show("mmap, more than there can be", Map, 0, 1ul << 60, 0, Private | Anonymous, None);
        Show("mmap, all", Map, 0, ulong.MaxValue, 0, Private | Anonymous, None);
        Show("mmap, not open", Map, 0, 4096, 1, Private, 999);
        Show("mmap, a directory", Map, 0, 4096, 1, Private, folder);
        Show("mmap, an offset within a page", Map, 0, 4096, 1, Private, file, 100);
        Show("mprotect, no page", Protect, page + 1, 4096, 1);
        Show("mprotect, nothing", Protect, page, 0, 1);
        Show("mprotect, what is not there", Protect, 0x10_0000, 4096, 1);
        Show("mprotect, all", Protect, page, ulong.MaxValue - 4095, 1);
        Show("munmap, no page", Unmap, page + 1, 4096);
        Show("munmap, nothing", Unmap, page, 0);
        Show("munmap, beyond all", Unmap, 0x7FFF_FFFF_F000, 8192);
        Show("mremap, nothing", Remap, page, 4096, 0, 1);
        Show("mremap, no page", Remap, page + 1, 4096, 8192, 1);
        Show("mremap, flags", Remap, page, 4096, 8192, 64);
        Show("mremap, fixed without moving", Remap, page, 4096, 8192, 2, page);
        Show("mremap, what is not there", Remap, 0x10_0000, 4096, 8192, 0);
        Show("mremap, no room", Remap, page, 4096, 8192, 0);
        Show("madvise, no page", Advise, page + 1, 4096, 4);
        Show("madvise, advice", Advise, page, 4096, 4711);
        Show("madvise, what is not there", Advise, 0x10_0000, 4096, 4);
        Show("msync, both ways", 26, page, 4096, 5);
        Show("msync, what is not there", 26, 0x10_0000, 4096, 4);
        Show("mlock, what is not there", 149, 0x10_0000, 4096);
        Show("munlock", 150, page, 4096);
        Show("get_mempolicy, flags", 239, page, 0, 0, 0, 1 << 20);
        Show("membarrier, command", 324, 1 << 20);
        Show("close", 3, file);
        Show("close", 3, folder);
        Checkerboard("in a reservation", 0, Private | Anonymous, None);
        file = (ulong)Call(319, Text("file"), 0);
        Checkerboard("in a file", 1, 1, file);
        Show("close", 3, file);
    }

    /// <summary>Unmaps every other page until there is no memory for as many mappings; all the rest goes on, and can be unmapped.</summary>
    private static void Checkerboard(string where, ulong protection, ulong flags, ulong descriptor)
    {
        // Twice what Linux has room for.
        const ulong size = 2 * 2 * 65536 * 4096ul;
        Console.WriteLine(where);
        for (int round = 0; round < 2; round++)
        {
            ulong start = (ulong)Call(Map, 0, size, protection, flags, descriptor);
            ulong at = start + 4096, end = start + size;
            while (at < end && Call(Unmap, at, 4096) == 0)
                at += 8192;
            string error = at < end ? Error() : "no end";
            Show("munmap, all", Unmap, start, size);
            Console.WriteLine($"round {round}: {error}");
        }
        byte[] memory = new byte[1 << 20];
        memory.AsSpan().Fill(1);
        Console.WriteLine($"goes on: {memory[^1]}");
    }
}
