using System.Diagnostics;
using System.Globalization;
using Xenolith.Abi;
using Xenolith.Memory;

namespace Xenolith.Linux;

/// <summary>
/// What Linux tells of the memory and of this process, in the terms of a domain. The memory is Linux's: the process has a part of it, and what is
/// neither that nor free is counted as the kernel's.
/// </summary>
/// <remarks>Reads text files of /proc: some ten microseconds each. Where one cannot be read its figures are 0.</remarks>
internal sealed unsafe class LinuxDomain : DomainOperations
{
    private const ulong Kibi = 1024;
    private const int NanosecondsPerTick = 100;

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly TimeSpan _usedBefore = Environment.CpuUsage.TotalTime;

    public override MemoryInfo ReadMemory()
    {
        Dictionary<string, ulong> machine = ReadTable("/proc/meminfo"), process = ReadTable("/proc/self/status");
        MemoryInfo info = new()
        {
            Total = Of(machine, "MemTotal") * Kibi,
            Free = Of(machine, "MemAvailable") * Kibi,
            Image = Of(process, "RssFile") * Kibi,
            Program = Of(process, "RssAnon") * Kibi,
            Shared = Of(process, "RssShmem") * Kibi,
            PageTables = Of(process, "VmPTE") * Kibi,
            Committed = Of(process, "VmData") * Kibi,
        };
        info.Maximum = info.Total;
        info.CommitLimit = info.Committed + info.Free; // Linux promises more than it has: what can be kept of it
        ulong known = info.Free + info.Image + info.Program + info.Shared + info.PageTables;
        info.Kernel = info.Total > known ? info.Total - known : 0;
        return info;
    }

    /// <summary>What Linux keeps free, without what it could free at once. Blocks larger than 2 MiB count as several of these.</summary>
    public override MemoryBlocks ReadFreeBlocks()
    {
        MemoryBlocks blocks = default;
        foreach (string line in ReadLines("/proc/buddyinfo"))
        {
            // Node 0, zone   Normal   COUNT COUNT ...
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            for (int order = 0; order + 4 < words.Length; order++)
            {
                int last = MemoryBlocks.Orders - 1;
                if (ulong.TryParse(words[order + 4], CultureInfo.InvariantCulture, out ulong count))
                    blocks.Free[Math.Min(order, last)] += count << Math.Max(0, order - last); // a structure on this stack
            }
        }
        return blocks;
    }

    public override HeapStatistics ReadHeap()
    {
        GCMemoryInfo last = GC.GetGCMemoryInfo();
        return new HeapStatistics(GC.GetTotalMemory(forceFullCollection: false), last.TotalCommittedBytes, last.FragmentedBytes);
    }

    /// <summary>Of this process alone, since it opened the platform. How long it waited for a CPU is not known: that counts as idle.</summary>
    public override SchedulerInfo ReadScheduler()
    {
        NativeMethods.ResourceUsage usage; // on this stack until the call returns
        ulong switches = NativeMethods.ReadUsage(0, &usage) == 0 ? usage.Switches : 0;
        ulong running = (ulong)(Environment.CpuUsage.TotalTime - _usedBefore).Ticks * NanosecondsPerTick;
        ulong age = (ulong)Stopwatch.GetElapsedTime(_start).Ticks * NanosecondsPerTick;
        return new SchedulerInfo
        {
            Threads = (uint)Of(ReadTable("/proc/self/status"), "Threads"),
            Switches = switches,
            RunningTime = running,
            IdleTime = age > running ? age - running : 0, // several CPUs run longer than time passes
        };
    }

    public override void Trim() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    /// <summary>Linux's own driver does it.</summary>
    public override BalloonStep Balloon(long target) => BalloonStep.Refused;

    /// <summary>Not changed here.</summary>
    public override void LimitHeap(long bytes)
    {
    }

    private static ulong Of(Dictionary<string, ulong> table, string name) => table.GetValueOrDefault(name);

    /// <summary>A file of lines "Name:   NUMBER unit".</summary>
    private static Dictionary<string, ulong> ReadTable(string path)
    {
        Dictionary<string, ulong> table = [];
        foreach (string line in ReadLines(path))
        {
            if (line.Split(':', 2) is not [string name, string rest])
                continue;
            string number = rest.TrimStart().Split(' ', '\t')[0];
            if (ulong.TryParse(number, CultureInfo.InvariantCulture, out ulong value))
                table[name] = value;
        }
        return table;
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
