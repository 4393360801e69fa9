// The platform ABI's calls by their numbers (docs/platform-abi.md).
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Platform;

internal static class PlatformDispatcher
{
    /// <summary>Called by the system-call dispatcher for numbers from <see cref="PlatformCall.First"/> on, with interrupts off.</summary>
    internal static unsafe long Call(TrapFrame* frame)
    {
        ulong a = frame->Rdi, b = frame->Rsi;
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

            case PlatformCall.MemoryTrim: return (long)PageTables.FreeEmptyTables(Layout.ProgramEnd) << 12;
            default: return -Errno.NoSystemCall;
        }
    }
}
