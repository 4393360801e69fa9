namespace Xenolith.Simulation;

/// <summary>How a simulated host is.</summary>
public sealed record SimulationOptions
{
    /// <summary>Decides everything that is left to chance: the same seed, the same run. 1 unless a test looks for other orders.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Ports of a domain: 4096, as with Xen's 2-level interface.</summary>
    public int PortLimit { get; init; } = 4096;

    /// <summary>References with which a grant table starts: 512, one page of version 1 entries.</summary>
    public int InitialReferences { get; init; } = 512;

    /// <summary>References to which it may grow: 32,768, Xen's default of 64 pages.</summary>
    public int MaxReferences { get; init; } = 32768;

    /// <summary>Pages that all domains have together: 16,384, that is 64 MiB, of which only what is used takes memory.</summary>
    public int Pages { get; init; } = 16384;

    /// <summary>Simulated time after which <see cref="SimulatedHypervisor.Run"/> gives up: a day, long after every retry has settled.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromDays(1);
}
