using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xenolith;
using Xenolith.Grants;
using Xenolith.Memory;

namespace PlatformScenarios;

/// <summary>What the kernel says of the memory, and whether it is so.</summary>
internal static class Memory
{
    private const int MiB = 1 << 20, Page = 4096;

    private static DomainMemory Domain => XenPlatform.Current.Memory;

    /// <summary>Every figure, one a line.</summary>
    internal static Task<int> ShowAsync(string[] args)
    {
        MemoryDetails details = Domain.GetStatistics();
        MemoryStatistics now = details.Memory;
        Console.WriteLine($"total {now.Total}\nfree {now.Free}\nimage {now.Image}\nprogram {now.Program}\nshared {now.Shared}\npage-tables {now.PageTables}");
        Console.WriteLine($"threads {now.Threads}\nkernel {now.Kernel}\ncommitted {now.Committed}\ncommit-limit {now.CommitLimit}\navailable {now.Available}");
        Console.WriteLine($"blocks {details.FreeBlocks.Select((count, order) => count * Page << order).Sum()}\nlargest-block {details.LargestFreeBlock}");
        Console.WriteLine($"heap-used {details.Heap.Used}\nheap-committed {details.Heap.Committed}");
        Console.WriteLine($"granted {details.Granted}\ncached {details.Cached}\nforeign {details.Foreign}");
        return Task.FromResult(0);
    }

    /// <summary>
    /// Takes memory of each kind and gives it back: the figure of that kind grows by as much, the free memory shrinks, and both return.
    /// </summary>
    internal static unsafe Task<int> FollowAsync(string[] args)
    {
        // Whatever comes on first use has come when it is counted.
        for (int round = 0; round < 2; round++)
        {
            bool show = round == 1;
            MemoryStatistics before = Domain.GetQuickStatistics();
            byte* mapped = (byte*)Mapping.Take(4 * MiB);
            MemoryStatistics reserved = Domain.GetQuickStatistics();
            for (int at = 0; at < 4 * MiB; at += Page)
                mapped[at] = 1;
            MemoryStatistics touched = Domain.GetQuickStatistics();
            Mapping.Return((nint)mapped, 4 * MiB);
            MemoryStatistics after = Domain.GetQuickStatistics();
            Report(show, "program", before.Program, touched.Program, after.Program, touched.Free - before.Free, after.Free - before.Free);
            Report(show, "commit", before.Committed, reserved.Committed, after.Committed, reserved.Free - before.Free, after.Free - before.Free);
        }

        for (int round = 0; round < 2; round++)
        {
            MemoryStatistics before = Domain.GetQuickStatistics();
            IoPages pages = XenPlatform.Current.Grants.AllocatePages(16);
            MemoryStatistics with = Domain.GetQuickStatistics();
            ((IDisposable)pages).Dispose();
            MemoryStatistics after = Domain.GetQuickStatistics();
            Report(round == 1, "shared", before.Shared, with.Shared, after.Shared, with.Free - before.Free, after.Free - before.Free);
        }

        for (int round = 0; round < 2; round++)
        {
            Settle();
            MemoryStatistics before = Domain.GetQuickStatistics();
            using ManualResetEventSlim end = new();
            Thread[] threads = [.. Enumerable.Range(0, 8).Select(_ => new Thread(() => end.Wait(), 64 * 1024))];
            Array.ForEach(threads, thread => thread.Start());
            MemoryStatistics with = Domain.GetQuickStatistics();
            end.Set();
            Array.ForEach(threads, thread => thread.Join());
            Settle();
            MemoryStatistics after = Domain.GetQuickStatistics();
            if (round == 1)
                Console.WriteLine($"threads +{(with.Threads - before.Threads) / Page}, then {(after.Threads - before.Threads) / Page} pages");
        }
        return Task.FromResult(0);

        // Threads leave after they were joined, and the kernel frees what the last of them leaves when it next switches to another.
        static void Settle()
        {
            Thread.Sleep(10);
            Task.Run(() => { }).Wait();
        }

        static void Report(bool show, string kind, long before, long with, long after, long freeWith, long freeAfter)
        {
            if (show)
                Console.WriteLine($"{kind} {with - before:+0;-0;0}, then {after - before:+0;-0;0}; free {freeWith:+0;-0;0}, then {freeAfter:+0;-0;0}");
        }
    }

