using Xenolith.Memory;

namespace Xenolith.Hosting;

/// <summary>What a host does for the toolstack besides stopping when it is asked to.</summary>
public sealed record XenHostOptions
{
    /// <summary>
    /// How the domain's memory follows the toolstack's target (<see cref="DomainMemory.FollowTargetAsync"/>); <see langword="null"/>: it does not, and
    /// <c>xl mem-set</c> has no effect. By default it follows with the defaults: a toolstack expects it of every domain.
    /// </summary>
    public BalloonOptions? Memory { get; init; } = new();
}
