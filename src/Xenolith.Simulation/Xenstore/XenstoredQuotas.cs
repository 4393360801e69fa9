namespace Xenolith.Simulation.Xenstore;

/// <summary>What an unprivileged domain may use. The defaults are those of the C daemon in Xen 4.17.</summary>
public sealed record XenstoredQuotas
{
    /// <summary>Nodes that a domain may own. 1000.</summary>
    public int Nodes { get; init; } = 1000;

    /// <summary>Bytes of a node: value, names of children, 8 for each permission. 2048.</summary>
    public int NodeSize { get; init; } = 2048;

    /// <summary>Watches. 128.</summary>
    public int Watches { get; init; } = 128;

    /// <summary>Open transactions. 10.</summary>
    public int Transactions { get; init; } = 10;

    /// <summary>Permissions of a node, the owner's included. 5.</summary>
    public int Permissions { get; init; } = 5;
}
