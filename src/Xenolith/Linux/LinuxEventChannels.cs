using Microsoft.Win32.SafeHandles;
using Xenolith.Abi;
using Xenolith.EventChannels;

namespace Xenolith.Linux;

/// <summary>Event channels through /dev/xen/evtchn. One thread waits for fired ports and hands them on in batches.</summary>
/// <remarks>
/// <para>The device holds a port back from the moment at which it fired until its number is written to the device. So a masked port is one whose
/// number is not written: what comes meanwhile stays with Xen, and nothing more arrives.</para>
/// <para>The device knows no interrupts to a CPU of the domain. Two ports that are connected to each other do the same:</para>
/// <code>
///   Notify(A) --> device: notify B --> Xen --> A fires        B, the partner, is nobody else's
/// </code>
/// </remarks>
/// <param name="device">The device.</param>
/// <param name="isResumed">Whether the domain was resumed and <see cref="Renew"/> is still to come; it may not notice.</param>
internal sealed unsafe class LinuxEventChannels(LinuxDevice device, Func<bool> isResumed) : EventChannelOperations
{
    private const int BatchSize = 256; // 1 KiB of stack; more ports than that come in the next batch
    private const uint FirstVirtualCpu = 0;
    private const int FifoPorts = 131_072;

    private readonly LinuxDevice _device = device;
    private readonly LinuxHypercalls _hypercalls = new();
    private readonly WakeUp _wakeUp = new();
    private readonly Lock _lock = new(); // also while a port is made, so that no event of it is handed out before it is noted here
    private readonly Queue<uint> _released = new();
    private Port[] _ports = new Port[64]; // by number; replaced as a whole when it grows
    private readonly List<(SafeFileHandle Opening, HashSet<uint> Ports)> _unclosable = []; // of before a resume: see StalePorts
    private readonly List<SafeFileHandle> _closable = []; // those of them that have forgotten their ports, for the thread, which may be using one
    private volatile bool _stopped;

    private enum Delivery : byte
    {
        Open,
        Masked,
        Held, // masked, and has fired since
    }

    private struct Port
    {
        internal bool IsMade; // and not closed
        internal Delivery Delivery;
        internal bool IsPartner;
        internal uint Partner; // of an interrupt to a CPU; 0 is no port
    }

    /// <summary>
    /// What Xen allows with the interface that Linux prefers. Where Linux uses the other one, or the toolstack set a limit, Xen refuses earlier.
    /// </summary>
    public override int PortLimit => FifoPorts;

    public override void Start(FiredPortsHandler handler)
    {
        _ = _device.Handle; // here, so that whoever wants the platform learns that there is none
        new Thread(() => Run(handler)) { IsBackground = true, Name = "Event channels" }.Start();
    }

    public override XenError AllocateUnbound(ushort remoteDomain, out uint port)
    {
        IoctlEvtchnBindUnboundPort request = new() { RemoteDomain = remoteDomain }; // on this stack until the call returns; so below
        return Bind(LinuxEvtchnIoctl.BindUnboundPort, &request, out port);
    }

    public override XenError BindInterdomain(ushort remoteDomain, uint remotePort, out uint port)
    {
        IoctlEvtchnBindInterdomain request = new() { RemoteDomain = remoteDomain, RemotePort = remotePort };
        return Bind(LinuxEvtchnIoctl.BindInterdomain, &request, out port);
    }

    public override XenError BindVirtualInterrupt(VirtualInterrupt interrupt, uint virtualCpu, out uint port)
    {
        port = 0;
        if (virtualCpu != FirstVirtualCpu)
            return XenError.NotSupported;
        IoctlEvtchnBindVirq request = new() { Virq = (uint)interrupt };
        return Bind(LinuxEvtchnIoctl.BindVirq, &request, out port);
    }

    public override XenError BindIpi(uint virtualCpu, out uint port)
    {
        port = 0;
        if (virtualCpu != FirstVirtualCpu)
            return XenError.NotSupported;
        lock (_lock)
        {
            XenError error = AllocateUnbound(DomainId.Self, out port);
            if (error != XenError.None)
                return error;
            error = BindInterdomain(DomainId.Self, port, out uint partner);
            if (error != XenError.None)
            {
                _ = Unbind(port);
                return error;
            }
            _ports[port].Partner = partner;
            _ports[partner].IsPartner = true;
            return XenError.None;
        }
    }

