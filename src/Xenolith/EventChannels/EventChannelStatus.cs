using Xenolith.Abi;

namespace Xenolith.EventChannels;

/// <summary>What a port is connected to (<c>EVTCHNSTAT_*</c>).</summary>
public enum EventChannelState
{
    /// <summary>Not in use.</summary>
    Closed = 0,

    /// <summary>Waiting for another domain to connect, or left by one that had.</summary>
    Unbound = 1,

    /// <summary>Connected to a port of another domain.</summary>
    Interdomain = 2,

    /// <summary>Bound to a physical interrupt; not made by this library.</summary>
    PhysicalInterrupt = 3,

    /// <summary>Bound to a <see cref="EventChannels.VirtualInterrupt"/>.</summary>
    VirtualInterrupt = 4,

    /// <summary>Bound to a virtual CPU of this domain.</summary>
    Ipi = 5,
}

/// <summary>Xen's view of a channel at one moment (<c>EVTCHNOP_status</c>).</summary>
/// <param name="State">What it is connected to.</param>
/// <param name="VirtualCpu">The virtual CPU that its events interrupt.</param>
/// <param name="RemoteDomain">When unbound or interdomain: the domain at the other end, or that may connect.</param>
/// <param name="RemotePort">When interdomain: the port at the other end.</param>
/// <param name="Interrupt">When bound to a virtual interrupt: which.</param>
public readonly record struct EventChannelStatus(
    EventChannelState State, uint VirtualCpu, ushort? RemoteDomain = null, uint? RemotePort = null, VirtualInterrupt? Interrupt = null)
{
    /// <summary>What Xen answered, without what means nothing in this state.</summary>
    internal static EventChannelStatus Of(in EvtchnStatus answer, EventChannelState state) => new(
        state,
        answer.Vcpu,
        state is EventChannelState.Unbound or EventChannelState.Interdomain ? answer.RemoteDom : null,
        state == EventChannelState.Interdomain ? answer.RemotePort : null,
        state == EventChannelState.VirtualInterrupt ? (VirtualInterrupt)answer.Irq : null);
}
