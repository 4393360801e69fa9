using Xenolith.Xenstore;

namespace Xenolith.Simulation.Xenstore;

/// <summary>A watch.</summary>
/// <param name="Path">The watched path, absolute.</param>
/// <param name="Token">The client's name for it.</param>
/// <param name="Prefix">What is left out of the paths of events: the domain's home if the watch was set up with a relative path.</param>
internal sealed record StoreWatch(string Path, string Token, string Prefix)
{
    public bool Matches(in StoreEvent change) => change.BelowOnly ? change.Path == Path : XenstorePath.IsSameOrBelow(change.Path, Path);
}