    /// <summary>The device takes no port that it has not made.</summary>
    public override XenError Adopt(uint port) => XenError.NotSupported;

    public override XenError Notify(uint port)
    {
        uint partner = PartnerOf(port);
        IoctlEvtchnPort request = new() { Port = partner == 0 ? port : partner };
        return _device.Control(LinuxEvtchnIoctl.Notify, &request);
    }

    public override XenError SetMasked(uint port, bool masked)
    {
        lock (_lock)
        {
            if (port >= _ports.Length)
                return XenError.NoDevice;
            ref Port state = ref _ports[port];
            if (masked && state.Delivery == Delivery.Open)
                state.Delivery = Delivery.Masked;
            if (masked)
                return XenError.None;
            bool isHeld = state.Delivery == Delivery.Held;
            state.Delivery = Delivery.Open;
            if (!isHeld)
                return XenError.None;
            _released.Enqueue(port);
        }
        _wakeUp.Signal();
        return XenError.None;
    }

    /// <summary>A hypercall, through /dev/xen/privcmd.</summary>
    public override XenError GetStatus(uint port, out EventChannelStatus status)
    {
        XenError error = _hypercalls.ReadStatus(port, out EvtchnStatus raw);
        EventChannelState state = (EventChannelState)raw.Status;
        if (error == XenError.None && PartnerOf(port) != 0)
            state = EventChannelState.Ipi;
        status = EventChannelStatus.Of(raw, state);
        return error;
    }

    public override XenError Close(uint port)
    {
        lock (_lock)
        {
            uint partner = PartnerOf(port);
            if (partner != 0)
                _ = Unbind(partner);
            return Unbind(port);
        }
    }

    /// <summary>
    /// The domain was resumed: Xen has none of the ports, and their numbers may be those of others. The device forgets them, or a new opening of it
    /// takes its place.
    /// </summary>
    internal void Renew()
    {
        lock (_lock)
        {
            HashSet<uint> stale = [];
            for (uint port = 0; port < _ports.Length; port++)
            {
                if (_ports[port].IsMade)
                    stale.Add(port);
            }
            _released.Clear();
            Array.Clear(_ports);
            RetryUnclosable();
            _wakeUp.Signal(); // the thread closes what it can, and waits for another device if there is one
            if (stale.Count == 0 || StalePorts.TryForget(_device, _device.Handle, stale))
                return;
            try
            {
                if (_device.Exchange(_device.OpenAnother()) is { } old)
                    _unclosable.Add((old, stale));
            }
            catch (PlatformNotSupportedException)
            {
                return; // too many open files: it goes on with the device as it is, which refuses what it cannot do
            }
        }
    }

    /// <summary>
    /// The process ends, and Linux closes what it has open: what it must not close is tried once more, with all numbers that this process can do
    /// without.
    /// </summary>
    internal void PrepareForExit()
    {
        lock (_lock)
        {
            if (_unclosable.Count == 0)
                return;
            for (uint port = 0; port < _ports.Length; port++)
            {
                if (_ports[port].IsMade)
                    _ = Unbind(port);
            }
            RetryUnclosable();
        }
        _wakeUp.Signal();
    }

    protected override void Dispose(bool disposing)
    {
        PrepareForExit();
        _stopped = true;
        _wakeUp.Signal();
        _hypercalls.Dispose();
    }

    /// <summary>Under the lock.</summary>
    private void RetryUnclosable() => _unclosable.RemoveAll(old =>
    {
        bool isForgotten = StalePorts.TryForget(_device, old.Opening, old.Ports);
        if (isForgotten)
            _closable.Add(old.Opening);
        return isForgotten;
    });

    private uint PartnerOf(uint port)
    {
        Port[] ports = Volatile.Read(ref _ports);
        return port < ports.Length ? ports[port].Partner : 0;
    }

