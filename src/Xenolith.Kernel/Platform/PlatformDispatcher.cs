// The platform ABI's calls by their numbers (docs/platform-abi.md).
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Platform;

internal static class PlatformDispatcher
{
    /// <summary>Called by the system-call dispatcher for numbers from <see cref="PlatformCall.First"/> on, with interrupts off.</summary>
    internal static unsafe long Call(TrapFrame* frame)
    {
        ulong a = frame->Rdi, b = frame->Rsi, c = frame->Rdx, d = frame->R10;
        switch (frame->Error)
        {
            case PlatformCall.EventLimit: return EventCalls.Limit();
            case PlatformCall.EventOpen: return EventCalls.Open(a);
            case PlatformCall.EventClose: return EventCalls.Close(a);
            case PlatformCall.EventNotify: return EventCalls.Notify(a);
            case PlatformCall.EventMask: return EventCalls.Mask(a, b);
            case PlatformCall.EventStatus: return EventCalls.Status(a, b);
            case PlatformCall.EventTake: return EventCalls.Take(a, b);
            case PlatformCall.XenstoreRing: return EventCalls.XenstoreRing(a, b);
            case PlatformCall.XenstoreUnsent: return EventCalls.XenstoreUnsent(a);

            case PlatformCall.PageAllocate: return GrantCalls.AllocatePages((int)a);
            case PlatformCall.PageFree: return GrantCalls.FreePages(a, (int)b);
            case PlatformCall.GrantTableSize: return GrantCalls.TableSize(a);
            case PlatformCall.GrantTableGrow: return GrantCalls.GrowTable(a);
            case PlatformCall.GrantAccess: return GrantCalls.Access(a, (int)b);
            case PlatformCall.GrantEnd: return GrantCalls.End(a, b, (int)c);
            case PlatformCall.GrantMap: return GrantCalls.Map(a, (int)b, (uint)c, d);
            case PlatformCall.GrantUnmap: return GrantCalls.Unmap(a, (int)b);
            case PlatformCall.GrantUnmapNotify: return GrantCalls.NotifyUnmap(a, (long)b, (uint)c);
            case PlatformCall.GrantCopy: return GrantCalls.Copy(a, (int)b);

            case PlatformCall.ShutdownReason: return Ending.SetReason(a);
            case PlatformCall.Suspend: return Suspension.Suspend();
            case PlatformCall.TraceStart: return TraceCalls.Start(a);
            case PlatformCall.TraceStop: return TraceCalls.Stop();
            case PlatformCall.MemoryTrim: return (long)PageTables.FreeEmptyTables(Layout.ForeignWindow) << 12;

            default: return -Errno.NoSystemCall;
        }
    }
}
