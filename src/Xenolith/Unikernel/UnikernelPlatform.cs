using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Unikernel;

/// <summary>The platform of a program that is a domain itself: its kernel does what Xen's interface asks, through the platform ABI (docs/platform-abi.md).</summary>
internal sealed class UnikernelPlatform : XenPlatform
{
    private static readonly Lazy<UnikernelPlatform?> s_instance = new(Start);

    private UnikernelPlatform(UnikernelEventChannels events)
        : base(events, new UnikernelGrants(), TimeProvider.System)
    {
        events.Resumed = BeginNextGeneration;
        // The end of Main, and Environment.Exit. The runtime waits for the handler; the hooks run on other threads and have their limits.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Hooks.RunExitHooksAsync().Wait(Hooks.ExitOptions.Longest);
    }

    /// <summary><see langword="null"/> where the program is an ordinary process.</summary>
    internal static UnikernelPlatform? Instance => s_instance.Value;

    public override unsafe IXenstoreRing? OpenXenstoreRing()
    {
        nint address;
        uint port; // both on this stack until the call returns
        return NativeMethods.XenstoreRing(&address, &port) == 0
            ? new XenstoreRing(new StartOfDayPage(address), EventChannels.Adopt(port))
            : null;
    }

    private static unsafe UnikernelPlatform? Start()
    {
        try
        {
            GrantTableSize size; // lives on this stack until the call returns
            return NativeMethods.GrantTableSize(&size) == 0 ? new UnikernelPlatform(new UnikernelEventChannels()) : null;
        }
        catch (DllNotFoundException)
        {
            return null; // not linked into an image
        }
    }
}
