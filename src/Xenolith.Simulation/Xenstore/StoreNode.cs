using System.Collections.Immutable;
using Xenolith.Xenstore;

namespace Xenolith.Simulation.Xenstore;

/// <summary>A node. Immutable: a change is another node with another generation.</summary>
internal sealed record StoreNode(ReadOnlyMemory<byte> Value, ImmutableSortedSet<string> Children, XenstorePermissions Permissions, ulong Generation)
{
    public static ImmutableSortedSet<string> NoChildren { get; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Bytes that count for the quota of a node's size.</summary>
    public int Size => Value.Length + Children.Sum(name => name.Length + 1) + (8 * Permissions.WireEntries.Length);
}
