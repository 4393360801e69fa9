using Xenolith.Xenbus;

namespace Xenolith.Consoles;

/// <summary>A further console of this domain, as it stands in xenstore.</summary>
/// <param name="Id">Its number, from 1.</param>
/// <param name="Name">Its name, by which program and toolstack agree on its use; <see langword="null"/> if it has none.</param>
/// <param name="BackendDomain">The domain that serves it.</param>
/// <param name="State">The state of this domain's end.</param>
public sealed record XenConsoleInfo(int Id, string? Name, ushort BackendDomain, XenbusState State);

/// <summary>A console of another domain that this domain serves, as it stands in xenstore.</summary>
/// <param name="FrontendDomain">The domain whose console it is.</param>
/// <param name="Id">Its number there, from 1.</param>
/// <param name="Name">Its name; <see langword="null"/> if it has none.</param>
/// <param name="State">The state of this domain's end.</param>
public sealed record XenConsoleBackendInfo(ushort FrontendDomain, int Id, string? Name, XenbusState State);

/// <summary>There is no such console. The message says which there are.</summary>
public sealed class XenConsoleNotFoundException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">Which console was looked for, and which there are.</param>
    public XenConsoleNotFoundException(string message)
        : base(message)
    {
    }
}
