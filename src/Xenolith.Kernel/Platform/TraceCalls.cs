// xl_trace_start and xl_trace_stop, with their arguments checked (docs/platform-abi.md).
using Xenolith.Abi;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Tracing;

namespace Xenolith.Kernel.Platform;

internal static unsafe class TraceCalls
{
    internal static long Start(ulong request)
    {
        if (!UserMemory.IsWritable(request, (ulong)sizeof(PlatformTraceStart)))
            return -Errno.Fault;
        PlatformTraceStart copy = *(PlatformTraceStart*)request;
        long result = Trace.Start(&copy);
        if (result == 0)
            ((PlatformTraceStart*)request)->State = copy.State;
        return result;
    }

    internal static long Stop() => Trace.Stop();
}
