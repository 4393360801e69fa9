namespace Xenolith.EventChannels;

/// <summary>Interrupts that Xen itself sends (<c>VIRQ_*</c> of xen.h).</summary>
public enum VirtualInterrupt : uint
{
    /// <summary>A CPU's timer; the kernel's own, so binding it fails with <see cref="XenError.Exists"/>.</summary>
    Timer = 0,

    /// <summary>Per CPU: the host asks the guest to print its state (<c>xl debug-keys q</c>).</summary>
    Debug = 1,

    /// <summary>Privileged: bytes arrived on the host's emergency console.</summary>
    Console = 2,

    /// <summary>Privileged: a domain was made, ended or changed. For a xenstored in a domain of its own (<c>VIRQ_DOM_EXC</c>).</summary>
    DomainException = 3,

    /// <summary>Privileged: trace buffers are filling up.</summary>
    TraceBuffer = 4,

    /// <summary>A message over Argo.</summary>
    Argo = 11,
}
