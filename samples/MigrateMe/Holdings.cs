using Microsoft.Win32.SafeHandles;
using Xenolith;
using Xenolith.Grants;
using Xenolith.Memory;
using Xenolith.Xenstore;

namespace MigrateMe;

/// <summary>
/// What the program has of its domain at one moment, as words NAME=NUMBER: who compares two of them sees what was lost or leaked between.
/// </summary>
internal static class Holdings
{
    /// <summary>Gives back first what nobody needs. Memory is in bytes; "handles" is the lowest number that no open file has.</summary>
    internal static string Describe(XenPlatform platform)
    {
        platform.Memory.Trim();
        GCMemoryInfo heap = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        using SafeFileHandle handle = File.OpenHandle("/dev/null");
        GrantStatistics grants = platform.Grants.GetStatistics();
        XenstoreStatistics store = platform.Xenstore.GetStatistics();
        MemoryStatistics memory = platform.Memory.GetQuickStatistics();
        return $"ports={platform.EventChannels.OpenCount} references={grants.Reserved + grants.Granted + grants.Reclaiming} mapped={grants.MappedPages} "
            + $"iopages={grants.Pages + grants.CachedPages} watches={store.Watches} requests={store.Pending} threads={platform.GetSchedulerStatistics().Threads} "
            + $"handles={handle.DangerousGetHandle()} heap={heap.HeapSizeBytes - heap.FragmentedBytes} free={memory.Free} program={memory.Program} shared={memory.Shared} tables={memory.PageTables} kernel={memory.Kernel}";
    }
}
