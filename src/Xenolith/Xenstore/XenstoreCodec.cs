// The header of a message, four little-endian words, and the names of errors (Xen: io/xs_wire.h). Pure: no state, no I/O, no allocation.

using System.Buffers.Binary;
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

    /// <summary>
    /// Reads a header from the first <see cref="HeaderSize"/> bytes of a span. Any bytes give a header; whether it makes sense is to be checked.
    /// </summary>
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
