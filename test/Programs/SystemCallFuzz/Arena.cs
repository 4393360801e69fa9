// The memory that calls may write to. It lies where neither the runtime nor the kernel maps anything by itself, with gigabytes of nothing on
// both sides: whatever a range is made of that begins here, it does not reach memory that belongs to somebody.
//
//      + 0        64 KiB   readable and writable
//      + 64 KiB   16 KiB   read-only
//      + 80 KiB   16 KiB   no access
//      + 96 KiB   32 KiB   readable and writable: what ends here has nothing behind it
//      + 256 KiB  64 KiB   a file of 20,000 bytes, shared
//      + 384 KiB  64 KiB   the same file, private
namespace SystemCallFuzz;

internal static unsafe class Arena
{
    internal const ulong Start = 0x9_0000_0000, Size = 16 << 20, Before = 1ul << 30, Behind = 4ul << 30;

    internal const ulong Page = 4096;
    internal const ulong Writable = Start, WritableSize = 16 * Page, ReadOnly = Start + 16 * Page, Guard = Start + 20 * Page;
    internal const ulong Last = Start + 24 * Page, End = Start + 32 * Page;
    internal const ulong Shared = Start + 64 * Page, Private = Start + 96 * Page, FileSize = 20_000, FileMapping = 16 * Page;

    /// <summary>Makes the arena as above, with words that are arguments as good as any.</summary>
    internal static void Reset(Values values, ulong file)
    {
        Linux.Require(Linux.Munmap, Start - Before, Before + Behind);
        Map(Writable, WritableSize);
        Map(ReadOnly, 4 * Page);
        Map(Guard, 4 * Page);
        Map(Last, 8 * Page);
        Map((ulong)Scratch, Page);
        Linux.Require(Linux.Mmap, Shared, FileMapping, Linux.ReadWrite, Linux.Fixed | 1, file);
        Linux.Require(Linux.Mmap, Private, FileMapping, Linux.ReadWrite, Linux.Fixed | 2, file);
        for (ulong at = Writable; at < Guard; at += sizeof(ulong))
            *(ulong*)at = values.Any();
        Linux.Require(Linux.Mprotect, ReadOnly, 4 * Page, 1);
        Linux.Require(Linux.Mprotect, Guard, 4 * Page, 0);
    }

    /// <summary>A page that no call takes away, with nothing behind it: for the structures and texts that calls read.</summary>
    internal static ulong* Scratch => (ulong*)(Start + (3ul << 30));

    internal static void Release() => Linux.Require(Linux.Munmap, Start - Before, Before + Behind);

    private static void Map(ulong address, ulong size) =>
        Linux.Require(Linux.Mmap, address, size, Linux.ReadWrite, Linux.PrivateAnonymous | Linux.Fixed, ulong.MaxValue);
}
