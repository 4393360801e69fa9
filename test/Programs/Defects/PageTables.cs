// Walks the page tables that the CPU uses, and checks what they allow. The program can: it runs in ring 0.
namespace Defects;

internal static unsafe class PageTables
{
    private const ulong Present = 1, Writable = 2, User = 4, Large = 0x80, NoExecute = 1ul << 63;
    private const ulong AddressMask = 0x000F_FFFF_FFFF_F000;
    private const ulong Page = 4096;
    private const ulong DirectMap = 0xFFFF_8000_0000_0000;

    /// <summary>A page or 2 MiB of them, with what all levels together allow.</summary>
    private readonly record struct Leaf(ulong Address, ulong Frame, ulong Size, bool IsWritable, bool IsExecutable, bool IsUser)
    {
        internal bool Overlaps(ulong start, ulong end) => Frame < end && Frame + Size > start;
    }

    internal static void Check()
    {
        List<Leaf> leaves = [];
        Walk(Native.ReadControlRegister(3) & AddressMask, 39, 0, Writable | User, leaves);
        (ulong imageStart, ulong imageEnd) = (Native.Text.Start, Native.Data.End);
        HashSet<ulong> pages = [.. leaves.SelectMany(l => Enumerable.Range(0, (int)(l.Size / Page)).Select(i => l.Address + (ulong)i * Page))];
        Console.WriteLine($"pages: {(pages.Count > 1000 ? "many" : pages.Count)}");
        Count("writable and executable", leaves.Count(l => l.IsWritable && l.IsExecutable));
        Count("for ring 3", leaves.Count(l => l.IsUser));
        Count("below 64 KiB", leaves.Count(l => l.Address < 0x10000));
        Count("executable outside the code", leaves.Count(l => l.IsExecutable && (l.Address < Native.Text.Start || l.Address + l.Size > Native.Text.End)));
        Count("writable in code or constants", leaves.Count(l => l.IsWritable && l.Address >= Native.Text.Start && l.Address < Native.Constants.End));
        Count("of the image at another address", leaves.Count(l => l.Overlaps(imageStart, imageEnd) && l.Address != l.Frame));

        // Those of traps have two pages, above one that is not there; a thread's has less than four, above four.
        ulong[] stacks = [.. Enumerable.Range(1, 4).Select(i => Native.GetKernelStack(i) - 2 * Page)];
        Console.WriteLine($"stacks of traps: {stacks.Count(s => pages.Contains(s) && pages.Contains(s + Page))} of 4");
        Console.WriteLine($"guards of theirs: {stacks.Count(s => !pages.Contains(s - Page))} of 4");
        ulong slot = Native.GetKernelStack(0) & ~0x7FFFul;
        Console.WriteLine($"guard of a thread's stack in the kernel: {Enumerable.Range(0, 4).Count(i => !pages.Contains(slot + (ulong)i * Page) && pages.Contains(slot + (ulong)(i + 4) * Page))} of 4");
        foreach (string range in Ranges(leaves.Where(l => l.Address < DirectMap || l.Address >= 0xFFFF_C000_0000_0000)))
            Console.WriteLine(range);
    }

    private static void Walk(ulong table, int shift, ulong address, ulong allowed, List<Leaf> leaves)
    {
        // The first tables lie in the image, which the direct map leaves out.
        ulong* entries = (ulong*)(table < Native.Data.End && table >= Native.Data.Start ? table : DirectMap + table);
        for (int i = 0; i < 512; i++)
        {
            ulong entry = entries[i];
            if ((entry & Present) == 0)
                continue;
            ulong at = address | (ulong)i << shift;
            if (shift == 39 && i >= 256)
                at |= 0xFFFF_0000_0000_0000;
            // A page may be written and used in ring 3 if every level says so, and executed unless one says no.
            ulong effective = allowed & (entry | ~(Writable | User)) | (allowed | entry) & NoExecute;
            if (shift == 12 || (entry & Large) != 0)
                leaves.Add(new Leaf(at, entry & AddressMask & ~((1ul << shift) - 1), 1ul << shift, (effective & Writable) != 0, (effective & NoExecute) == 0, (effective & User) != 0));
            else
                Walk(entry & AddressMask, shift - 9, at, effective, leaves);
        }
    }

    private static void Count(string what, int count) => Console.WriteLine($"{what}: {count}");

    private static IEnumerable<string> Ranges(IEnumerable<Leaf> leaves)
    {
        Leaf? open = null;
        foreach (Leaf leaf in leaves)
        {
            if (open is { } range && range.Address + range.Size == leaf.Address && range.IsWritable == leaf.IsWritable && range.IsExecutable == leaf.IsExecutable)
            {
                open = range with { Size = range.Size + leaf.Size };
                continue;
            }
            if (open is { } done)
                yield return Format(done);
            open = leaf;
        }
        if (open is { } last)
            yield return Format(last);
    }

    private static string Format(Leaf range) =>
        $"{range.Address:x16} - {range.Address + range.Size:x16} R{(range.IsWritable ? 'W' : '-')}{(range.IsExecutable ? 'X' : '-')}";
}
