// Numbers of the platform ABI's calls, in the order of Platform/Calls.S.
namespace Xenolith.Kernel.Platform;

internal static class PlatformCall
{
    internal const ulong First = 0x584C00;

    internal const ulong EventLimit = First, EventOpen = First + 1, EventClose = First + 2, EventNotify = First + 3, EventMask = First + 4;
    internal const ulong EventStatus = First + 5, EventTake = First + 6, XenstoreRing = First + 7;
    internal const ulong PageAllocate = First + 8, PageFree = First + 9;
    internal const ulong GrantTableSize = First + 10, GrantTableGrow = First + 11, GrantAccess = First + 12, GrantEnd = First + 13;
    internal const ulong GrantMap = First + 14, GrantUnmap = First + 15, GrantUnmapNotify = First + 16, GrantCopy = First + 17;
    internal const ulong ShutdownReason = First + 18;
    internal const ulong MemoryTrim = First + 19;
    internal const ulong XenstoreUnsent = First + 20;
    internal const ulong Suspend = First + 21;
    internal const ulong TraceStart = First + 22, TraceStop = First + 23;
}
