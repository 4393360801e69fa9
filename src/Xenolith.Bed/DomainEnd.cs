namespace Xenolith.Bed;

/// <summary>Why a domain stopped: the reason code of SCHEDOP_shutdown (Xen's <c>public/sched.h</c>), read from the hypervisor.</summary>
public enum ShutdownReason
{
    /// <summary>SHUTDOWN_poweroff: the domain ended normally.</summary>
    Poweroff = 0,

    /// <summary>SHUTDOWN_reboot: the domain asks to be started again. A triple fault is reported as this, too.</summary>
    Reboot = 1,

    /// <summary>SHUTDOWN_suspend: the domain is ready to be saved.</summary>
    Suspend = 2,

    /// <summary>SHUTDOWN_crash: the domain said, or Xen found, that it cannot go on.</summary>
    Crash = 3,

    /// <summary>SHUTDOWN_watchdog: the domain's watchdog ran out.</summary>
    Watchdog = 4,

    /// <summary>SHUTDOWN_soft_reset: the domain asks for a soft reset.</summary>
    SoftReset = 5,

    /// <summary>Not a code of Xen: the domain was destroyed from outside while it still ran.</summary>
    Destroyed = 256,
}

/// <summary>A domain's end.</summary>
/// <param name="Reason">Why it stopped.</param>
/// <param name="ExitCode">What the guest left in <c>/local/domain/ID/data/exit-code</c>; null when it left nothing that is a decimal number.</param>
public sealed record DomainEnd(ShutdownReason Reason, int? ExitCode);
