// Messages out of a stream of bytes.

using Xenolith.Abi;

namespace Xenolith.Xenstore;

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
