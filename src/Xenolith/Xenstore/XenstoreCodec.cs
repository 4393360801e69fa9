// The bytes of xenstore messages: a header of four little-endian words and a payload of NUL-terminated strings and raw values
// (Xen: io/xs_wire.h, docs/misc/xenstore.txt). Pure: no state, no I/O, no allocation.

using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Xenolith.Abi;

namespace Xenolith.Xenstore;

/// <summary>Reads and writes the header of a message, and the names of errors.</summary>
public static class XenstoreCodec
{
    /// <summary>Bytes of a header.</summary>
    public const int HeaderSize = 16;

    /// <summary>Bytes of the longest message.</summary>
    public const int MessageSizeMax = HeaderSize + XenstoreLimit.PayloadMax;

    /// <summary>Writes a header into the first <see cref="HeaderSize"/> bytes of a span.</summary>
    public static void WriteHeader(Span<byte> destination, in XenstoreMessageHeader header)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, header.Type);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], header.ReqId);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], header.TxId);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], header.Len);
    }

    /// <summary>Reads a header from the first <see cref="HeaderSize"/> bytes of a span. Any bytes give a header; whether it makes sense is to be checked.</summary>
    public static XenstoreMessageHeader ReadHeader(ReadOnlySpan<byte> source) => new()
    {
        Type = BinaryPrimitives.ReadUInt32LittleEndian(source),
        ReqId = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
        TxId = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
        Len = BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
    };

    /// <summary>The error that a name means; <see cref="XenstoreError.Unknown"/> for a name that is not in the protocol.</summary>
    public static XenstoreError ParseError(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("EINVAL"u8) => XenstoreError.EINVAL,
        _ when name.SequenceEqual("EACCES"u8) => XenstoreError.EACCES,
        _ when name.SequenceEqual("EEXIST"u8) => XenstoreError.EEXIST,
        _ when name.SequenceEqual("EISDIR"u8) => XenstoreError.EISDIR,
        _ when name.SequenceEqual("ENOENT"u8) => XenstoreError.ENOENT,
        _ when name.SequenceEqual("ENOMEM"u8) => XenstoreError.ENOMEM,
        _ when name.SequenceEqual("ENOSPC"u8) => XenstoreError.ENOSPC,
        _ when name.SequenceEqual("EIO"u8) => XenstoreError.EIO,
        _ when name.SequenceEqual("ENOTEMPTY"u8) => XenstoreError.ENOTEMPTY,
        _ when name.SequenceEqual("ENOSYS"u8) => XenstoreError.ENOSYS,
        _ when name.SequenceEqual("EROFS"u8) => XenstoreError.EROFS,
        _ when name.SequenceEqual("EBUSY"u8) => XenstoreError.EBUSY,
        _ when name.SequenceEqual("EAGAIN"u8) => XenstoreError.EAGAIN,
        _ when name.SequenceEqual("EISCONN"u8) => XenstoreError.EISCONN,
        _ when name.SequenceEqual("E2BIG"u8) => XenstoreError.E2BIG,
        _ when name.SequenceEqual("EPERM"u8) => XenstoreError.EPERM,
        _ => XenstoreError.Unknown,
    };

    /// <summary>The name of an error as it goes over the wire, without its NUL.</summary>
    public static ReadOnlySpan<byte> FormatError(XenstoreError error) => error switch
    {
        XenstoreError.EACCES => "EACCES"u8,
        XenstoreError.EEXIST => "EEXIST"u8,
        XenstoreError.EISDIR => "EISDIR"u8,
        XenstoreError.ENOENT => "ENOENT"u8,
        XenstoreError.ENOMEM => "ENOMEM"u8,
        XenstoreError.ENOSPC => "ENOSPC"u8,
        XenstoreError.EIO => "EIO"u8,
        XenstoreError.ENOTEMPTY => "ENOTEMPTY"u8,
        XenstoreError.ENOSYS => "ENOSYS"u8,
        XenstoreError.EROFS => "EROFS"u8,
        XenstoreError.EBUSY => "EBUSY"u8,
        XenstoreError.EAGAIN => "EAGAIN"u8,
        XenstoreError.EISCONN => "EISCONN"u8,
        XenstoreError.E2BIG => "E2BIG"u8,
        XenstoreError.EPERM => "EPERM"u8,
        _ => "EINVAL"u8,
    };
}

