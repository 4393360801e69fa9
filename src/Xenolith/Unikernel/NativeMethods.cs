using System.Runtime.InteropServices;
using Xenolith.Abi;

namespace Xenolith.Unikernel;

/// <summary>
/// The kernel's functions for events, grants and the domain's end. The contract of each is in docs/platform-abi.md. Pointers must be valid for the
/// call only, unless the contract says otherwise; the kernel checks every number and every page address.
/// </summary>
internal static unsafe partial class NativeMethods
{
    private const string Kernel = "xenolith";

    [LibraryImport(Kernel, EntryPoint = "xl_event_limit")]
    internal static partial uint EventLimit();

    [LibraryImport(Kernel, EntryPoint = "xl_event_open")]
    internal static partial int EventOpen(PlatformEventOpen* request);

    [LibraryImport(Kernel, EntryPoint = "xl_event_close")]
    internal static partial int EventClose(uint port);

    [LibraryImport(Kernel, EntryPoint = "xl_event_notify")]
    internal static partial int EventNotify(uint port);

    [LibraryImport(Kernel, EntryPoint = "xl_event_mask")]
    internal static partial int EventMask(uint port, int masked);

    [LibraryImport(Kernel, EntryPoint = "xl_event_status")]
    internal static partial int EventStatus(uint port, EvtchnStatus* status);

    [LibraryImport(Kernel, EntryPoint = "xl_event_take")]
    internal static partial int EventTake(uint* ports, int capacity);

    [LibraryImport(Kernel, EntryPoint = "xl_xenstore_ring")]
    internal static partial int XenstoreRing(nint* address, uint* port);

    [LibraryImport(Kernel, EntryPoint = "xl_xenstore_unsent")]
    internal static partial int XenstoreUnsent(PlatformXenstoreUnsent* unsent);

    [LibraryImport(Kernel, EntryPoint = "xl_page_allocate")]
    internal static partial nint PageAllocate(int count);

    [LibraryImport(Kernel, EntryPoint = "xl_page_free")]
    internal static partial int PageFree(nint address, int count);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_table_size")]
    internal static partial int GrantTableSize(GrantTableSize* size);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_table_grow")]
    internal static partial int GrantTableGrow(GrantTableSize* size);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_access")]
    internal static partial int GrantAccess(GrantAccessRequest* requests, int count);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_end")]
    internal static partial int GrantEnd(uint* references, int* results, int count);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_map")]
    internal static partial int GrantMap(GrantMapRequest* requests, int count, uint flags, nint* address);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_unmap")]
    internal static partial int GrantUnmap(nint address, int count);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_unmap_notify")]
    internal static partial int GrantUnmapNotify(nint address, long clearOffset, uint port);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_copy")]
    internal static partial int GrantCopy(GrantCopyRequest* requests, int count);

    [LibraryImport(Kernel, EntryPoint = "xl_shutdown_reason")]
    internal static partial int ShutdownReason(uint reason);

    [LibraryImport(Kernel, EntryPoint = "xl_suspend")]
    internal static partial int Suspend();

    [LibraryImport(Kernel, EntryPoint = "xl_trace_start")]
    internal static partial int TraceStart(PlatformTraceStart* request);

    [LibraryImport(Kernel, EntryPoint = "xl_trace_stop")]
    internal static partial int TraceStop();

    // Fills in one record: shorter than the announcement to the collector that it leaves out.
    [LibraryImport(Kernel, EntryPoint = "xl_trace_write"), SuppressGCTransition]
    internal static partial void TraceWrite(uint kind, uint count, uint detail, ulong value);

    // Copies ten counters: shorter than the announcement to the collector that it leaves out.
    [LibraryImport(Kernel, EntryPoint = "xl_memory_info"), SuppressGCTransition]
    internal static partial int ReadMemory(MemoryInfo* info);

    [LibraryImport(Kernel, EntryPoint = "xl_memory_blocks")]
    internal static partial int ReadMemoryBlocks(MemoryBlocks* blocks);

    [LibraryImport(Kernel, EntryPoint = "xl_scheduler_info")]
    internal static partial int ReadScheduler(SchedulerInfo* info);

    [LibraryImport(Kernel, EntryPoint = "xl_memory_trim")]
    internal static partial long TrimMemory();

    [LibraryImport(Kernel, EntryPoint = "xl_memory_balloon")]
    internal static partial long BalloonMemory(ulong target);
}
