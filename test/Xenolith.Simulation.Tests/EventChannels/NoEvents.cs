using Xenolith.EventChannels;

namespace Xenolith.Tests.EventChannels;

/// <summary>A place without event channels, for tests of other things.</summary>
internal class NoEvents : EventChannelOperations
{
    public override int PortLimit => 0;

    public override void Start(FiredPortsHandler handler)
    {
    }

    public override XenError AllocateUnbound(ushort remoteDomain, out uint port) => Refuse(out port);

    public override XenError BindInterdomain(ushort remoteDomain, uint remotePort, out uint port) => Refuse(out port);

    public override XenError BindVirtualInterrupt(VirtualInterrupt interrupt, uint virtualCpu, out uint port) => Refuse(out port);

    public override XenError BindIpi(uint virtualCpu, out uint port) => Refuse(out port);

    public override XenError Adopt(uint port) => XenError.NotSupported;

    public override XenError Notify(uint port) => XenError.NotSupported;

    public override XenError SetMasked(uint port, bool masked) => XenError.NotSupported;

    public override XenError GetStatus(uint port, out EventChannelStatus status)
    {
        status = default;
        return XenError.NotSupported;
    }

    public override XenError Close(uint port) => XenError.NotSupported;

    private static XenError Refuse(out uint port)
    {
        port = 0;
        return XenError.NotSupported;
    }
}
