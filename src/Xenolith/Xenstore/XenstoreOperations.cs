// What can be done with nodes, directly or within a transaction.

using System.Text;
using Xenolith.Abi;

namespace Xenolith.Xenstore;

/// <summary>
/// The operations on nodes that a client and a transaction have in common: write a helper against this type, and it works in both. Requests may be
/// made from any thread and without waiting for earlier ones; where their order matters, await one before the next.
/// </summary>
/// <remarks>
/// <para>Every method throws <see cref="ArgumentException"/> for a path or value that the protocol cannot carry (<see cref="XenstorePath"/>, and 4096
/// bytes for path, NUL and value together), before anything is sent; <see cref="XenstoreAccessDeniedException"/> and others of
/// <see cref="XenstoreException"/>'s tree as xenstored reports; <see cref="XenstoreDisconnectedException"/> if the connection ends first; and
/// <see cref="OperationCanceledException"/> when the caller gives up, after which a change may have been carried out or not.</para>
/// <para>Source: Xen, docs/misc/xenstore.txt, "Database read, write and permissions operations".</para>
/// </remarks>
public abstract class XenstoreOperations
{
    // A daemon lists a node with millions of children in some thousand parts; one that goes on for ever is stopped here.
    private const int ListBytesMax = 16 << 20;
    private const int ListAttempts = 16;

    private protected XenstoreOperations()
    {
    }

    /// <summary>The transaction, or 0 for none.</summary>
    private protected abstract uint TransactionId { get; }

    /// <summary>The connection that requests are bound to; 0 for any.</summary>
    private protected abstract int Generation { get; }

    private protected abstract XenstoreConnection Connection { get; }

    /// <summary>A node's value as UTF-8; bytes that are not are replaced by U+FFFD.</summary>
    /// <returns><see langword="null"/> if there is no such node.</returns>
    public async Task<string?> ReadAsync(string path, CancellationToken cancellationToken = default) =>
        await RequestOrNullAsync(Make(XenstoreMessageType.Read, path), cancellationToken) is XenstoreMessage reply
            ? Encoding.UTF8.GetString(reply.Payload.Span)
            : null;

    /// <summary>A node's value, 0 to 4096 bytes.</summary>
    /// <returns><see langword="null"/> if there is no such node.</returns>
    public async Task<ReadOnlyMemory<byte>?> ReadBytesAsync(string path, CancellationToken cancellationToken = default) =>
        (await RequestOrNullAsync(Make(XenstoreMessageType.Read, path), cancellationToken))?.Payload;

    /// <summary>Whether there is such a node, which the caller may read.</summary>
    public async Task<bool> ExistsAsync(string path, CancellationToken cancellationToken = default) =>
        await RequestOrNullAsync(Make(XenstoreMessageType.Read, path), cancellationToken) is not null;

    /// <summary>Sets a node's value as UTF-8, without a NUL at its end. The node, and those above it, are made if missing.</summary>
    public Task WriteAsync(string path, string value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        return WriteAsync(path, Encoding.UTF8.GetBytes(value), cancellationToken);
    }

