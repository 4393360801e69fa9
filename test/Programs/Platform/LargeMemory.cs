using System.Runtime.CompilerServices;
using Xenolith;
using Xenolith.Abi;
using Xenolith.Grants;
using Xenolith.Memory;

namespace PlatformScenarios;

/// <summary>Memory of any size, used to most of its end.</summary>
internal static class LargeMemory
{
    private const int Page = 4096, Words = Page / sizeof(long);

    /// <summary>
    /// Fills 85 percent of what can be had with arrays, so that all frames from the lowest up to there are in use; shares the pages that come next;
    /// looks whether every page of the arrays still holds its own number; gives all of it back.
    /// </summary>
    internal static async Task<int> FillAsync(string[] args)
    {
        DomainMemory memory = XenPlatform.Current.Memory;
        MemoryStatistics before = memory.GetQuickStatistics();
        Console.WriteLine($"total {before.Total}\ncollector {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes}");
        List<long[]> arrays = [];
        long filled = Fill(arrays, before.Available / 20 * 17);
        Console.WriteLine($"filled {filled}\ntaken {before.Free - memory.GetQuickStatistics().Free}");
        await ShareAsync();
        Console.WriteLine($"wrong {Wrong(arrays)}");
        arrays.Clear();
        memory.Trim();
        Console.WriteLine($"missing {before.Free - memory.GetQuickStatistics().Free}");
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Fill(List<long[]> arrays, long bytes)
    {
        int pages = (int)Math.Clamp(bytes / 12 / Page, 16, 64 << 20 >> 12);
        long number = 0;
        for (; number * Page < bytes; number += pages)
        {
            // What is new is zero, and what is not touched takes no memory: one word a page does.
            long[] array = GC.AllocateUninitializedArray<long>(pages * Words);
            for (int page = 0; page < pages; page++)
                array[page * Words] = number + page;
            arrays.Add(array);
        }
        return number * Page;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Wrong(List<long[]> arrays)
    {
        int wrong = 0;
        long number = 0;
        foreach (long[] array in arrays)
        {
            for (int word = 0; word < array.Length; word += Words)
                wrong += array[word] == number++ ? 0 : 1;
        }
        return wrong;
    }

    /// <summary>Grants pages to this very domain, and has Xen copy from the ones to the others.</summary>
    private static async Task ShareAsync()
    {
        const int count = 8;
        GrantTable grants = XenPlatform.Current.Grants;
        ushort self = (ushort)XenHost.TryGet()!.DomainId!.Value;
        using IoPages local = grants.AllocatePages(count);
        await using SharedPages shared = await grants.ShareAsync(self, count, GrantAccess.ReadWrite);
        GrantCopy[] pieces = new GrantCopy[count];
        for (int page = 0; page < count; page++)
        {
            shared.Pages.GetPage(page).Fill((byte)(page + 1));
            pieces[page] = GrantCopy.FromForeign(new ForeignGrant(self, shared.References[page]), 0, local, page * Page, Page);
        }
        int refused = grants.Copy(pieces);
        int right = Enumerable.Range(0, count).Count(page => !local.GetPage(page).ContainsAnyExcept((byte)(page + 1)));
        Console.WriteLine($"refused {refused}\ncopied {right}");
    }
}