    /// <summary>Makes a port and notes it.</summary>
    /// <exception cref="StaleHandleException">The domain was resumed, and the process has still to learn of it.</exception>
    private XenError Bind(uint request, void* argument, out uint port)
    {
        lock (_lock)
        {
            if (isResumed())
                throw new StaleHandleException("This generation"); // beside those of before on Linux's list the port would be lost with them
            XenError error = _device.Control(request, argument, out int answer);
            port = (uint)answer;
            bool isOld = port < _ports.Length && _ports[port].IsMade; // a number that was not given back cannot be given out
            if (isOld)
                _ = UnbindNow(port);
            if (isOld || (error == XenError.Exists && request != LinuxEvtchnIoctl.BindVirq))
                throw new StaleHandleException("This generation"); // resumed, with the same number as before
            if (error != XenError.None)
                return error;
            if (port >= _ports.Length)
            {
                Port[] larger = new Port[Math.Max(port + 1, _ports.Length * 2u)];
                _ports.CopyTo(larger, 0);
                Volatile.Write(ref _ports, larger);
            }
            _ports[port] = new Port { IsMade = true };
            return XenError.None;
        }
    }

    /// <summary>Under the lock.</summary>
    private XenError Unbind(uint port)
    {
        if (isResumed())
            return XenError.NoDevice; // Linux does not get over it: see StalePorts
        if (port < _ports.Length)
            _ports[port] = default;
        return UnbindNow(port);
    }

    private XenError UnbindNow(uint port)
    {
        IoctlEvtchnPort request = new() { Port = port };
        return _device.Control(LinuxEvtchnIoctl.Unbind, &request);
    }

    private void Run(FiredPortsHandler handler)
    {
        uint* fired = stackalloc uint[BatchSize];
        while (!_stopped)
        {
            SafeFileHandle open = TakeOpening();
            if (!_wakeUp.WaitFor(open, out bool isReadable))
                throw new XenException("wait for events", LinuxDevice.LastError()); // ends the program: it would hear of nothing any more
            if (_stopped)
                break;
            int count = TakeReleased(fired);
            if (count > 0)
                Deliver(open, handler, fired, count);
            if (!isReadable)
                continue;
            nint read = NativeMethods.Read(open, fired, BatchSize * sizeof(uint));
            if (read < 0 && NativeMethods.WasInterrupted())
                continue; // the runtime signalled the thread
            if (read <= 0)
                throw new XenException("hand out events", LinuxDevice.LastError()); // as above
            Deliver(open, handler, fired, KeepOpen(fired, (int)read / sizeof(uint)));
        }
        _ = TakeOpening();
        _device.Dispose(); // which closes every port that is still open
        _wakeUp.Dispose();
    }

    /// <summary>Closes what nobody uses any more.</summary>
    /// <returns>The device as it is open now; this thread alone closes it.</returns>
    private SafeFileHandle TakeOpening()
    {
        lock (_lock)
        {
            foreach (SafeFileHandle old in _closable)
                old.Dispose();
            _closable.Clear();
            return _device.Handle;
        }
    }

    /// <summary>Lets the ports fire again, and then tells of them: an event that comes in between is in the next batch.</summary>
    private static void Deliver(SafeFileHandle open, FiredPortsHandler handler, uint* ports, int count)
    {
        if (count == 0)
            return;
        // A port that was closed meanwhile is no error. Where Linux has no memory for the request, none of these would ever fire again.
        if (NativeMethods.Write(open, ports, (nuint)count * sizeof(uint)) < 0)
            throw new XenException("let events through again", LinuxDevice.LastError());
        handler(new ReadOnlySpan<uint>(ports, count));
    }

    /// <summary>Ports that had fired while they were masked, and are not masked any more.</summary>
    private int TakeReleased(uint* ports)
    {
        lock (_lock)
        {
            int count = 0;
            while (count < BatchSize && _released.TryDequeue(out uint port))
                ports[count++] = port;
            if (_released.Count > 0)
                _wakeUp.Signal();
            return KeepOpen(ports, count);
        }
    }

    /// <summary>Leaves those that may be told of, at the beginning.</summary>
    /// <returns>How many.</returns>
    private int KeepOpen(uint* ports, int count)
    {
        lock (_lock)
        {
            int kept = 0;
            for (int i = 0; i < count; i++)
            {
                uint port = ports[i];
                if (port >= _ports.Length)
                    continue;
                ref Port state = ref _ports[port];
                if (state.Delivery != Delivery.Open)
                    state.Delivery = Delivery.Held;
                else if (!state.IsPartner)
                    ports[kept++] = port;
            }
            return kept;
        }
    }
}