/// <summary>Composes a payload in a buffer of the caller's. Throws before a byte too many is written.</summary>
/// <param name="buffer">Where the payload goes; what lies beyond <see cref="XenstoreLimit.PayloadMax"/> is not used.</param>
public ref struct XenstorePayloadWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer[..Math.Min(buffer.Length, XenstoreLimit.PayloadMax)];

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>Appends text as UTF-8 with a NUL.</summary>
    /// <exception cref="ArgumentException">It has a NUL in it, or the payload becomes too long.</exception>
    public void WriteString(ReadOnlySpan<char> text)
    {
        if (text.Contains('\0'))
            throw new ArgumentException("The text has a NUL character in it, which ends a string in xenstore's protocol.");
        if (!Encoding.UTF8.TryGetBytes(text, _buffer[Length..], out int written))
            throw TooLong();
        Length += written;
        WriteBytes([0]);
    }

    /// <summary>Appends a number in decimal with a NUL.</summary>
    /// <exception cref="ArgumentException">The payload becomes too long.</exception>
    public void WriteNumber(long number)
    {
        if (!Utf8Formatter.TryFormat(number, _buffer[Length..], out int written))
            throw TooLong();
        Length += written;
        WriteBytes([0]);
    }

    /// <summary>Appends a list of permissions.</summary>
    /// <exception cref="ArgumentException">The payload becomes too long.</exception>
    public void WritePermissions(XenstorePermissions permissions)
    {
        foreach (XenstorePermission entry in permissions.WireEntries)
        {
            WriteBytes("nrwb"u8.Slice((int)entry.Access & 3, 1));
            WriteNumber(entry.DomainId);
        }
    }

    /// <summary>Appends bytes as they are, without a NUL.</summary>
    /// <exception cref="ArgumentException">The payload becomes too long.</exception>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.TryCopyTo(_buffer[Length..]))
            throw TooLong();
        Length += bytes.Length;
    }

    private static ArgumentException TooLong() =>
        new($"The request is longer than {XenstoreLimit.PayloadMax} bytes, which a xenstore message holds at most (a path, a NUL and the value together).");
}

/// <summary>Takes a payload apart. Never throws: what does not fit the format is a result.</summary>
/// <param name="payload">The payload; any bytes.</param>
public ref struct XenstorePayloadReader(ReadOnlySpan<byte> payload)
{
    /// <summary>What has not been read yet.</summary>
    public ReadOnlySpan<byte> Rest { get; private set; } = payload;

    /// <summary>Takes the bytes up to the next NUL, and the NUL.</summary>
    /// <returns>False if there is no NUL; nothing is taken then.</returns>
    public bool TryReadString(out ReadOnlySpan<byte> text)
    {
        int end = Rest.IndexOf((byte)0);
        text = end < 0 ? default : Rest[..end];
        if (end >= 0)
            Rest = Rest[(end + 1)..];
        return end >= 0;
    }

    /// <summary>Takes the last string, whose NUL may be missing, as some replies of some daemons have it.</summary>
    /// <returns>False if something follows the string's NUL.</returns>
    public bool TryReadLastString(out ReadOnlySpan<byte> text)
    {
        if (!TryReadString(out text))
        {
            text = Rest;
            Rest = default;
        }

        return Rest.IsEmpty;
    }

    /// <summary>Takes a string that is an unsigned decimal number and nothing else.</summary>
    public bool TryReadNumber(out ulong number)
    {
        number = 0;
        return TryReadString(out ReadOnlySpan<byte> text) && TryParseNumber(text, out number);
    }

    /// <summary>Reads an unsigned decimal number without sign or space.</summary>
    public static bool TryParseNumber(ReadOnlySpan<byte> text, out ulong number)
    {
        number = 0;
        return !text.IsEmpty && char.IsAsciiDigit((char)text[0]) && Utf8Parser.TryParse(text, out number, out int used) && used == text.Length;
    }

    /// <summary>Takes all that is left as a list of permissions.</summary>
    /// <returns><see langword="null"/> if it is none, or an empty one.</returns>
    public XenstorePermissions? ReadPermissions()
    {
        List<XenstorePermission> entries = [];
        Span<char> characters = stackalloc char[8];
        while (!Rest.IsEmpty)
        {
            if (!TryReadString(out ReadOnlySpan<byte> text) || text.Length > characters.Length)
                return null;
            int length = Encoding.Latin1.GetChars(text, characters);
            if (!XenstorePermission.TryParse(characters[..length], out XenstorePermission entry))
                return null;
            entries.Add(entry);
        }

        return XenstorePermissions.FromWire([.. entries]);
    }

    /// <summary>Takes all that is left as a list of strings, each with its NUL, and appends them.</summary>
    /// <returns>False if the last has no NUL, or one is empty.</returns>
    public bool TryReadNames(List<string> names)
    {
        while (!Rest.IsEmpty)
        {
            if (!TryReadString(out ReadOnlySpan<byte> text) || text.IsEmpty)
                return false;
            names.Add(Encoding.UTF8.GetString(text));
        }

        return true;
    }

    /// <summary>Takes a watch event: path and token.</summary>
    public bool TryReadWatchEvent(out ReadOnlySpan<byte> path, out ReadOnlySpan<byte> token)
    {
        token = default;
        return TryReadString(out path) && TryReadString(out token) && !path.IsEmpty;
    }
}

