using Xenolith.EventChannels;

namespace Xenolith.Simulation;

/// <summary>
/// The event channels of one simulated domain: Xen's rules for who may connect to what, and for what a port becomes when its peer goes.
/// </summary>
/// <remarks>State under the hypervisor's lock. Fired ports are handed over as a separate step of the simulation, in batches.</remarks>
internal sealed class SimulatedEventChannels : EventChannelOperations
{
    private readonly SimulatedHypervisor _hypervisor;
    private readonly SimulatedDomain _domain;
    private readonly Port?[] _ports;
    private readonly List<uint> _pending = []; // fired and not masked, not handed over yet
    private readonly Lock _delivery = new(); // one batch at a time, for simulations that run on many threads
    private FiredPortsHandler? _handler;
    private bool _isDeliveryPosted;

    internal SimulatedEventChannels(SimulatedHypervisor hypervisor, SimulatedDomain domain)
    {
        _hypervisor = hypervisor;
        _domain = domain;
        _ports = new Port?[hypervisor.Options.PortLimit];
    }

    private sealed class Port
    {
        internal EventChannelState State;
        internal ushort RemoteDomain;
        internal uint RemotePort;
        internal VirtualInterrupt Interrupt;
        internal bool IsPending, IsMasked;

        /// <summary>What xenstored does when it is notified; other ports have no such thing.</summary>
        internal Action? Xenstored;

        /// <summary>Whether the program has taken the port over; for the port to xenstored.</summary>
        internal bool IsTaken;
    }

    /// <summary>A port number of domain 0 for xenstored's end, which is no port of the simulation.</summary>
    private const uint XenstoredPort = 0xffff;

    public override int PortLimit => _ports.Length;

    public override void Start(FiredPortsHandler handler) => _handler = handler;

    public override XenError AllocateUnbound(ushort remoteDomain, out uint port) =>
        Open(new Port { State = EventChannelState.Unbound, RemoteDomain = _hypervisor.Resolve(remoteDomain, _domain) }, out port);

    public override XenError BindInterdomain(ushort remoteDomain, uint remotePort, out uint port)
    {
        lock (_hypervisor.SyncRoot)
        {
            port = 0;
            if (_hypervisor.TryGetDomain(_hypervisor.Resolve(remoteDomain, _domain)) is not { } remote)
                return XenError.NoSuchDomain;
            if (remote.Events.Find(remotePort) is not { State: EventChannelState.Unbound } end || end.RemoteDomain != _domain.Id)
                return XenError.Invalid;
            XenError error = Open(new Port { State = EventChannelState.Interdomain, RemoteDomain = remote.Id, RemotePort = remotePort }, out port);
            if (error != XenError.None)
                return error;
            end.State = EventChannelState.Interdomain;
            end.RemotePort = port;
            Fire(port); // whatever the other side sent before there was anybody to hear it
            return XenError.None;
        }
    }

    public override XenError BindVirtualInterrupt(VirtualInterrupt interrupt, uint virtualCpu, out uint port)
    {
        lock (_hypervisor.SyncRoot)
        {
            port = 0;
            if (virtualCpu != 0)
                return XenError.NoEntry;
            if (interrupt is VirtualInterrupt.DomainException or VirtualInterrupt.Console or VirtualInterrupt.TraceBuffer && !_domain.IsPrivileged)
                return XenError.NotPermitted;
            if (interrupt == VirtualInterrupt.Timer || FindBinding(interrupt) != 0)
                return XenError.Exists;
            return Open(new Port { State = EventChannelState.VirtualInterrupt, Interrupt = interrupt }, out port);
        }
    }

    public override XenError BindIpi(uint virtualCpu, out uint port)
    {
        port = 0;
        return virtualCpu == 0 ? Open(new Port { State = EventChannelState.Ipi }, out port) : XenError.NoEntry;
    }

    public override XenError Adopt(uint port)
    {
        lock (_hypervisor.SyncRoot)
        {
            if (Find(port) is not { } end)
                return XenError.Invalid;
            if (end.IsTaken)
                return XenError.Busy;
            if (end.Xenstored is null)
                return XenError.None;
            end.IsTaken = true;
            return SetMasked(port, false);
        }
    }

    public override XenError Notify(uint port)
    {
        lock (_hypervisor.SyncRoot)
        {
            XenError fault = _domain.Faults.Next(SimulatedOperation.Notify);
            if (fault != XenError.None)
                return fault;
            switch (Find(port))
            {
                case { Xenstored: { } notify }:
                    notify();
                    return XenError.None;
                case { State: EventChannelState.Interdomain } end:
                    _hypervisor.TryGetDomain(end.RemoteDomain)?.Events.Fire(end.RemotePort);
                    return XenError.None;
                case { State: EventChannelState.Ipi }:
                    Fire(port);
                    return XenError.None;
                case { State: EventChannelState.Unbound }:
                    return XenError.None; // dropped in silence
                default:
                    return XenError.Invalid;
            }
        }
    }