    /// <summary>Fills the heap, lets go, trims: the memory is the domain's again.</summary>
    internal static async Task<int> TrimAsync(string[] args)
    {
        int mebibytes = int.Parse(args[0]);
        await Domain.TrimAsync();
        long before = Domain.GetQuickStatistics().Free;
        Fill(mebibytes);
        long filled = Domain.GetQuickStatistics().Free;
        TrimResult result = Domain.Trim();
        long after = Domain.GetQuickStatistics().Free;
        Console.WriteLine($"taken {before - filled}\nreturned {result.Returned}\nmissing {before - after}");
        return 0;
    }

    /// <summary>Page tables that were emptied piece by piece stay until a trim.</summary>
    internal static unsafe Task<int> TrimTablesAsync(string[] args)
    {
        const int blocks = 12, blockSize = 2 * MiB;
        Domain.Trim();
        MemoryStatistics before = Domain.GetQuickStatistics();
        byte* memory = (byte*)Mapping.Take(blocks * blockSize);
        for (int block = 0; block < blocks; block++)
            memory[block * blockSize] = 1;
        // Halves, so that no call covers a table's range whole.
        for (int half = 0; half < 2 * blocks; half++)
            Mapping.Return((nint)(memory + (half * blockSize / 2)), blockSize / 2);
        MemoryStatistics unmapped = Domain.GetQuickStatistics();
        Domain.Trim();
        MemoryStatistics trimmed = Domain.GetQuickStatistics();
        // The runtime's own work may have come to another table or two meanwhile, at addresses of chance.
        Console.WriteLine($"left {(unmapped.PageTables - before.PageTables) / Page >= blocks - 1}, then {(trimmed.PageTables - before.PageTables) / Page <= 2}");
        return Task.FromResult(0);
    }

    /// <summary>What a million quick statistics cost, beside as many readings of the clock; and that they allocate nothing.</summary>
    internal static Task<int> CostAsync(string[] args)
    {
        const int count = 1_000_000;
        DomainMemory memory = Domain;
        long sum = memory.GetQuickStatistics().Free & 0;
        long clock = Stopwatch.GetTimestamp() & 0;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
            sum += memory.GetQuickStatistics().Free;
        long quick = Stopwatch.GetTimestamp() - start;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
            clock += Stopwatch.GetTimestamp();
        long readings = Stopwatch.GetTimestamp() - start;
        Console.WriteLine($"quick {quick / (double)count:0.0}\nclock {readings / (double)count:0.0}\nallocated {allocated}\nsum {(sum > 0 && clock > 0 ? 1 : 0)}");
        return Task.FromResult(0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fill(int mebibytes)
    {
        List<byte[]> arrays = [];
        for (int i = 0; i < mebibytes * 16; i++)
        {
            arrays.Add(new byte[MiB / 16]);
            Array.Fill(arrays[^1], (byte)1);
        }
        GC.KeepAlive(arrays);
    }
}

/// <summary>Memory straight from the kernel.</summary>
internal static partial class Mapping
{
    internal static nint Take(int length)
    {
        nint address = Map(0, (nuint)length, 1 | 2 /* read, write */, 2 | 0x20 /* private, anonymous */, -1, 0);
        return address != -1 ? address : throw new OutOfMemoryException();
    }

    internal static void Return(nint address, int length)
    {
        if (Unmap(address, (nuint)length) != 0)
            throw new InvalidOperationException("munmap failed");
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
