using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Unikernel;

/// <summary>The platform of a program that is a domain itself: its kernel does what Xen's interface asks, through the platform ABI (docs/platform-abi.md).</summary>
internal sealed class UnikernelPlatform : XenPlatform
{
    private static readonly Lazy<UnikernelPlatform?> s_instance = new(Start);

    private UnikernelPlatform(UnikernelEventChannels events)
        : base(events, new UnikernelGrants(), TimeProvider.System) => events.Resumed = BeginNextGeneration;

    /// <summary><see langword="null"/> where the program is an ordinary process.</summary>
    internal static UnikernelPlatform? Instance => s_instance.Value;

    public override bool HasXenstore => TryGetXenstoreRing(out _, out _);

    protected internal override IXenstoreRing? OpenXenstoreRing() =>
        TryGetXenstoreRing(out nint page, out uint port) ? TakeOverXenstoreRing(page, port) : null;

    private static unsafe bool TryGetXenstoreRing(out nint page, out uint port)
    {
        nint address;
        uint channel; // both on this stack until the call returns
        int result = NativeMethods.XenstoreRing(&address, &channel);
        (page, port) = (address, channel);
        return result == 0;
    }

    private static UnikernelPlatform? Start() => XenHost.TryGet() is null ? null : new UnikernelPlatform(new UnikernelEventChannels());
}
