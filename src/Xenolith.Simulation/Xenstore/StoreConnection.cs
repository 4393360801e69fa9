using System.Buffers;
using System.Text;
using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Simulation.Xenstore;

/// <summary>A domain's connection: takes requests out of the bytes, carries them out, and keeps the domain's watches and transactions.</summary>
internal sealed partial class StoreConnection(InMemoryXenstored daemon, int domainId, InMemoryChannel channel)
{
    private readonly XenstoreMessageParser _parser = new();
    private readonly List<StoreWatch> _watches = [];
    private readonly Dictionary<uint, StoreTransaction> _transactions = [];
    private uint _lastTransactionId;
    private bool _closed;

    public int DomainId => domainId;

    public int WatchCount => _watches.Count;

    public int TransactionCount => _transactions.Count;

    private string Home => XenstorePath.ForDomain(domainId);

    /// <summary>Takes bytes from the client.</summary>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        lock (daemon.Gate)
        {
            try
            {
                while (!_closed && _parser.TryRead(ref bytes, out XenstoreMessage request))
                    Answer(request);
            }
            catch (XenstoreProtocolException)
            {
                Close(); // as the real daemon does with a client that announces too long a message
            }
        }
    }

    /// <summary>Ends the connection, its watches and its transactions.</summary>
    public void Close()
    {
        lock (daemon.Gate)
        {
            _closed = true;
            _watches.Clear();
            _transactions.Clear();
            daemon.Remove(this);
        }

        channel.End();
    }

    /// <summary>Tells the watches that match and may know of a change.</summary>
    public void Tell(in StoreEvent change)
    {
        XenstoreAccess access = daemon.AccessOf(domainId, change.Permissions) | daemon.AccessOf(domainId, change.Parent);
        if ((access & XenstoreAccess.Read) == 0)
            return;
        foreach (StoreWatch watch in _watches)
        {
            if (watch.Matches(change))
                SendEvent(watch, change.Path);
        }
    }

    private void SendEvent(StoreWatch watch, string path)
    {
        byte[] payload = Encoding.UTF8.GetBytes($"{path[watch.Prefix.Length..]}\0{watch.Token}\0");
        Send(XenstoreMessageType.WatchEvent, 0, 0, payload);
    }

    private void Send(XenstoreMessageType type, uint requestId, uint transactionId, ReadOnlySpan<byte> payload)
    {
        byte[] message = new byte[XenstoreCodec.HeaderSize + payload.Length];
        XenstoreCodec.WriteHeader(message, new XenstoreMessageHeader
        {
            Type = (uint)type,
            ReqId = requestId,
            TxId = transactionId,
            Len = (uint)payload.Length,
        });
        payload.CopyTo(message.AsSpan(XenstoreCodec.HeaderSize));
        channel.Send(message);
    }

    private void Answer(in XenstoreMessage request)
    {
        ArrayBufferWriter<byte> reply = new();
        List<Action> after = [];
        XenstoreError? error = Execute(request, reply, after);
        if (error is XenstoreError failure)
            Send(XenstoreMessageType.Error, request.RequestId, request.TransactionId, [.. XenstoreCodec.FormatError(failure), 0]);
        else
            Send(request.Type, request.RequestId, request.TransactionId, reply.WrittenSpan);
        foreach (Action action in after)
            action();
    }

    /// <summary>Carries a request out.</summary>
    /// <param name="request">The request; any bytes.</param>
    /// <param name="reply">Gets the reply's payload.</param>
    /// <param name="after">Gets what is to be done after the reply was sent.</param>
    /// <returns>An error, or null.</returns>
    private XenstoreError? Execute(in XenstoreMessage request, ArrayBufferWriter<byte> reply, List<Action> after)
    {
        List<string> arguments = [];
        XenstorePayloadReader reader = new(request.Payload.Span);
        while (reader.TryReadString(out ReadOnlySpan<byte> text))
            arguments.Add(Encoding.Latin1.GetString(text)); // bytes that are no path are refused as such
        if (!IsOpenToAll(request.Type) && domainId != 0)
            return XenstoreError.EACCES;

        StoreTransaction? transaction = null;
        bool ignoresTransaction = request.Type is XenstoreMessageType.Watch or XenstoreMessageType.Unwatch;
        if (request.TransactionId != 0 && !ignoresTransaction && !_transactions.TryGetValue(request.TransactionId, out transaction))
            return XenstoreError.ENOENT;

        switch (request.Type)
        {
            case XenstoreMessageType.Watch:
                return AddWatch(arguments, reply, after);
            case XenstoreMessageType.Unwatch:
                return RemoveWatch(arguments, reply);
            case XenstoreMessageType.ResetWatches:
                _watches.Clear();
                _transactions.Clear();
                return Ok(reply);
            case XenstoreMessageType.TransactionStart:
                return transaction is null ? StartTransaction(reply) : XenstoreError.EBUSY;
            case XenstoreMessageType.TransactionEnd:
                return EndTransaction(transaction, arguments, reply);
            case XenstoreMessageType.Directory or XenstoreMessageType.DirectoryPart or XenstoreMessageType.Read or XenstoreMessageType.GetPerms
                or XenstoreMessageType.SetPerms or XenstoreMessageType.Write or XenstoreMessageType.Mkdir or XenstoreMessageType.Rm:
                return ExecuteOnNode(request, arguments, transaction, reply);
            default:
                return ExecuteOnDomain(request.Type, arguments, reply);
        }
    }

    private XenstoreError? ExecuteOnNode(
        in XenstoreMessage request, List<string> arguments, StoreTransaction? transaction, ArrayBufferWriter<byte> reply)
    {
        bool allowSpecial = request.Type is XenstoreMessageType.GetPerms or XenstoreMessageType.SetPerms;
        if (arguments.Count == 0 || !TryMakeAbsolute(arguments[0], allowSpecial, out string path, out _))
            return XenstoreError.EINVAL;
        StoreTree tree = transaction?.View ?? daemon.NewTree();
        XenstoreError? error = ExecuteOnNode(tree, request, path, arguments, reply);
        if (error is null && transaction is null && tree.Changed.Count > 0)
            daemon.Publish(tree);
        return error;
    }

    private XenstoreError? AddWatch(List<string> arguments, ArrayBufferWriter<byte> reply, List<Action> after)
    {
        if (arguments.Count != 2 || !TryMakeAbsolute(arguments[0], allowSpecial: true, out string path, out string prefix))
            return XenstoreError.EINVAL;
        if (_watches.Any(watch => watch.Path == path && watch.Token == arguments[1]))
            return XenstoreError.EEXIST;
        if (daemon.Exceeds(domainId, "watches", _watches.Count + 1))
            return XenstoreError.ENOSPC;
        StoreWatch added = new(path, arguments[1], prefix);
        _watches.Add(added);
        after.Add(() => SendEvent(added, path));
        return Ok(reply);
    }

    private XenstoreError? RemoveWatch(List<string> arguments, ArrayBufferWriter<byte> reply)
    {
        if (arguments.Count != 2 || !TryMakeAbsolute(arguments[0], allowSpecial: true, out string path, out _))
            return XenstoreError.EINVAL;
        return _watches.RemoveAll(watch => watch.Path == path && watch.Token == arguments[1]) == 0 ? XenstoreError.ENOENT : Ok(reply);
    }

    private XenstoreError? StartTransaction(ArrayBufferWriter<byte> reply)
    {
        if (daemon.Exceeds(domainId, "transactions", _transactions.Count + 1))
            return XenstoreError.ENOSPC;
        do
            _lastTransactionId++;
        while (_lastTransactionId == 0 || _transactions.ContainsKey(_lastTransactionId));
        _transactions.Add(_lastTransactionId, new StoreTransaction(_lastTransactionId, daemon.Nodes, daemon.NextGeneration));
        return Text(reply, $"{_lastTransactionId}");
    }

    private XenstoreError? EndTransaction(StoreTransaction? transaction, List<string> arguments, ArrayBufferWriter<byte> reply)
    {
        if (arguments is not ["T" or "F"])
            return XenstoreError.EINVAL;
        if (transaction is null)
            return XenstoreError.ENOENT;
        _transactions.Remove(transaction.Id);
        if (arguments[0] == "F")
            return Ok(reply);
        if (transaction.Commit(daemon.Nodes) is not { } nodes)
            return XenstoreError.EAGAIN;
        daemon.Nodes = nodes;
        daemon.Tell(transaction.View.Events);
        return Ok(reply);
    }

    /// <summary>The absolute form of a path, and the prefix that made it absolute.</summary>
    private bool TryMakeAbsolute(string path, bool allowSpecial, out string absolute, out string prefix)
    {
        bool isRelative = path.Length > 0 && path[0] is not ('/' or '@');
        prefix = isRelative ? Home + "/" : "";
        absolute = prefix + path;
        return XenstorePath.IsValid(path, allowSpecial);
    }

    private static XenstoreError? Ok(ArrayBufferWriter<byte> reply) => Text(reply, "OK");

    private static XenstoreError? Text(ArrayBufferWriter<byte> reply, string text)
    {
        Encoding.UTF8.GetBytes(text, reply);
        reply.Write("\0"u8);
        return null;
    }
}
