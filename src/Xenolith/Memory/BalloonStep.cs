namespace Xenolith.Memory;

/// <summary>What came of a step towards another size of the domain's memory (<see cref="DomainOperations.Balloon"/>).</summary>
public enum BalloonStep
{
    /// <summary>The size is reached, or is as near as it gets: within 2 MiB below it.</summary>
    Reached,

    /// <summary>Some of it is done; there is more to do.</summary>
    Partial,

    /// <summary>No more memory can be given back now: what is left is in use, promised, or the reserve.</summary>
    InUse,

    /// <summary>Xen gives no more memory now: it has none, or the toolstack does not allow the domain more yet.</summary>
    Refused,
}
