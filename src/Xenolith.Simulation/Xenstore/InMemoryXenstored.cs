// xenstored in memory: the store, its domains, and what tests ask of it.

using System.Collections.Immutable;
using System.Text;
using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Simulation.Xenstore;

/// <summary>
/// A xenstored in memory, for tests: nodes with permissions, transactions with conflicts, watches, quotas and domains, as the real daemon has them. A
/// request is carried out when its last byte arrives, one after the other, so that what a program sees depends on the order of its requests alone.
/// All members may be used from any thread.
/// </summary>
/// <remarks>
/// A transaction conflicts if any node that it looked at (a write looks at the node, and at its parent if it is made) was changed since its
/// beginning. Replies and events that a client does not read are kept without a limit.
/// </remarks>
/// <example>
/// <code>
/// InMemoryXenstored daemon = new();
/// daemon.AddDomain(3);
/// await using XenstoreClient guest = await XenstoreClient.ConnectAsync(daemon.CreateTransport(3));
/// await guest.WriteAsync("data/greeting", "hello");
/// </code>
/// </example>
public sealed class InMemoryXenstored
{
    private readonly Dictionary<(int? Domain, string Name), uint> _quotas = [];
    private readonly Dictionary<int, int> _targets = [];
    private readonly Dictionary<int, uint> _features = [];
    private readonly HashSet<int> _introduced = [0];
    private readonly List<StoreConnection> _connections = [];
    private ulong _generation;

    /// <summary>Starts a daemon whose store is empty. Domain 0 is there.</summary>
    /// <param name="quotas">What unprivileged domains may use; null: the defaults.</param>
    public InMemoryXenstored(XenstoredQuotas? quotas = null)
    {
        quotas ??= new XenstoredQuotas();
        _quotas[(null, "nodes")] = (uint)quotas.Nodes;
        _quotas[(null, "node-size")] = (uint)quotas.NodeSize;
        _quotas[(null, "watches")] = (uint)quotas.Watches;
        _quotas[(null, "transactions")] = (uint)quotas.Transactions;
        _quotas[(null, "permissions")] = (uint)quotas.Permissions;
    }

    /// <summary>
    /// Raised for each change of a node as it takes effect, with the node's path and its value then; <see langword="null"/>: it is gone. So a test
    /// sees all states that a watch may miss. Called with the daemon's lock held: must not call it, nor throw.
    /// </summary>
    public event Action<string, string?>? Changed;

    /// <summary>Guards everything.</summary>
    internal Lock Gate { get; } = new();

    internal ImmutableDictionary<string, StoreNode> Nodes { get; set; } = StoreTree.Empty;

    /// <summary>Open connections.</summary>
    public int ConnectionCount
    {
        get
        {
            lock (Gate)
                return _connections.Count;
        }
    }

    /// <summary>Watches of all connections.</summary>
    public int WatchCount
    {
        get
        {
            lock (Gate)
                return _connections.Sum(connection => connection.WatchCount);
        }
    }

    /// <summary>Open transactions of all connections.</summary>
    public int TransactionCount
    {
        get
        {
            lock (Gate)
                return _connections.Sum(connection => connection.TransactionCount);
        }
    }

