namespace Xenolith.Lifecycle;

/// <summary>What a toolstack can ask a domain to do, one or several: <c>xl shutdown</c>, <c>xl reboot</c>, <c>xl save</c>.</summary>
[Flags]
public enum ShutdownRequest
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>To end. The words <c>poweroff</c> and <c>halt</c> mean the same to a domain.</summary>
    PowerOff = 1,

    /// <summary>To end and be started anew.</summary>
    Reboot = 2,

    /// <summary>
    /// To stop with its memory as it is, to go on later or elsewhere: <c>xl save</c> and <c>xl migrate</c>. Usually
    /// <see cref="DomainLifecycle.AllowSuspendAsync"/> sees to it; who waits for it calls <see cref="DomainLifecycle.SuspendAsync"/> then, within a
    /// minute.
    /// </summary>
    Suspend = 4,
}
