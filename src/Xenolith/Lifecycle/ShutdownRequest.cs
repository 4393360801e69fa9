namespace Xenolith.Lifecycle;

/// <summary>What a toolstack can ask a domain to do, one or several: <c>xl shutdown</c> and <c>xl reboot</c>.</summary>
[Flags]
public enum ShutdownRequest
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>To end. The words <c>poweroff</c> and <c>halt</c> mean the same to a domain.</summary>
    PowerOff = 1,

    /// <summary>To end and be started anew.</summary>
    Reboot = 2,
}