    /// <summary>A domain's way to this daemon. Domain 0 is privileged.</summary>
    public XenstoreTransport CreateTransport(int domainId)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(domainId);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(domainId, DomainId.FirstReserved);
        return new InMemoryTransport(this, domainId);
    }

    /// <summary>
    /// Does what <c>xl</c> does for a new domain: makes its home, which the domain may read, with the folders that it may write (<c>data</c>,
    /// <c>control/feature-*</c> and others), and introduces it.
    /// </summary>
    /// <param name="domainId">The domain.</param>
    /// <param name="name">Its name; <see langword="null"/>: "domain-N".</param>
    public void AddDomain(int domainId, string? name = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(domainId);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(domainId, DomainId.FirstReserved);
        lock (Gate)
        {
            StoreTree tree = NewTree();
            DomainHome.Create(tree, (ushort)domainId, name ?? (domainId == 0 ? "Domain-0" : $"domain-{domainId}"));
            Publish(tree);
            Introduce(domainId);
        }
    }

    /// <summary>
    /// Ends a domain: its connections end, its home and the nodes that it owns go with all below them, and watches of the release of domains are
    /// told.
    /// </summary>
    public void RemoveDomain(int domainId)
    {
        lock (Gate)
        {
            foreach (StoreConnection connection in _connections.Where(connection => connection.DomainId == domainId).ToArray())
                connection.Close();
            StoreTree tree = NewTree();
            string[] owned = [.. tree.Nodes.Where(pair => IsOwnedBy(pair.Value)).Select(pair => pair.Key).Order(StringComparer.Ordinal)];
            foreach (string path in (string[])[.. DomainHome.PathsOf(domainId), .. owned])
            {
                if (tree.Find(path) is not null)
                    tree.Remove(path);
            }

            Publish(tree);
            Release(domainId);
        }

        bool IsOwnedBy(StoreNode node) => domainId != 0 && node.Permissions.Owner == domainId; // domain 0's are the host's
    }

    /// <summary>Ends all connections, with their watches and transactions, as a restart of the daemon does. The nodes stay.</summary>
    public void Disconnect()
    {
        lock (Gate)
        {
            foreach (StoreConnection connection in _connections.ToArray())
                connection.Close();
        }
    }

    /// <summary>A domain's name; null if there is no such domain.</summary>
    internal string? TryGetName(int domainId)
    {
        lock (Gate)
            return Nodes.TryGetValue($"{XenstorePath.ForDomain(domainId)}/name", out StoreNode? node) ? Encoding.UTF8.GetString(node.Value.Span) : null;
    }

    internal InMemoryChannel Open(int domainId, Action? outputReady = null)
    {
        lock (Gate)
        {
            InMemoryChannel channel = new(this, domainId, outputReady);
            _connections.Add(channel.Connection);
            return channel;
        }
    }

    internal void Remove(StoreConnection connection) => _connections.Remove(connection);

    internal ulong NextGeneration() => ++_generation;

    internal StoreTree NewTree() => new(Nodes, NextGeneration);

    /// <summary>Makes changes take effect and tells watches.</summary>
    internal void Publish(StoreTree tree)
    {
        Nodes = tree.Nodes;
        Tell(tree.Events);
    }

    internal void Tell(IEnumerable<StoreEvent> changes)
    {
        foreach (StoreEvent change in changes)
        {
            if (Changed is { } changed)
                changed(change.Path, Nodes.TryGetValue(change.Path, out StoreNode? node) ? Encoding.UTF8.GetString(node.Value.Span) : null);
            foreach (StoreConnection connection in _connections)
                connection.Tell(change);
        }
    }

    internal bool IsIntroduced(int domainId) => _introduced.Contains(domainId);

    internal void Introduce(int domainId)
    {
        if (_introduced.Add(domainId))
            TellSpecial(XenstorePath.IntroduceDomain);
    }

    internal void Release(int domainId)
    {
        _targets.Remove(domainId);
        if (_introduced.Remove(domainId))
            TellSpecial(XenstorePath.ReleaseDomain);
    }

    internal void SetTarget(int domainId, int target) => _targets[domainId] = target;

    /// <summary>What a domain may do with a node.</summary>
    internal XenstoreAccess AccessOf(int domainId, XenstorePermissions permissions)
    {
        if (domainId == 0)
            return XenstoreAccess.ReadWrite;
        return permissions.For(domainId) | (_targets.TryGetValue(domainId, out int target) ? permissions.For(target) : XenstoreAccess.None);
    }

    /// <summary>Whether a domain has the rights of a node's owner.</summary>
    internal bool IsOwner(int domainId, XenstorePermissions permissions) =>
        domainId == 0 || permissions.Owner == domainId || (_targets.TryGetValue(domainId, out int target) && permissions.Owner == target);

    /// <summary>Whether a domain would use more than it may.</summary>
    internal bool Exceeds(int domainId, string quota, int use) =>
        domainId != 0 && GetQuota(domainId, quota) is uint limit and not 0 && use > limit;

    internal uint? GetQuota(int? domainId, string name) =>
        domainId is not null && _quotas.TryGetValue((domainId, name), out uint own) ? own : _quotas.TryGetValue((null, name), out uint value) ? value : null;

    internal IEnumerable<string> QuotaNames => _quotas.Keys.Where(key => key.Domain is null).Select(key => key.Name).Order(StringComparer.Ordinal);

    internal void SetQuota(int? domainId, string name, uint value) => _quotas[(domainId, name)] = value;

    internal uint GetFeatures(int domainId) => _features.GetValueOrDefault(domainId);

    internal void SetFeatures(int domainId, uint features) => _features[domainId] = features;

    private void TellSpecial(string path)
    {
        XenstorePermissions permissions = Nodes[path].Permissions;
        Tell([new StoreEvent(path, permissions, permissions, BelowOnly: false)]);
    }
}
