using System.Runtime.InteropServices;
using Xenolith.Abi;
using Xenolith.Unikernel;

namespace PlatformScenarios;

/// <summary>The kernel's calls for pages and grants, with arguments that the library would not pass: a line a call, with its result.</summary>
internal static unsafe class Pages
{
    private const int Size = 4096;

    internal static Task<int> ShowAsync(string[] args)
    {
        Show("no pages", NativeMethods.PageAllocate(0));
        Show("too many pages", NativeMethods.PageAllocate((1 << 20) + 1));
        Show("more pages than there is memory", NativeMethods.PageAllocate(1 << 20));

        nint pages = NativeMethods.PageAllocate(3);
        new Span<byte>((void*)pages, 3 * Size).Fill(1);
        Show("munmap", Native.Unmap(pages + Size, Size), hasErrno: true);
        Show("mprotect", Native.Protect(pages, Size, 1), hasErrno: true);
        Show("madvise", Native.Advise(pages, Size, 4), hasErrno: true);
        Show("mremap", (long)Native.Remap(pages, 3 * Size, Size, 0), hasErrno: true);
        Show("mmap in their place", (long)Native.Map(pages - Size, 2 * Size, 3, 0x32, -1, 0), hasErrno: true);
        Show("free a part", NativeMethods.PageFree(pages, 2));
        Show("free from the middle", NativeMethods.PageFree(pages + Size, 2));
        Show("free with more", NativeMethods.PageFree(pages, 4));
        Show("free other memory", NativeMethods.PageFree((nint)(&pages) & -Size, 1));

        GrantTableSize size = default;
        Show("size", NativeMethods.GrantTableSize(&size));
        Console.WriteLine($"{size.FirstUsable} {size.Current} of {size.Maximum}");
        Show("grant a page", Grant(pages + Size, 8));
        Show("grant it by the same reference", Grant(pages, 8));
        Show("grant by the console's reference", Grant(pages, 0));
        Show("grant by a reference beyond the table", Grant(pages, size.Current));
        Show("grant half a page", Grant(pages + 2048, 9));
        Show("grant other memory", Grant((nint)(&pages) & -Size, 9));
        Show("free a granted page", NativeMethods.PageFree(pages, 3));
        Show("end what grants nothing", End(9));
        Show("end the console's", End(0));
        Show("end", End(8));
        Show("end again", End(8));

        int grown = 0;
        while (NativeMethods.GrantTableGrow(&size) == 0)
            grown++;
        Console.WriteLine($"{size.Current} of {size.Maximum} after {grown}");
        Show("grow on", NativeMethods.GrantTableGrow(&size));
        Show("grant by the last reference", Grant(pages, size.Maximum - 1));
        Show("end it", End(size.Maximum - 1));
        int count = 0;
        while (count + 8 < size.Maximum && Grant(pages, (uint)(count + 8)) == 0)
            count++;
        Show("granted one page so many times", count);
        while (count > 0 && End((uint)(count + 7)) == 0)
            count--;
        Show("not ended", count);

        GrantMapRequest map = new() { Domain = DomainId.Invalid, Reference = 1 };
        nint address = 0;
        Show("map of no domain", NativeMethods.GrantMap(&map, 1, 0, &address));
        Show("result", map.Result);
        Show("map nothing", NativeMethods.GrantMap(&map, 0, 0, &address));
        Show("map with flags", NativeMethods.GrantMap(&map, 1, 2, &address));
        Show("map where nothing can be written", NativeMethods.GrantMap((GrantMapRequest*)Size, 1, 0, &address));
        Show("unmap other memory", NativeMethods.GrantUnmap(pages, 3));
        Show("notify of it", NativeMethods.GrantUnmapNotify(pages, -1, uint.MaxValue));

        GrantCopyRequest copy = new() { Source = (ulong)pages + 4090, Destination = (ulong)pages, Length = 7, DestinationDomain = DomainId.Self };
        Show("copy", NativeMethods.GrantCopy(&copy, 1));
        Show("across a page", copy.Result);
        copy = new GrantCopyRequest { Source = (ulong)(&copy), Destination = (ulong)pages, Length = 7 };
        Show("copy", NativeMethods.GrantCopy(&copy, 1));
        Show("from other memory", copy.Result);

        Show("free", NativeMethods.PageFree(pages, 3));
        Show("free again", NativeMethods.PageFree(pages, 3));
        long allocated = 0;
        for (int i = 0; i < 1000; i++)
        {
            pages = NativeMethods.PageAllocate(256); // 1 MiB, in a domain of 32
            allocated += pages != 0 && NativeMethods.PageFree(pages, 256) == 0 ? 1 : 0;
        }
        Show("MiB allocated and freed", allocated);
        return Task.FromResult(0);
    }

    private static int Grant(nint page, uint reference)
    {
        GrantAccessRequest request = new() { Address = (ulong)page, Reference = reference, Domain = 0 };
        int result = NativeMethods.GrantAccess(&request, 1);
        return result != 0 ? result : request.Result;
    }

    private static int End(uint reference)
    {
        int ended;
        int result = NativeMethods.GrantEnd(&reference, &ended, 1);
        return result != 0 ? result : ended;
    }

    private static void Show(string what, long result, bool hasErrno = false) =>
        Console.WriteLine($"{what}: {result}{(hasErrno ? $", errno {Marshal.GetLastPInvokeError()}" : "")}");
}
