using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Xenolith;
using Xenolith.Memory;

namespace Soak;

/// <summary>What the domain holds when nothing is at work, after the collector has given back what it can.</summary>
/// <param name="Heap">Live objects of the managed heap, in bytes.</param>
/// <param name="Rest">RAM in use at rest, in bytes.</param>
/// <param name="Most">The most RAM that was in use since the last figures, in bytes.</param>
/// <param name="Free">RAM that is free at rest, in bytes.</param>
/// <param name="PageTables">RAM in page tables, in bytes.</param>
/// <param name="Kernel">RAM in the kernel's objects, in bytes.</param>
/// <param name="Threads">Threads, those that wait in the thread pool among them.</param>
/// <param name="Handles">The number that the next file gets which is opened: the lowest that is free.</param>
/// <param name="Collections">Collections of the oldest generation since the start.</param>
internal sealed record Figures(long Heap, long Rest, long Most, long Free, long PageTables, long Kernel, int Threads, int Handles, int Collections)
{
    private const double MiB = 1 << 20;

    /// <summary>What the kernel has for a thread, in bytes: its stack and its structure.</summary>
    private const int KernelThread = 16 * 1024;

    /// <summary>RAM in use now, in bytes; as a process, its working set.</summary>
    internal static long Used()
    {
        if (!XenPlatform.IsSupported)
            return Environment.WorkingSet;
        MemoryStatistics memory = XenPlatform.Current.Memory.GetQuickStatistics();
        return memory.Total - memory.Free;
    }

    internal static Figures AtRest(long most)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        MemoryStatistics memory = default;
        if (XenPlatform.IsSupported)
        {
            XenPlatform.Current.Memory.Trim();
            memory = XenPlatform.Current.Memory.GetQuickStatistics();
        }
        GCMemoryInfo heap = GC.GetGCMemoryInfo(GCKind.FullBlocking); // GC.GetTotalMemory is an estimate
        long used = Used();
        using Process process = Process.GetCurrentProcess();
        using SafeFileHandle handle = File.OpenHandle("/dev/null");
        return new Figures(
            heap.HeapSizeBytes - heap.FragmentedBytes, used, Math.Max(most, used), memory.Free, memory.PageTables, memory.Kernel,
            XenPlatform.IsSupported ? (int)(memory.Threads / KernelThread) : process.Threads.Count, (int)handle.DangerousGetHandle(), GC.CollectionCount(2));
    }

    /// <summary>
    /// Whether the last third of a run needed no more than the first, which has the first touch of everything. At rest that is nearly exact; while
    /// all work is under way, chance decides what comes together.
    /// </summary>
    internal static bool AreFlat(List<Figures> history)
    {
        int third = history.Count / 3;
        Figures[] first = [.. history.Take(third)], last = [.. history.TakeLast(third)];
        return Compare("heap at rest", f => f.Heap / MiB, 1.02, 0.25) & Compare("RAM at rest", f => f.Rest / MiB, 1.03, 0.75)
            & Compare("RAM at most", f => f.Most / MiB, 1.1, 6) & Compare("kernel's objects", f => f.Kernel / MiB, 1.05, 0.1)
            & Compare("threads", f => f.Threads, 1, 4) & Compare("next handle", f => f.Handles, 1, 0);

        bool Compare(string what, Func<Figures, double> figure, double factor, double more)
        {
            double before = first.Max(figure), after = last.Max(figure), bound = before * factor + more;
            Console.WriteLine($"{what}: {before:0.###} in the first third, {after:0.###} in the last, at most {bound:0.###}: {after <= bound}");
            return after <= bound;
        }
    }

    public override string ToString() =>
        $"heap {Heap / MiB:0.00} MiB, RAM at rest {Rest / MiB:0.00}, at most {Most / MiB:0.00}, free {Free / MiB:0.00}, page tables {PageTables / MiB:0.00}, kernel {Kernel / MiB:0.00}, threads {Threads}, next handle {Handles}, full collections {Collections}";
}
