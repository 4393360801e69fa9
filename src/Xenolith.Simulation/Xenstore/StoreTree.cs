using System.Collections.Immutable;
using Xenolith.Xenstore;

namespace Xenolith.Simulation.Xenstore;

/// <summary>
/// All nodes by absolute path, as one client sees and changes them: the store itself, or a transaction's view of it. Remembers which nodes were
/// touched, for conflicts, and what is to be told to watches.
/// </summary>
/// <param name="nodes">The nodes to begin with.</param>
/// <param name="nextGeneration">Gives each change a number of its own.</param>
internal sealed class StoreTree(ImmutableDictionary<string, StoreNode> nodes, Func<ulong> nextGeneration)
{
    public ImmutableDictionary<string, StoreNode> Nodes { get; private set; } = nodes;

    /// <summary>Paths looked at or changed.</summary>
    public HashSet<string> Touched { get; } = new(StringComparer.Ordinal);

    /// <summary>Paths changed.</summary>
    public HashSet<string> Changed { get; } = new(StringComparer.Ordinal);

    /// <summary>What happened, in order.</summary>
    public List<StoreEvent> Events { get; } = [];

    /// <summary>The store at its beginning: nothing but a root that domain 0 owns.</summary>
    public static ImmutableDictionary<string, StoreNode> Empty { get; } = ImmutableDictionary.Create<string, StoreNode>(StringComparer.Ordinal)
        .Add("/", new StoreNode(default, StoreNode.NoChildren, new XenstorePermissions(0, XenstoreAccess.None), 0))
        .Add(XenstorePath.IntroduceDomain, new StoreNode(default, StoreNode.NoChildren, new XenstorePermissions(0, XenstoreAccess.None), 0))
        .Add(XenstorePath.ReleaseDomain, new StoreNode(default, StoreNode.NoChildren, new XenstorePermissions(0, XenstoreAccess.None), 0));

    public StoreNode? Find(string path)
    {
        Touched.Add(path);
        return Nodes.GetValueOrDefault(path);
    }

    /// <summary>The nearest node above a path that exists.</summary>
    public StoreNode FindAbove(string path)
    {
        while (true)
        {
            path = XenstorePath.GetParent(path) ?? "/";
            if (Find(path) is StoreNode node)
                return node;
        }
    }

    public void Set(string path, StoreNode node)
    {
        Touched.Add(path);
        Changed.Add(path);
        Nodes = Nodes.SetItem(path, node with { Generation = nextGeneration() });
    }

    /// <summary>Makes a node and those above it, with the permissions of the nearest that exists; an unprivileged maker owns them.</summary>
    public void Create(string path, ReadOnlyMemory<byte> value, int? owner)
    {
        string parentPath = XenstorePath.GetParent(path) ?? "/";
        if (Find(parentPath) is null)
            Create(parentPath, default, owner);
        StoreNode parent = Nodes[parentPath];
        XenstorePermissions inherited = parent.Permissions;
        XenstorePermissions permissions = owner is int domain ? new(domain, inherited.Others, inherited.Entries) : inherited;
        Set(parentPath, parent with { Children = parent.Children.Add(XenstorePath.GetName(path)) });
        Set(path, new StoreNode(value, StoreNode.NoChildren, permissions, 0));
    }

    /// <summary>Removes a node that exists, not the root, and all below it.</summary>
    public void Remove(string path)
    {
        string parentPath = XenstorePath.GetParent(path)!;
        StoreNode parent = Find(parentPath)!;
        Events.Add(new StoreEvent(path, parent.Permissions, Nodes[path].Permissions, BelowOnly: false));
        RemoveSubtree(path, isRoot: true);
        Set(parentPath, parent with { Children = parent.Children.Remove(XenstorePath.GetName(path)) });
    }

    private void RemoveSubtree(string path, bool isRoot)
    {
        StoreNode node = Find(path)!;
        foreach (string name in node.Children)
            RemoveSubtree(XenstorePath.Combine(path, name), isRoot: false);
        if (!isRoot)
            Events.Add(new StoreEvent(path, node.Permissions, node.Permissions, BelowOnly: true));
        Changed.Add(path);
        Nodes = Nodes.Remove(path);
    }
}

/// <summary>Something for watches.</summary>
/// <param name="Path">The node.</param>
/// <param name="Parent">Permissions of the node above.</param>
/// <param name="Permissions">The node's permissions, the old ones if they were changed.</param>
/// <param name="BelowOnly">Whether only watches of this very node are told: it went with a node above.</param>
internal readonly record struct StoreEvent(string Path, XenstorePermissions Parent, XenstorePermissions Permissions, bool BelowOnly);
