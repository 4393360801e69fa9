using Xenolith.Abi;

namespace Xenolith.Linux;

/// <summary>Hypercalls through /dev/xen/privcmd, for what Linux has no device of its own for.</summary>
/// <remarks>Safe from any thread: one hypercall at a time.</remarks>
internal sealed unsafe class LinuxHypercalls : IDisposable
{
    /// <summary>Xen finds the argument's page missing while the kernel moves it: then it is there again at the next try.</summary>
    private const int Tries = 10;

    private readonly LinuxDevice _device = new("privcmd");
    private readonly Lock _lock = new();
    private nint _page; // memory that stays where it is during the call, whatever the collector does
    private bool _disposed;

    internal bool IsPresent => _device.IsPresent;

    /// <summary>Asks Xen what a port of this domain is connected to (<c>EVTCHNOP_status</c>).</summary>
    internal XenError ReadStatus(uint port, out EvtchnStatus status)
    {
        lock (_lock)
        {
            status = default;
            if (_disposed || !IsPresent)
                return XenError.NotSupported;
            if (_page == 0)
                _page = LinuxMemory.Allocate(1, NativeMethods.Locked);
            if (_page == 0)
                return XenError.NoMemory;
            EvtchnStatus* argument = (EvtchnStatus*)_page; // one structure, in a page of its own
            *argument = new() { Dom = DomainId.Self, Port = port };
            XenError error = Call(Hypercall.EventChannelOp, EventChannelOp.Status, (ulong)argument);
            status = *argument;
            return error;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            if (_page != 0)
                LinuxMemory.Free(_page, 1);
            _device.Dispose();
        }
    }

    private XenError Call(int number, int operation, ulong argument)
    {
        PrivcmdHypercall call = new() { Op = (ulong)number }; // on this stack until the call returns
        call.Arg[0] = (ulong)operation;
        call.Arg[1] = argument;
        XenError error = XenError.BadAddress;
        for (int i = 0; i < Tries && error == XenError.BadAddress; i++)
            error = _device.Control(LinuxPrivcmdIoctl.Hypercall, &call);
        return error;
    }
}
