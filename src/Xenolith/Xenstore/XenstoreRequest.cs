using System.Globalization;
using Xenolith.Abi;

namespace Xenolith.Xenstore;

/// <summary>
/// A request with its payload, complete before it goes anywhere, so that a bad argument costs nothing; and the task of its reply, an error reply
/// included.
/// </summary>
internal sealed class XenstoreRequest : TaskCompletionSource<XenstoreMessage>
{
    private XenstoreRequest(XenstoreMessageType type, string? path, ReadOnlySpan<byte> payload)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        Type = type;
        Path = path;
        Payload = payload.ToArray();
    }

    public XenstoreMessageType Type { get; }

    /// <summary>The node in question, for exceptions.</summary>
    public string? Path { get; }

    public byte[] Payload { get; }

    public uint TransactionId { get; init; }

    /// <summary>The connection that the request makes sense on; 0: any.</summary>
    public int Generation { get; init; }

    /// <summary>Called in the receiving loop with the reply to a request whose caller has gone: undoes what xenstored did.</summary>
    public Action<XenstoreMessage>? Undo { get; init; }

    /// <summary>The watch that the request sets up.</summary>
    public WatchRegistration? Watch { get; init; }

    /// <summary>Whether the request counts among those that may be under way at the same time.</summary>
    public bool HoldsSlot { get; set; }

    /// <summary>Whether it is to be made on the next connection if this one ends: it only reads, and has not been made twice.</summary>
    public bool CanBeRepeated => TransactionId == 0 && Generation == 0 && !IsRepeated && !Task.IsCompleted
        && Type is XenstoreMessageType.Read or XenstoreMessageType.Directory or XenstoreMessageType.DirectoryPart or XenstoreMessageType.GetPerms
            or XenstoreMessageType.GetDomainPath or XenstoreMessageType.IsDomainIntroduced;

    /// <summary>Whether it is made for the second time.</summary>
    public bool IsRepeated { get; set; }

    /// <summary>What the request does, as a verb.</summary>
    public string Verb => Type switch
    {
        XenstoreMessageType.Control => "execute a control command",
        XenstoreMessageType.Directory or XenstoreMessageType.DirectoryPart => "list",
        XenstoreMessageType.Read => "read",
        XenstoreMessageType.GetPerms => "read the permissions of",
        XenstoreMessageType.SetPerms => "set the permissions of",
        XenstoreMessageType.Watch => "watch",
        XenstoreMessageType.Unwatch => "end the watch of",
        XenstoreMessageType.TransactionStart => "begin a transaction",
        XenstoreMessageType.TransactionEnd => "end a transaction",
        XenstoreMessageType.Write => "write",
        XenstoreMessageType.Mkdir => "make",
        XenstoreMessageType.Rm => "remove",
        XenstoreMessageType.Introduce => "introduce a domain",
        XenstoreMessageType.Release => "release a domain",
        XenstoreMessageType.GetDomainPath => "tell a domain's path",
        XenstoreMessageType.IsDomainIntroduced => "tell whether a domain is introduced",
        XenstoreMessageType.Resume => "resume a domain",
        XenstoreMessageType.SetTarget => "set a domain's target",
        XenstoreMessageType.ResetWatches => "reset watches",
        XenstoreMessageType.GetFeature or XenstoreMessageType.SetFeature => "tell or set features",
        XenstoreMessageType.GetQuota or XenstoreMessageType.SetQuota => "tell or set a quota",
        _ => Type.ToString(),
    };

    /// <summary>The exception that an error reply means.</summary>
    public XenstoreException Failure(in XenstoreMessage reply)
    {
        (XenstoreError error, string name) = Error(reply);
        return XenstoreException.FromReply(error, name, Verb, Path);
    }

    /// <summary>The error of an error reply.</summary>
    public static (XenstoreError Error, string Name) Error(in XenstoreMessage reply)
    {
        XenstorePayloadReader reader = new(reply.Payload.Span);
        reader.TryReadLastString(out ReadOnlySpan<byte> bytes);
        XenstoreError error = XenstoreCodec.ParseError(bytes);
        if (error != XenstoreError.Unknown)
            return (error, error.ToString());
        // Whatever the peer sent: cut, and nothing but printable ASCII goes into a message.
        ReadOnlySpan<byte> shown = bytes[..Math.Min(bytes.Length, 32)];
        return (error, string.Create(shown.Length, shown, static (text, source) =>
        {
            for (int index = 0; index < text.Length; index++)
                text[index] = source[index] is > 0x20 and < 0x7f ? (char)source[index] : '?';
        }));
    }

    /// <summary>A request about a node, with any further strings.</summary>
    public static XenstoreRequest ForPath(XenstoreMessageType type, string path, uint transactionId, int generation, params ReadOnlySpan<string> arguments)
    {
        XenstorePath.Validate(path, allowSpecial: type is XenstoreMessageType.GetPerms);
        Span<byte> buffer = stackalloc byte[XenstoreLimit.PayloadMax];
        XenstorePayloadWriter writer = new(buffer);
        writer.WriteString(path);
        foreach (string argument in arguments)
            writer.WriteString(argument);
        return new XenstoreRequest(type, path, buffer[..writer.Length]) { TransactionId = transactionId, Generation = generation };
    }

    public static XenstoreRequest Write(string path, ReadOnlySpan<byte> value, uint transactionId, int generation)
    {
        XenstorePath.Validate(path);
        Span<byte> buffer = stackalloc byte[XenstoreLimit.PayloadMax];
        XenstorePayloadWriter writer = new(buffer);
        writer.WriteString(path);
        writer.WriteBytes(value);
        return new XenstoreRequest(XenstoreMessageType.Write, path, buffer[..writer.Length]) { TransactionId = transactionId, Generation = generation };
    }

    public static XenstoreRequest SetPermissions(string path, XenstorePermissions permissions, uint transactionId, int generation)
    {
        XenstorePath.Validate(path, allowSpecial: true);
        ArgumentNullException.ThrowIfNull(permissions);
        Span<byte> buffer = stackalloc byte[XenstoreLimit.PayloadMax];
        XenstorePayloadWriter writer = new(buffer);
        writer.WriteString(path);
        writer.WritePermissions(permissions);
        return new XenstoreRequest(XenstoreMessageType.SetPerms, path, buffer[..writer.Length]) { TransactionId = transactionId, Generation = generation };
    }

    /// <summary>WATCH or UNWATCH.</summary>
    public static XenstoreRequest ForWatch(
        XenstoreMessageType type, WatchRegistration watch, int generation = 0, Action<XenstoreMessage>? undo = null)
    {
        Span<byte> buffer = stackalloc byte[XenstoreLimit.PayloadMax];
        XenstorePayloadWriter writer = new(buffer);
        writer.WriteString(watch.Path);
        writer.WriteString(watch.Token);
        return new XenstoreRequest(type, watch.Path, buffer[..writer.Length])
        {
            Generation = generation,
            Undo = undo,
            Watch = type == XenstoreMessageType.Watch ? watch : null,
        };
    }

    /// <summary>A request without a node: any strings; none: a single NUL, which the protocol wants there.</summary>
    public static XenstoreRequest ForArguments(
        XenstoreMessageType type, uint transactionId, int generation, Action<XenstoreMessage>? undo, params ReadOnlySpan<string> arguments)
    {
        Span<byte> buffer = stackalloc byte[XenstoreLimit.PayloadMax];
        XenstorePayloadWriter writer = new(buffer);
        foreach (string argument in arguments)
            writer.WriteString(argument);
        if (arguments.IsEmpty)
            writer.WriteBytes([0]);
        return new XenstoreRequest(type, null, buffer[..writer.Length]) { TransactionId = transactionId, Generation = generation, Undo = undo };
    }

    /// <summary>A number as an argument.</summary>
    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