/// <summary>A message taken out of a stream of bytes.</summary>
/// <param name="Type">What it is.</param>
/// <param name="RequestId">The request that it belongs to; 0 in watch events.</param>
/// <param name="TransactionId">The transaction, or 0.</param>
/// <param name="Payload">Its payload, a copy of its own.</param>
public readonly record struct XenstoreMessage(XenstoreMessageType Type, uint RequestId, uint TransactionId, ReadOnlyMemory<byte> Payload);

/// <summary>Cuts a stream of bytes, arriving in any pieces, into messages. Not safe for use from several threads at once.</summary>
public sealed class XenstoreMessageParser
{
    private readonly byte[] _header = new byte[XenstoreCodec.HeaderSize];
    private int _headerFilled;
    private XenstoreMessageHeader _current;
    private byte[]? _payload;
    private int _payloadFilled;

    /// <summary>Takes bytes from the front of a span until a message is complete or the span is empty. Holds one message's bytes at most.</summary>
    /// <returns>Whether a message is complete; call again for what is left of the span.</returns>
    /// <exception cref="XenstoreProtocolException">The header announces more than <see cref="XenstoreLimit.PayloadMax"/> bytes. The stream cannot be
    /// understood any more: close it, and use this object no further.</exception>
    public bool TryRead(ref ReadOnlySpan<byte> bytes, out XenstoreMessage message)
    {
        message = default;
        if (_payload is null)
        {
            Fill(_header, ref _headerFilled, ref bytes);
            if (_headerFilled < _header.Length)
                return false;
            _current = XenstoreCodec.ReadHeader(_header);
            if (_current.Len > XenstoreLimit.PayloadMax)
            {
                throw new XenstoreProtocolException(
                    $"The peer announces a message of {_current.Len} bytes; the protocol's limit is {XenstoreLimit.PayloadMax}. The connection is closed.");
            }

            _payload = _current.Len == 0 ? [] : new byte[_current.Len];
        }

        Fill(_payload, ref _payloadFilled, ref bytes);
        if (_payloadFilled < _payload.Length)
            return false;
        message = new XenstoreMessage((XenstoreMessageType)_current.Type, _current.ReqId, _current.TxId, _payload);
        _payload = null;
        _headerFilled = _payloadFilled = 0;
        return true;
    }

    private static void Fill(byte[] target, ref int filled, ref ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(target.Length - filled, bytes.Length);
        bytes[..count].CopyTo(target.AsSpan(filled));
        filled += count;
        bytes = bytes[count..];
    }
}
