using Xenolith.Memory;

namespace Xenolith.Hosting;

/// <summary>What a host does for the toolstack, besides stopping when it is asked to: <c>builder.UseXen(configure: options => ...)</c>.</summary>
public sealed class XenHostOptions
{
    /// <summary>
    /// Whether a tool in dom0 can trace the program (<c>xenolith trace</c>). Default: yes. It costs one watch in xenstore, and dom0 can read all of
    /// the domain's memory anyway.
    /// </summary>
    public bool AllowTracing { get; set; } = true;

    /// <summary>
    /// How the domain's memory follows the toolstack's target (<see cref="DomainMemory.FollowTargetAsync"/>); <see langword="null"/>: it does not,
    /// and <c>xl mem-set</c> has no effect. By default it follows with the defaults: a toolstack expects it of every domain.
    /// </summary>
    public BalloonOptions? Memory { get; set; } = new();
}
