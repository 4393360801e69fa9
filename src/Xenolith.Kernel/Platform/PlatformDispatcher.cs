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
        ulong a = frame->Rdi, b = frame->Rsi, c = frame->Rdx, d = frame->R10;
        switch (frame->Error)
        {
            case PlatformCall.MemoryTrim: return (long)PageTables.FreeEmptyTables(Layout.ProgramEnd) << 12;
            default: return -Errno.NoSystemCall;
        }
    }
}
