// The platform calls for event channels, with their arguments checked (docs/platform-abi.md).
using Xenolith.Abi;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Platform;

internal static unsafe class EventCalls
{
    private const ulong MaximumCapacity = 1 << 20;

    internal static long Limit()
    {
        EventChannels.Settle();
        return EventChannels.Limit;
    }

    internal static long Open(ulong request)
    {
        if (!UserMemory.IsWritable(request, (ulong)sizeof(PlatformEventOpen)))
            return -Errno.Fault;
        PlatformEventOpen copy = *(PlatformEventOpen*)request;
        long result = ProgramEvents.Open(ref copy);
        if (result == 0)
            ((PlatformEventOpen*)request)->Port = copy.Port;
        return result;
    }

    internal static long Close(ulong port) => ProgramEvents.CloseOpen((uint)port);

    internal static long Notify(ulong port) => ProgramEvents.Notify((uint)port);

    internal static long Mask(ulong port, ulong masked) => ProgramEvents.SetMasked((uint)port, (uint)masked != 0);

    internal static long Status(ulong port, ulong status)
    {
        if (!UserMemory.IsWritable(status, (ulong)sizeof(EvtchnStatus)))
            return -Errno.Fault;
        EvtchnStatus own = default;
        long result = ProgramEvents.Status((uint)port, &own);
        if (result == 0)
            *(EvtchnStatus*)status = own;
        return result;
    }

    internal static long Take(ulong ports, ulong capacity)
    {
        capacity = (uint)capacity;
        if (capacity is 0 or > MaximumCapacity)
            return -Errno.Invalid;
        if (!ProgramEvents.Wait(out WakeReason reason))
            return reason == WakeReason.Signal ? -Errno.Interrupted : -Errno.Busy;
        // Checked after the wait, during which other threads could change what is mapped. Nothing was taken yet.
        if (!UserMemory.IsWritable(ports, capacity * sizeof(uint)))
            return -Errno.Fault;
        return ProgramEvents.Take((uint*)ports, (int)capacity);
    }

    internal static long XenstoreRing(ulong address, ulong port)
    {
        if (!UserMemory.IsWritable(address, sizeof(ulong)) || !UserMemory.IsWritable(port, sizeof(uint)))
            return -Errno.Fault;
        XenstoreInterface* page = Hypervisor.StorePage();
        if (page == null)
            return -Errno.NoEntry;
        *(ulong*)address = (ulong)page;
        *(uint*)port = Hypervisor.StorePort;
        return 0;
    }

    internal static long XenstoreUnsent(ulong structure)
    {
        if (structure != 0 && !UserMemory.IsReadable(structure, (ulong)sizeof(PlatformXenstoreUnsent)))
            return -Errno.Fault;
        ExitCode.SetUnsent(structure);
        return 0;
    }
}
