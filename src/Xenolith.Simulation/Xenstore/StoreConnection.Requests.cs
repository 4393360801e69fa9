using System.Buffers;
using System.Globalization;
using System.Text;
using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Simulation.Xenstore;

/// <summary>The requests on nodes and on domains.</summary>
internal sealed partial class StoreConnection
{
    private static bool IsOpenToAll(XenstoreMessageType type) => type is not (XenstoreMessageType.Control or XenstoreMessageType.Introduce
        or XenstoreMessageType.Release or XenstoreMessageType.IsDomainIntroduced or XenstoreMessageType.Resume or XenstoreMessageType.SetTarget
        or XenstoreMessageType.SetFeature or XenstoreMessageType.GetQuota or XenstoreMessageType.SetQuota);

    private XenstoreError? ExecuteOnNode(
        StoreTree tree, in XenstoreMessage request, string path, List<string> arguments, ArrayBufferWriter<byte> reply) => request.Type switch
        {
            XenstoreMessageType.Read => Read(tree, path, reply),
            XenstoreMessageType.Directory => List(tree, path, reply),
            XenstoreMessageType.DirectoryPart => ListPart(tree, path, arguments, reply),
            XenstoreMessageType.GetPerms => GetPermissions(tree, path, reply),
            XenstoreMessageType.SetPerms => SetPermissions(tree, path, request.Payload.Span, reply),
            XenstoreMessageType.Write => Write(tree, path, request.Payload[(arguments[0].Length + 1)..], keepsValue: false, reply),
            XenstoreMessageType.Mkdir => Write(tree, path, default, keepsValue: true, reply),
            _ => Remove(tree, path, reply),
        };

    private XenstoreError? Read(StoreTree tree, string path, ArrayBufferWriter<byte> reply)
    {
        if (Check(tree, path, XenstoreAccess.Read, out StoreNode? node) is XenstoreError error)
            return error;
        reply.Write(node!.Value.Span);
        return null;
    }

    private XenstoreError? List(StoreTree tree, string path, ArrayBufferWriter<byte> reply)
    {
        if (Check(tree, path, XenstoreAccess.Read, out StoreNode? node) is XenstoreError error)
            return error;
        foreach (string name in node!.Children)
            Text(reply, name);
        return reply.WrittenCount > XenstoreLimit.PayloadMax ? XenstoreError.E2BIG : null;
    }

    private XenstoreError? ListPart(StoreTree tree, string path, List<string> arguments, ArrayBufferWriter<byte> reply)
    {
        if (arguments.Count != 2 || !int.TryParse(arguments[1], NumberStyles.None, CultureInfo.InvariantCulture, out int offset))
            return XenstoreError.EINVAL;
        if (Check(tree, path, XenstoreAccess.Read, out StoreNode? node) is XenstoreError error)
            return error;
        Text(reply, node!.Generation.ToString(CultureInfo.InvariantCulture));
        int position = 0;
        foreach (string name in node.Children)
        {
            if (position >= offset)
            {
                if (reply.WrittenCount + name.Length + 2 > XenstoreLimit.PayloadMax)
                    return null;
                Text(reply, name);
            }

            position += name.Length + 1;
        }

        reply.Write("\0"u8); // an empty name: that was the last
        return null;
    }

    private XenstoreError? GetPermissions(StoreTree tree, string path, ArrayBufferWriter<byte> reply)
    {
        if (Check(tree, path, XenstoreAccess.Read, out StoreNode? node) is XenstoreError error)
            return error;
        foreach (XenstorePermission entry in node!.Permissions.WireEntries)
            Text(reply, entry.ToString());
        return null;
    }

