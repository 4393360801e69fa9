namespace Xenolith.Grants;

/// <summary>What may be done with shared memory.</summary>
public enum GrantAccess
{
    /// <summary>Read only. Writing through such a mapping faults.</summary>
    ReadOnly,

    /// <summary>Read and write.</summary>
    ReadWrite,
}

/// <summary>What became of the wish to end a grant.</summary>
public enum EndGrantResult
{
    /// <summary>The other domain has no access any more.</summary>
    Ended,

    /// <summary>The other domain has the page mapped. The grant stays; try again later, or dispose of it, which tries until it succeeds.</summary>
    Busy,
}

/// <summary>A page of another domain, as that domain names it.</summary>
/// <param name="Domain">The domain that granted it.</param>
/// <param name="Reference">Reference in its grant table.</param>
public readonly record struct ForeignGrant(ushort Domain, uint Reference);