    /// <summary>Sets a node's value. The node, and those above it, are made if missing. The bytes are copied before the method returns.</summary>
    public Task WriteAsync(string path, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        RequestAsync(XenstoreRequest.Write(path, value.Span, TransactionId, Generation), cancellationToken);

    /// <summary>Makes a node with an empty value, and those above it. One that exists keeps its value.</summary>
    public Task MakeDirectoryAsync(string path, CancellationToken cancellationToken = default) =>
        RequestAsync(Make(XenstoreMessageType.Mkdir, path), cancellationToken);

    /// <summary>Removes a node and everything below it.</summary>
    /// <returns>
    /// False if there was nothing to remove. The protocol does not tell, so the node is read first: between both another client may come.
    /// </returns>
    public async Task<bool> RemoveAsync(string path, CancellationToken cancellationToken = default)
    {
        XenstoreRequest remove = Make(XenstoreMessageType.Rm, path);
        XenstoreMessage before = await Connection.SendAsync(Make(XenstoreMessageType.Read, path), cancellationToken);
        if (before.Type == XenstoreMessageType.Error && XenstoreRequest.Error(before).Error == XenstoreError.ENOENT)
            return false;
        return await RequestOrNullAsync(remove, cancellationToken) is not null;
    }

    /// <summary>Names of a node's children, in no particular order, however many they are.</summary>
    /// <returns><see langword="null"/> if there is no such node.</returns>
    /// <exception cref="XenstoreConflictException">There are more than fit into one message, and they changed during each of 16 attempts.</exception>
    public async Task<IReadOnlyList<string>?> ListAsync(string path, CancellationToken cancellationToken = default)
    {
        XenstoreRequest request = Make(XenstoreMessageType.Directory, path);
        XenstoreMessage reply = await Connection.SendAsync(request, cancellationToken);
        if (reply.Type == XenstoreMessageType.Error)
        {
            return XenstoreRequest.Error(reply).Error switch
            {
                XenstoreError.ENOENT => null,
                XenstoreError.E2BIG => await ListPartsAsync(path, cancellationToken),
                _ => throw request.Failure(reply),
            };
        }

        List<string> names = [];
        return new XenstorePayloadReader(reply.Payload.Span).TryReadNames(names) ? names : throw Malformed(request);
    }

    /// <summary>A node's permissions.</summary>
    /// <param name="path">
    /// A node; also <see cref="XenstorePath.IntroduceDomain"/> and <see cref="XenstorePath.ReleaseDomain"/> where the daemon allows it (Xen 4.17's
    /// answers EINVAL).
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/> if there is no such node.</returns>
    public async Task<XenstorePermissions?> GetPermissionsAsync(string path, CancellationToken cancellationToken = default)
    {
        XenstoreRequest request = Make(XenstoreMessageType.GetPerms, path);
        return await RequestOrNullAsync(request, cancellationToken) is XenstoreMessage reply
            ? new XenstorePayloadReader(reply.Payload.Span).ReadPermissions() ?? throw Malformed(request)
            : null;
    }

    /// <summary>Sets a node's permissions. Only its owner and privileged domains may; only those may change the owner.</summary>
    /// <param name="path">As for <see cref="GetPermissionsAsync"/>.</param>
    /// <param name="permissions">The new permissions, in place of all the old ones.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="XenstoreNotFoundException">There is no such node.</exception>
    public Task SetPermissionsAsync(string path, XenstorePermissions permissions, CancellationToken cancellationToken = default) =>
        RequestAsync(XenstoreRequest.SetPermissions(path, permissions, TransactionId, Generation), cancellationToken);

    /// <summary>Makes a request; an error reply is an exception.</summary>
    private protected async Task<XenstoreMessage> RequestAsync(XenstoreRequest request, CancellationToken cancellationToken)
    {
        XenstoreMessage reply = await Connection.SendAsync(request, cancellationToken);
        return reply.Type == XenstoreMessageType.Error ? throw request.Failure(reply) : reply;
    }

    /// <summary>Makes a request; a certain error is null, others are exceptions.</summary>
    private protected async Task<XenstoreMessage?> RequestOrNullAsync(
        XenstoreRequest request, CancellationToken cancellationToken, XenstoreError expected = XenstoreError.ENOENT)
    {
        XenstoreMessage reply = await Connection.SendAsync(request, cancellationToken);
        if (reply.Type != XenstoreMessageType.Error)
            return reply;
        return XenstoreRequest.Error(reply).Error == expected ? null : throw request.Failure(reply);
    }

    /// <summary>A reply that says nothing: ends the connection, because its sender is not what it should be.</summary>
    private protected XenstoreProtocolException Malformed(XenstoreRequest request) =>
        Connection.Break($"The peer's reply to a request to {request.Verb} {request.Path} makes no sense.");

    private XenstoreRequest Make(XenstoreMessageType type, string path) => XenstoreRequest.ForPath(type, path, TransactionId, Generation);

    private async Task<IReadOnlyList<string>?> ListPartsAsync(string path, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < ListAttempts; attempt++)
        {
            List<string> names = [];
            ulong? generation = null;
            int offset = 0;
            while (true)
            {
                XenstoreRequest request = XenstoreRequest.ForPath(
                    XenstoreMessageType.DirectoryPart, path, TransactionId, Generation, XenstoreRequest.Number(offset));
                if (await RequestOrNullAsync(request, cancellationToken) is not XenstoreMessage reply)
                    return null;
                if (!TryReadPart(reply.Payload.Span, names, ref offset, out ulong partGeneration, out bool last) || offset > ListBytesMax)
                    throw Malformed(request);
                if ((generation ??= partGeneration) != partGeneration)
                    break; // it changed between the parts: begin again
                if (last)
                    return names;
            }
        }

        throw new XenstoreConflictException($"The children of {path} changed during each of {ListAttempts} attempts to list them.", path);
    }

    /// <summary>Reads a part of a list: the node's generation, then names; after the last of all, an empty string.</summary>
    private static bool TryReadPart(ReadOnlySpan<byte> payload, List<string> names, ref int offset, out ulong generation, out bool last)
    {
        last = false;
        XenstorePayloadReader reader = new(payload);
        if (!reader.TryReadNumber(out generation))
            return false;
        ReadOnlySpan<byte> part = reader.Rest;
        last = part is [0] or [.., 0, 0];
        ReadOnlySpan<byte> list = last ? part[..^1] : part;
        offset += list.Length;
        return (last || list.Length > 0) && new XenstorePayloadReader(list).TryReadNames(names);
    }
}
