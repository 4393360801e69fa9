using System.Text;
using Xenolith.Abi;
using Xenolith.Tracing;

namespace Xenolith.EventChannels;

/// <summary>Counters of one open channel.</summary>
/// <param name="Port">The local port.</param>
/// <param name="Kind">How it was made, for a reader.</param>
/// <param name="Events">Events that arrived.</param>
/// <param name="Notifications">Notifications that were sent.</param>
/// <param name="Waits">Waits that did not end at once.</param>
/// <param name="Waiting">Waiters at this moment.</param>
public readonly record struct EventChannelStatistics(uint Port, string Kind, long Events, long Notifications, long Waits, int Waiting);

/// <summary>
/// The event channels of the domain: makes them, and hands each event that arrives to the channel that it belongs to. The cost of an event does not
/// depend on how many channels are open.
/// </summary>
public sealed class EventChannelTable : IDisposable
{
    private const int InitialPorts = 64;

    private readonly XenPlatform _platform;
    private EventChannel?[] _channels = new EventChannel?[InitialPorts]; // by port; replaced as a whole when it grows
    private int _open;
    private long _batches, _events, _unclaimed;
    private long _notificationsOfClosed;
    private bool _disposed;

    internal EventChannelTable(XenPlatform platform, EventChannelOperations operations)
    {
        _platform = platform;
        Operations = operations;
        operations.Start(Dispatch);
    }

    internal Lock SyncRoot { get; } = new();

    internal EventChannelOperations Operations { get; }

    internal EventWaiterPool Waiters { get; } = new();

    /// <summary>Channels that are open.</summary>
    public int OpenCount => Volatile.Read(ref _open);

    /// <summary>Channels that can be open at the same time.</summary>
    public int Limit => Operations.PortLimit;

    /// <summary>Times that a batch of fired ports was taken from Xen.</summary>
    public long Batches => Volatile.Read(ref _batches);

    /// <summary>Events that arrived in all.</summary>
    public long Events => Volatile.Read(ref _events);

    /// <summary>Events that belonged to no open channel: sent to one just before it was closed. Harmless.</summary>
    public long UnclaimedEvents => Volatile.Read(ref _unclaimed);

    /// <summary>Notifications sent in all, by channels that have been closed since too. Looks at every open channel.</summary>
    public long Notifications
    {
        get
        {
            lock (SyncRoot)
                return _notificationsOfClosed + _channels.Sum(channel => channel?.Statistics.Notifications ?? 0);
        }
    }

    /// <summary>
    /// Makes a channel that waits for one other domain to connect (<c>EVTCHNOP_alloc_unbound</c>). Tell that domain its
    /// <see cref="EventChannel.Port"/>.
    /// </summary>
    /// <param name="remoteDomain">The only domain that may connect. This domain's own number is allowed.</param>
    /// <exception cref="XenException">Xen refused: no such domain, or no port is free.</exception>
    public EventChannel AllocateUnbound(ushort remoteDomain) => Open(
        $"for domain {remoteDomain}", remoteDomain, static (operations, domain) =>
            (operations.AllocateUnbound(domain, out uint port), port), $"allocate an event channel for domain {remoteDomain}");

    /// <summary>
    /// Connects to a port that another domain has allocated for this one (<c>EVTCHNOP_bind_interdomain</c>). The new channel has one event from the
    /// start, so that nothing is missed that the other side did before; look at the shared memory at once.
    /// </summary>
    /// <param name="remoteDomain">The other domain.</param>
    /// <param name="remotePort">Its port, learned from it.</param>
    /// <exception cref="XenException">Xen refused: no such domain or port, or the port is not for this domain or already connected.</exception>
    public EventChannel BindInterdomain(ushort remoteDomain, uint remotePort) => Open(
        $"to domain {remoteDomain} port {remotePort}", (remoteDomain, remotePort), static (operations, peer) =>
            (operations.BindInterdomain(peer.remoteDomain, peer.remotePort, out uint port), port), $"connect to port {remotePort} of domain {remoteDomain}");

    /// <summary>Binds one of Xen's own interrupts (<c>EVTCHNOP_bind_virq</c>).</summary>
    /// <param name="interrupt">Which.</param>
    /// <param name="virtualCpu">The CPU whose interrupt it is; 0 for one that is not per CPU.</param>
    /// <exception cref="XenException">
    /// Xen refused: bound already (<see cref="XenError.Exists"/>), not allowed to this domain, or not a CPU.
    /// </exception>
    public EventChannel BindVirtualInterrupt(VirtualInterrupt interrupt, uint virtualCpu = 0) => Open(
        $"interrupt {interrupt}", (interrupt, virtualCpu), static (operations, source) =>
            (operations.BindVirtualInterrupt(source.interrupt, source.virtualCpu, out uint port), port), $"bind the virtual interrupt {interrupt}");

