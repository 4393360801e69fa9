using Xenolith.Abi;
using Xenolith.EventChannels;

namespace Xenolith.Unikernel;

/// <summary>Event channels through the kernel. One thread waits in the kernel for fired ports and hands them on in batches.</summary>
internal sealed unsafe class UnikernelEventChannels : EventChannelOperations
{
    private const int BatchSize = 256; // 1 KiB of stack; more ports than that come in the next batch

    private const int Interrupted = -4; // EINTR: the runtime signalled the thread

    private volatile bool _stopped;

    public override int PortLimit => (int)NativeMethods.EventLimit();

    public override void Start(FiredPortsHandler handler) =>
        new Thread(() => Run(handler)) { IsBackground = true, Name = "Event channels" }.Start();

    public override XenError AllocateUnbound(ushort remoteDomain, out uint port) =>
        Open(new PlatformEventOpen { Kind = PlatformEventKind.Unbound, RemoteDomain = remoteDomain }, out port);

    public override XenError BindInterdomain(ushort remoteDomain, uint remotePort, out uint port) =>
        Open(new PlatformEventOpen { Kind = PlatformEventKind.Interdomain, RemoteDomain = remoteDomain, Source = remotePort }, out port);

    public override XenError BindVirtualInterrupt(VirtualInterrupt interrupt, uint virtualCpu, out uint port) =>
        Open(new PlatformEventOpen { Kind = PlatformEventKind.Virq, Source = (uint)interrupt, Vcpu = virtualCpu }, out port);

    public override XenError BindIpi(uint virtualCpu, out uint port) =>
        Open(new PlatformEventOpen { Kind = PlatformEventKind.Ipi, Vcpu = virtualCpu }, out port);

    public override XenError Adopt(uint port) => Open(new PlatformEventOpen { Kind = PlatformEventKind.Existing, Source = port }, out _);

    public override XenError Notify(uint port) => Error(NativeMethods.EventNotify(port));

    public override XenError SetMasked(uint port, bool masked) => Error(NativeMethods.EventMask(port, masked ? 1 : 0));

    public override XenError GetStatus(uint port, out EventChannelStatus status)
    {
        EvtchnStatus raw = default; // on this stack until the call returns
        int result = NativeMethods.EventStatus(port, &raw);
        status = EventChannelStatus.Of(raw, (EventChannelState)raw.Status);
        return Error(result);
    }

    public override XenError Close(uint port) => Error(NativeMethods.EventClose(port));

    protected override void Dispose(bool disposing) => _stopped = true;

    private static XenError Error(int result) => (XenError)(-result);

    private static XenError Open(PlatformEventOpen request, out uint port)
    {
        int result = NativeMethods.EventOpen(&request); // a parameter: on this stack until the call returns
        port = request.Port;
        return Error(result);
    }

    private void Run(FiredPortsHandler handler)
    {
        uint* ports = stackalloc uint[BatchSize];
        while (!_stopped)
        {
            int count = NativeMethods.EventTake(ports, BatchSize);
            if (count > 0)
                handler(new ReadOnlySpan<uint>(ports, count));
            else if (count != Interrupted)
                throw new XenException("hand out events", Error(count)); // ends the program: it would hear of nothing any more
        }
    }
}