    private XenstoreError? SetPermissions(StoreTree tree, string path, ReadOnlySpan<byte> payload, ArrayBufferWriter<byte> reply)
    {
        XenstorePayloadReader reader = new(payload);
        reader.TryReadString(out _);
        if (reader.ReadPermissions() is not XenstorePermissions permissions)
            return XenstoreError.EINVAL;
        if (daemon.Exceeds(domainId, "permissions", permissions.WireEntries.Length))
            return XenstoreError.ENOSPC;
        if (Check(tree, path, XenstoreAccess.Write, out StoreNode? node) is XenstoreError error)
            return error;
        if (!daemon.IsOwner(domainId, node!.Permissions))
            return XenstoreError.EACCES;
        if (domainId != 0 && permissions.Owner != node.Permissions.Owner)
            return XenstoreError.EPERM;
        tree.Set(path, node with { Permissions = permissions });
        // Who could read it until now is told as well.
        tree.Events.Add(new StoreEvent(path, node.Permissions, permissions, BelowOnly: false));
        return Ok(reply);
    }

    /// <summary>WRITE, and MKDIR, which leaves a node that exists as it is.</summary>
    private XenstoreError? Write(StoreTree tree, string path, ReadOnlyMemory<byte> value, bool keepsValue, ArrayBufferWriter<byte> reply)
    {
        XenstoreError? error = Check(tree, path, XenstoreAccess.Write, out StoreNode? node);
        if (error is not null and not XenstoreError.ENOENT)
            return error;
        if (node is not null && keepsValue)
            return Ok(reply);
        if (node is not null)
        {
            StoreNode written = node with { Value = value };
            if (daemon.Exceeds(domainId, "node-size", written.Size))
                return XenstoreError.ENOSPC;
            tree.Set(path, written);
        }
        else if (TryCreate(tree, path, value) is XenstoreError refused)
        {
            return refused;
        }

        tree.Events.Add(new StoreEvent(path, tree.FindAbove(path).Permissions, tree.Nodes[path].Permissions, BelowOnly: false));
        return Ok(reply);
    }

    private XenstoreError? TryCreate(StoreTree tree, string path, ReadOnlyMemory<byte> value)
    {
        int made = 1;
        string parent = XenstorePath.GetParent(path) ?? "/";
        for (string name = XenstorePath.GetName(path); ; name = XenstorePath.GetName(parent), parent = XenstorePath.GetParent(parent) ?? "/", made++)
        {
            if (tree.Find(parent) is not StoreNode above)
                continue;
            if (daemon.Exceeds(domainId, "node-size", Math.Max(above.Size + name.Length + 1, value.Length + (8 * above.Permissions.WireEntries.Length))))
                return XenstoreError.ENOSPC;
            break;
        }

        if (domainId != 0 && daemon.Exceeds(domainId, "nodes", made + tree.Nodes.Values.Count(node => node.Permissions.Owner == domainId)))
            return XenstoreError.ENOSPC;
        tree.Create(path, value, domainId == 0 ? null : domainId);
        return null;
    }

    private XenstoreError? Remove(StoreTree tree, string path, ArrayBufferWriter<byte> reply)
    {
        XenstoreError? error = Check(tree, path, XenstoreAccess.Write, out _);
        if (path == "/")
            return error ?? XenstoreError.EINVAL;
        if (error is XenstoreError.ENOENT)
            return tree.Find(XenstorePath.GetParent(path)!) is null ? error : Ok(reply);
        if (error is not null)
            return error;
        tree.Remove(path);
        return Ok(reply);
    }

    /// <summary>Finds a node and checks the caller's access. Who may not read above a node does not learn whether it exists.</summary>
    private XenstoreError? Check(StoreTree tree, string path, XenstoreAccess access, out StoreNode? node)
    {
        StoreNode? found = tree.Find(path);
        bool allowed = found is not null && (daemon.AccessOf(domainId, found.Permissions) & access) == access;
        node = allowed ? found : null;
        if (allowed)
            return null;
        bool mayKnow = (daemon.AccessOf(domainId, tree.FindAbove(path).Permissions) & access) != 0;
        return found is null && mayKnow ? XenstoreError.ENOENT : XenstoreError.EACCES;
    }