    public override XenError SetMasked(uint port, bool masked)
    {
        lock (_hypervisor.SyncRoot)
        {
            if (Find(port) is not { } end)
                return XenError.Invalid;
            end.IsMasked = masked;
            if (!masked && end.IsPending)
                Deliver(port, end);
            return XenError.None;
        }
    }

    public override XenError GetStatus(uint port, out EventChannelStatus status)
    {
        lock (_hypervisor.SyncRoot)
        {
            Port end = Find(port) ?? new Port();
            bool hasDomain = end.State is EventChannelState.Unbound or EventChannelState.Interdomain;
            status = new EventChannelStatus(
                end.State,
                VirtualCpu: 0, // the only one
                hasDomain ? end.RemoteDomain : null,
                end.State == EventChannelState.Interdomain ? end.RemotePort : null,
                end.State == EventChannelState.VirtualInterrupt ? end.Interrupt : null);
            return port < _ports.Length ? XenError.None : XenError.Invalid;
        }
    }

    public override XenError Close(uint port)
    {
        lock (_hypervisor.SyncRoot)
        {
            if (Find(port) is not { } end)
                return XenError.Invalid;
            if (end.Xenstored is not null)
            {
                end.IsTaken = false; // it was there at the start and can be taken over again
                end.IsMasked = true;
                return XenError.None;
            }
            if (end.State == EventChannelState.Interdomain && _hypervisor.TryGetDomain(end.RemoteDomain)?.Events.Find(end.RemotePort) is { } other)
            {
                other.State = EventChannelState.Unbound;
                other.RemotePort = 0;
            }
            _ports[port] = null;
            return XenError.None;
        }
    }

    /// <summary>Sends one of the hypervisor's interrupts. Under its lock.</summary>
    internal void Raise(VirtualInterrupt interrupt)
    {
        uint port = FindBinding(interrupt);
        if (port != 0)
            Fire(port);
    }

    /// <summary>The domain is gone or was resumed. Under the hypervisor's lock.</summary>
    internal void CloseAll()
    {
        for (uint port = 1; port < _ports.Length; port++)
        {
            _ = Close(port);
            _ports[port] = null;
        }
        _pending.Clear();
    }

    /// <summary>Makes the port to xenstored, which the program takes over when it likes. Under the hypervisor's lock.</summary>
    /// <param name="notified">Called at each notification, under the lock.</param>
    internal uint OpenForXenstore(Action notified)
    {
        uint port = (uint)Array.IndexOf(_ports, null, 1);
        _ports[port] = new Port { State = EventChannelState.Interdomain, RemotePort = XenstoredPort, IsMasked = true, Xenstored = notified };
        return port;
    }

    private XenError Open(Port end, out uint port)
    {
        lock (_hypervisor.SyncRoot)
        {
            port = 0;
            XenError fault = _domain.IsAlive ? _domain.Faults.Next(SimulatedOperation.OpenPort) : XenError.NotPermitted;
            if (fault != XenError.None)
                return fault;
            int free = Array.IndexOf(_ports, null, 1); // port 0 is none
            if (free < 0)
                return XenError.NoSpace;
            _ports[free] = end;
            port = (uint)free;
            return XenError.None;
        }
    }

    private Port? Find(uint port) => port < _ports.Length ? _ports[port] : null;

    private uint FindBinding(VirtualInterrupt interrupt) =>
        (uint)Math.Max(0, Array.FindIndex(_ports, port => port is { State: EventChannelState.VirtualInterrupt } && port.Interrupt == interrupt));

    /// <summary>An event arrives at a port. Under the hypervisor's lock.</summary>
    internal void Fire(uint port)
    {
        if (Find(port) is not { IsPending: false } end)
            return; // closed, or one with what is pending already
        end.IsPending = true;
        if (!end.IsMasked)
            Deliver(port, end);
    }

    private void Deliver(uint port, Port end)
    {
        if (!_pending.Contains(port))
            _pending.Add(port);
        if (_isDeliveryPosted)
            return;
        _isDeliveryPosted = true;
        _hypervisor.Post(DeliverBatch);
    }

    private void DeliverBatch()
    {
        lock (_delivery)
        {
            uint[] batch;
            lock (_hypervisor.SyncRoot)
            {
                _isDeliveryPosted = false;
                // A port that was masked since stays pending.
                batch = [.. _pending.Where(port => Find(port) is { IsPending: true, IsMasked: false })];
                _pending.Clear();
                foreach (uint port in batch)
                    _ports[port]!.IsPending = false;
            }
            if (batch.Length > 0)
                _handler?.Invoke(batch);
        }
    }
}
