using System.Buffers.Binary;
using System.Text;

namespace Xenolith.Bed.Protocol;

/// <summary>Writes the fields of a request or a result: little-endian integers, and strings and byte strings behind a 32-bit length.</summary>
internal sealed class MessageWriter
{
    private byte[] _buffer = new byte[256];
    private int _length;

    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    public MessageWriter Byte(byte value)
    {
        Reserve(1)[0] = value;
        return this;
    }

    public MessageWriter Boolean(bool value) => Byte(value ? (byte)1 : (byte)0);

    public MessageWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Reserve(4), value);
        return this;
    }

    public MessageWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Reserve(8), value);
        return this;
    }

    public MessageWriter Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        value.CopyTo(Reserve(value.Length));
        return this;
    }

    public MessageWriter String(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public MessageWriter Strings(IReadOnlyCollection<string> values)
    {
        Int32(values.Count);
        foreach (string value in values)
            String(value);
        return this;
    }

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Length - _length < count)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        Span<byte> span = _buffer.AsSpan(_length, count);
        _length += count;
        return span;
    }
}

/// <summary>
/// Reads what <see cref="MessageWriter"/> wrote. A message that ends early or has a negative length is an <see cref="InvalidDataException"/>.
/// </summary>
internal ref struct MessageReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    public byte Byte() => Take(1)[0];

    public bool Boolean() => Byte() != 0;

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public ReadOnlySpan<byte> Bytes() => Take(Int32());

    public string String() => Encoding.UTF8.GetString(Bytes());

    public string[] Strings()
    {
        int count = Int32();
        if ((uint)count > (uint)_rest.Length)
            throw new InvalidDataException("A list in a message is longer than the message.");
        string[] values = new string[count];
        for (int i = 0; i < count; i++)
            values[i] = String();
        return values;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)_rest.Length)
            throw new InvalidDataException("A message is shorter than its fields.");
        ReadOnlySpan<byte> span = _rest[..count];
        _rest = _rest[count..];
        return span;
    }
}