    private XenstoreError? ExecuteOnDomain(XenstoreMessageType type, List<string> arguments, ArrayBufferWriter<byte> reply)
    {
        if (type == XenstoreMessageType.Control)
            return arguments is ["help" or "check" or "print", ..] ? Text(reply, arguments[0] == "help" ? "check help print" : "OK") : XenstoreError.EINVAL;
        if (type is XenstoreMessageType.GetQuota or XenstoreMessageType.SetQuota)
            return ExecuteOnQuota(type, arguments, reply);
        if (type == XenstoreMessageType.GetFeature && arguments is [] or [""])
            return Text(reply, $"{daemon.GetFeatures(domainId)}");
        if (arguments.Count == 0 || !TryParseDomain(arguments[0], out int domain))
            return type > XenstoreMessageType.SetQuota ? XenstoreError.ENOSYS : XenstoreError.EINVAL;
        switch (type)
        {
            case XenstoreMessageType.GetDomainPath:
                return Text(reply, XenstorePath.ForDomain(domain));
            case XenstoreMessageType.IsDomainIntroduced:
                return Text(reply, daemon.IsIntroduced(domain) ? "T" : "F");
            case XenstoreMessageType.Introduce:
                if (domain == 0 || arguments.Count < 3)
                    return XenstoreError.EINVAL;
                daemon.Introduce(domain);
                return Ok(reply);
            case XenstoreMessageType.Release:
                if (domain == 0 || !daemon.IsIntroduced(domain))
                    return domain == 0 ? XenstoreError.EINVAL : XenstoreError.ENOENT;
                daemon.Release(domain);
                return Ok(reply);
            case XenstoreMessageType.Resume:
                return daemon.IsIntroduced(domain) ? Ok(reply) : XenstoreError.ENOENT;
            case XenstoreMessageType.SetTarget:
                if (arguments.Count < 2 || !TryParseDomain(arguments[1], out int target))
                    return XenstoreError.EINVAL;
                if (!daemon.IsIntroduced(domain) || !daemon.IsIntroduced(target))
                    return XenstoreError.ENOENT;
                daemon.SetTarget(domain, target);
                return Ok(reply);
            case XenstoreMessageType.GetFeature:
                return domainId == 0 ? Text(reply, $"{daemon.GetFeatures(domain)}") : XenstoreError.EACCES;
            case XenstoreMessageType.SetFeature:
                if (arguments.Count < 2 || !TryParseNumber(arguments[1], out uint features))
                    return XenstoreError.EINVAL;
                if (daemon.IsIntroduced(domain))
                    return XenstoreError.EBUSY;
                daemon.SetFeatures(domain, features);
                return Ok(reply);
            default:
                return XenstoreError.ENOSYS;
        }
    }

    private XenstoreError? ExecuteOnQuota(XenstoreMessageType type, List<string> arguments, ArrayBufferWriter<byte> reply)
    {
        bool sets = type == XenstoreMessageType.SetQuota;
        int fixedArguments = sets ? 2 : 1;
        if (!sets && arguments is [] or [""])
            return Text(reply, string.Join(' ', daemon.QuotaNames));
        int? domain = null;
        if (arguments.Count == fixedArguments + 1 && TryParseDomain(arguments[0], out int named))
            domain = named;
        else if (arguments.Count != fixedArguments)
            return XenstoreError.EINVAL;
        string name = arguments[domain is null ? 0 : 1];
        if (daemon.GetQuota(domain, name) is not uint value)
            return XenstoreError.EINVAL;
        if (!sets)
            return Text(reply, $"{value}");
        if (!TryParseNumber(arguments[^1], out value))
            return XenstoreError.EINVAL;
        daemon.SetQuota(domain, name, value);
        return Ok(reply);
    }

    private static bool TryParseDomain(string text, out int domain) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out domain) && domain < Abi.DomainId.FirstReserved;

    private static bool TryParseNumber(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
