using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Tracing;

namespace Xenolith.Unikernel;

/// <summary>The kernel's ring. Whoever writes the record that is waited for sends an event to a channel of this ring's own.</summary>
/// <remarks>State and records are the kernel's memory, which stays until the trace is stopped. One waits at a time.</remarks>
internal sealed class KernelTraceRing : TraceRing, IDisposable
{
    private readonly XenPlatform _platform;
    private EventChannel? _channel;

    internal unsafe KernelTraceRing(XenPlatform platform, TraceState* state)
        : base(state) => _platform = platform;

    public override async ValueTask WaitAsync(ulong position, CancellationToken cancellationToken)
    {
        if (_channel?.Generation != _platform.Generation)
        {
            _channel?.Dispose();
            _channel = _platform.EventChannels.BindIpi();
        }

        EventCount seen = _channel.Count;
        if (!Announce(position, _channel.Port))
            await _channel.WaitAsync(seen, cancellationToken);
    }

    public void Dispose() => _channel?.Dispose();

    /// <summary>Says what is waited for; true if it is there.</summary>
    private unsafe bool Announce(ulong position, uint port)
    {
        State->WakePort = port;
        Volatile.Write(ref State->Wake, position);
        Interlocked.MemoryBarrier(); // who writes the record from here on sees it; what was written before is seen in the head
        return Volatile.Read(ref State->Head) > position;
    }
}
