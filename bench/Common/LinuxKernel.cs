namespace Xenolith.Bench;

/// <summary>How Debian's cloud kernel is started for a comparison.</summary>
internal static class LinuxKernel
{
    /// <summary>
    /// The kernel says nothing of its own and ends when the program does. Without <c>clearcpuid=tsc</c> it would first calibrate the time-stamp
    /// counter against the PIT, by some ten thousand port reads, each of which leaves the guest: seconds under emulation, a few dozen milliseconds on
    /// hardware. Its clock is Xen's either way. The preset <c>lpj</c> (loops per jiffy, for delays alone) spares the calibration that it would make
    /// instead.
    /// </summary>
    public const string CommandLine = "console=hvc0 quiet loglevel=0 panic=-1 clearcpuid=tsc lpj=10000000";

    /// <summary>MiB: enough that nothing is short.</summary>
    public const int Memory = 256;
}
