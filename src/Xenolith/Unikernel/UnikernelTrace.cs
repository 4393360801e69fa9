using Xenolith.Abi;
using Xenolith.Tracing;

namespace Xenolith.Unikernel;

/// <summary>Tracing by the kernel, into a ring of its own; the libraries' records go there too.</summary>
/// <param name="platform">Whose channel a reader waits on.</param>
internal sealed class UnikernelTrace(XenPlatform platform) : TraceOperations
{
    public override TraceCategories Own => TraceCategories.All & ~(TraceCategories.Xenstore | TraceCategories.User);

    public override TraceCategories Supported => TraceCategories.All;

    public override unsafe XenError Start(uint records, TraceCategories categories, out TraceRing? ring)
    {
        PlatformTraceStart request = new() { Records = records, Categories = (uint)categories }; // on this stack until the call returns
        int result = NativeMethods.TraceStart(&request);
        ring = result == 0 ? new KernelTraceRing(platform, request.State) : null;
        return (XenError)(-result);
    }

    public override void Stop() => _ = NativeMethods.TraceStop(); // fails only where there is no trace

    // The kernel looks itself whether there is a trace: one that ends at this moment gets no record any more.
    public override void Write(ushort kind, uint count, uint detail, ulong value) => NativeMethods.TraceWrite(kind, count, detail, value);

    public override string? GetThreadName(uint thread) => ThreadNames.Find(thread);
}
