using System.Collections.Immutable;

namespace Xenolith.Simulation.Xenstore;

/// <summary>A transaction: a snapshot of the store, and a view of it with the transaction's changes.</summary>
internal sealed class StoreTransaction(uint id, ImmutableDictionary<string, StoreNode> snapshot, Func<ulong> nextGeneration)
{
    public uint Id => id;

    public StoreTree View { get; } = new(snapshot, nextGeneration);

    /// <summary>
    /// Brings the changes into the store, if every node that the transaction looked at is still the one of the snapshot: then the store is as if the
    /// whole transaction had happened now.
    /// </summary>
    /// <returns>The store with the changes; null on a conflict.</returns>
    public ImmutableDictionary<string, StoreNode>? Commit(ImmutableDictionary<string, StoreNode> store)
    {
        foreach (string path in View.Touched)
        {
            if (!ReferenceEquals(store.GetValueOrDefault(path), snapshot.GetValueOrDefault(path)))
                return null;
        }

        foreach (string path in View.Changed)
            store = View.Nodes.TryGetValue(path, out StoreNode? node) ? store.SetItem(path, node) : store.Remove(path);
        return store;
    }
}
