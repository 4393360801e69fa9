namespace Xenolith.Lifecycle;

/// <summary>What came of suspending the domain.</summary>
public enum SuspendOutcome
{
    /// <summary>
    /// The domain runs as before, in the place in which it was: it was only checkpointed, or not saved after all. Ports, grants and mappings are what
    /// they were.
    /// </summary>
    Cancelled,

    /// <summary>
    /// The domain was restored or migrated. It is in the next <see cref="Generation"/>: ports, grants and mappings of before are gone, and its number
    /// may be another.
    /// </summary>
    Resumed,
}
