using Xenolith.Abi;
using Xenolith.Lifecycle;
using Xenolith.Tracing;
using Xenolith.Xenstore;

namespace Xenolith.Unikernel;

/// <summary>
/// The platform of a program that is a domain itself: its kernel does what Xen's interface asks, through the platform ABI (docs/platform-abi.md).
/// </summary>
internal sealed class UnikernelPlatform : XenPlatform
{
    private static readonly Lazy<UnikernelPlatform?> s_instance = new(Start);

    private readonly Lazy<UnsentBytes> _unsent = new(() => new UnsentBytes());

    private UnikernelPlatform(UnikernelEventChannels events)
        : base(events, new UnikernelGrants(), new UnikernelDomain(), TimeProvider.System)
    {
        // The end of Main, and Environment.Exit. The runtime waits for the handler; the hooks run on other threads and have their limits.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Hooks.RunExitHooksAsync().Wait(Hooks.ExitOptions.Longest);
    }

    /// <summary><see langword="null"/> where the program is an ordinary process.</summary>
    internal static UnikernelPlatform? Instance => s_instance.Value;

    public override ushort? DomainId => (ushort?)XenHost.TryGet()?.DomainId;

    public override bool HasXenstore => TryGetXenstoreRing(out _, out _);

    protected internal override IXenstoreRing? OpenXenstoreRing() =>
        TryGetXenstoreRing(out nint page, out uint port) ? TakeOverXenstoreRing(page, port) : null;

    private protected override UnsentBytes Unsent => _unsent.Value;

    internal override TraceOperations CreateTraceOperations() => new UnikernelTrace(this);

    private static unsafe bool TryGetXenstoreRing(out nint page, out uint port)
    {
        nint address;
        uint channel; // both on this stack until the call returns
        int result = NativeMethods.XenstoreRing(&address, &channel);
        (page, port) = (address, channel);
        return result == 0;
    }

    protected internal override void SetExitReason(ShutdownReason reason) =>
        XenException.ThrowIfError((XenError)(-NativeMethods.ShutdownReason((uint)reason)), "end as asked for");

    protected override SuspendOutcome StopDomain()
    {
        int result = NativeMethods.Suspend();
        XenException.ThrowIfError((XenError)Math.Max(0, -result), "suspend the domain");
        return result == 0 ? SuspendOutcome.Resumed : SuspendOutcome.Cancelled;
    }

    protected internal override Task ShutdownAsync(ShutdownReason reason, int exitCode, string? message = null)
    {
        if (reason == ShutdownReason.Crash)
            Environment.FailFast(message);
        SetExitReason(reason);
        Environment.Exit(exitCode);
        return Task.CompletedTask; // not reached
    }

    private static UnikernelPlatform? Start() => XenHost.TryGet() is null ? null : new UnikernelPlatform(new UnikernelEventChannels());
}