    /// <summary>Makes a channel whose notifications come back to this domain, on the given CPU (<c>EVTCHNOP_bind_ipi</c>).</summary>
    /// <param name="virtualCpu">The CPU to interrupt.</param>
    /// <exception cref="XenException">Xen refused: not a CPU of this domain.</exception>
    public EventChannel BindIpi(uint virtualCpu = 0) => Open(
        $"to CPU {virtualCpu}", virtualCpu, static (operations, cpu) =>
            (operations.BindIpi(cpu, out uint port), port), $"make an event channel to virtual CPU {virtualCpu}");

    /// <summary>Takes over a port that Xen or the toolstack made before the program started, such as xenstore's.</summary>
    /// <param name="port">The local port.</param>
    /// <exception cref="XenException">There is no such port, or it is the kernel's.</exception>
    public EventChannel Adopt(uint port) => Open(
        "from the start of the domain", port, static (operations, given) => (operations.Adopt(given), given), $"take over port {port}");

    /// <summary>Counters of every open channel, by port.</summary>
    public IReadOnlyList<EventChannelStatistics> GetStatistics()
    {
        lock (SyncRoot)
            return [.. _channels.Where(channel => channel is not null).Select(channel => channel!.Statistics)];
    }

    /// <summary>A text with the counters of every open channel, one a line, for a log.</summary>
    public string Dump()
    {
        StringBuilder text = new();
        text.Append(null, $"{OpenCount} channels, {Events} events in {Batches} batches, {UnclaimedEvents} unclaimed\n");
        lock (SyncRoot)
        {
            foreach (EventChannel? channel in _channels)
            {
                if (channel is not null)
                    text.Append(null, $"{channel}\n");
            }
        }
        return text.ToString();
    }

    /// <summary>Closes every channel and stops the delivery.</summary>
    public void Dispose()
    {
        EventChannel?[] channels;
        lock (SyncRoot)
        {
            if (_disposed)
                return;
            _disposed = true;
            channels = [.. _channels];
        }
        foreach (EventChannel? channel in channels)
            channel?.Dispose();
        Operations.Dispose();
    }

    internal void Close(EventChannel channel)
    {
        // Under the lock: a resume in the middle would make the number another channel's. A channel that is not in the table has no port any more.
        lock (SyncRoot)
        {
            if (channel.Port >= _channels.Length || _channels[channel.Port] != channel)
                return;
            Remove(channel.Port);
            _ = Operations.Close(channel.Port); // the port is gone whatever the result
        }
    }

    /// <summary>After a resume: no channel of before exists any more. Under the lock.</summary>
    /// <returns>Those channels, to be told when no lock is held.</returns>
    internal IReadOnlyList<EventChannel> ForgetAll()
    {
        EventChannel[] old = [.. _channels.Where(channel => channel is not null && channel.Generation != _platform.Generation)!];
        foreach (EventChannel channel in old)
            Remove(channel.Port);
        return old;
    }

    /// <summary>Holds events of a channel back or lets them through, if its port is its own still.</summary>
    internal XenError SetMasked(EventChannel channel, bool masked)
    {
        // As for closing: after a resume the number may be another channel's.
        lock (SyncRoot)
        {
            return channel.Port < _channels.Length && _channels[channel.Port] == channel ? Operations.SetMasked(channel.Port, masked) : XenError.Invalid;
        }
    }

    /// <summary>Under the lock.</summary>
    private void Remove(uint port)
    {
        _notificationsOfClosed += _channels[port]!.Statistics.Notifications;
        _channels[port] = null;
        _open--;
    }

    private EventChannel Open<T>(string kind, T argument, Func<EventChannelOperations, T, (XenError Error, uint Port)> bind, string operation)
    {
        // Under the lock: an event that arrives before the channel is entered is handed out after it, not dropped (see Dispatch).
        lock (SyncRoot)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Generation generation = _platform.Generation;
            (XenError error, uint port) = bind(Operations, argument);
            XenException.ThrowIfError(error, operation);
            if (port >= _channels.Length)
                Array.Resize(ref _channels, (int)Math.Max(port + 1, _channels.Length * 2u));
            EventChannel channel = new(this, port, generation, kind);
            if (_channels[port] is { } previous)
                throw new InvalidOperationException($"Port {port} is open already: {previous.Kind}.");
            _channels[port] = channel;
            _open++;
            return channel;
        }
    }

    /// <summary>Records an event, where the kernel does not.</summary>
    internal void Trace(ushort kind, uint port)
    {
        if (_platform.Tracing.IsOn(TraceCategories.Events))
            _platform.Tracing.Write(kind, 0, port, 0);
    }

    private void Dispatch(ReadOnlySpan<uint> ports)
    {
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _events, ports.Length);
        _platform.Hooks.AfterWake(ports.Length);
        foreach (uint port in ports)
        {
            Trace(TraceKind.EventReceived, port);
            EventChannel? channel;
            // The lock, uncontended as a rule, makes an event of a channel that is being opened wait until the channel is in the table.
            lock (SyncRoot)
                channel = port < _channels.Length ? _channels[port] : null;
            if (channel is null)
                Interlocked.Increment(ref _unclaimed);
            else
                channel.Fire();
        }
        _platform.Hooks.BeforeWait();
    }
}
