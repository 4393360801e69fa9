namespace Xenolith.EventChannels;

/// <summary>Takes ports that fired. Called by one thread at a time, never from within another operation, with no lock of the place held.</summary>
/// <param name="ports">Local ports; each once, in no order.</param>
public delegate void FiredPortsHandler(ReadOnlySpan<uint> ports);

/// <summary>
/// Xen's event channel operations (<c>EVTCHNOP_*</c> of event_channel.h) as one place reaches them. <see cref="EventChannelTable"/> is built on this;
/// drivers use that.
/// </summary>
/// <remarks>
/// Safe from any thread. No operation throws: a refusal is its result. A port is open for events from the moment at which it is made.
/// </remarks>
public abstract class EventChannelOperations : IDisposable
{
    /// <summary>Number of ports that this place can have open: 4096 with Xen's 2-level interface, 131,072 with the FIFO one.</summary>
    public abstract int PortLimit { get; }

    /// <summary>Begins to deliver fired ports. Called once, before any port is made.</summary>
    public abstract void Start(FiredPortsHandler handler);

    /// <summary>Makes a port to which <paramref name="remoteDomain"/> can connect.</summary>
    public abstract XenError AllocateUnbound(ushort remoteDomain, out uint port);

    /// <summary>Connects to a waiting port of another domain. The new port fires at once.</summary>
    public abstract XenError BindInterdomain(ushort remoteDomain, uint remotePort, out uint port);

    /// <summary>Binds one of Xen's own interrupts.</summary>
    public abstract XenError BindVirtualInterrupt(VirtualInterrupt interrupt, uint virtualCpu, out uint port);

    /// <summary>Makes a port for interrupts to a virtual CPU of this domain.</summary>
    public abstract XenError BindIpi(uint virtualCpu, out uint port);

    /// <summary>Takes over a port that was there when the domain started.</summary>
    public abstract XenError Adopt(uint port);

    /// <summary>Notifies the other end.</summary>
    public abstract XenError Notify(uint port);

    /// <summary>Holds a port's events back, or lets them through; what came meanwhile fires then.</summary>
    public abstract XenError SetMasked(uint port, bool masked);

    /// <summary>Xen's view of the port.</summary>
    public abstract XenError GetStatus(uint port, out EventChannelStatus status);

    /// <summary>Closes the port.</summary>
    public abstract XenError Close(uint port);

    /// <summary>Stops the delivery.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops the delivery.</summary>
    /// <param name="disposing">Always true.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
