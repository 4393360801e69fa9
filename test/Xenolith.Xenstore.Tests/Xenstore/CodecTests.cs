using System.Text;
using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Xenstore;

/// <summary>The bytes of the protocol: what goes out comes back, and no bytes from a peer do harm.</summary>
public sealed class CodecTests
{
    private static readonly Gen<string> s_text = Gen.Char.AlphaNumeric.Array[0, 40].Select(characters => new string(characters));

    private static readonly Gen<XenstorePermissions> s_permissions = Gen.Select(
        Gen.UShort,
        Gen.Int[0, 3],
        Gen.Select(Gen.UShort, Gen.Int[0, 3], (domain, access) => new XenstorePermission(domain, (XenstoreAccess)access)).Array[0, 10],
        (owner, others, entries) => new XenstorePermissions(owner, (XenstoreAccess)others, entries));

    [Fact]
    public void A_header_comes_back_as_it_was_written() => Gen.Select(Gen.UInt, Gen.UInt, Gen.UInt, Gen.UInt).Sample((type, request, transaction, length) =>
    {
        Span<byte> bytes = stackalloc byte[XenstoreCodec.HeaderSize];
        XenstoreCodec.WriteHeader(bytes, new XenstoreMessageHeader { Type = type, ReqId = request, TxId = transaction, Len = length });
        XenstoreMessageHeader read = XenstoreCodec.ReadHeader(bytes);
        return (read.Type, read.ReqId, read.TxId, read.Len) == (type, request, transaction, length);
    });

    [Fact]
    public void A_header_is_four_little_endian_words()
    {
        byte[] bytes = new byte[16];
        XenstoreCodec.WriteHeader(bytes, new XenstoreMessageHeader { Type = 2, ReqId = 0x01020304, TxId = 5, Len = 0x1000 });
        Assert.Equal([2, 0, 0, 0, 4, 3, 2, 1, 5, 0, 0, 0, 0, 0x10, 0, 0], bytes);
    }

    [Fact]
    public void Strings_and_a_raw_value_come_back_as_they_were_written() => Gen.Select(s_text.Array[0, 5], Gen.Byte.Array[0, 200]).Sample((texts, value) =>
    {
        byte[] buffer = new byte[XenstoreLimit.PayloadMax];
        XenstorePayloadWriter writer = new(buffer);
        foreach (string text in texts)
            writer.WriteString(text);
        writer.WriteBytes(value);

        XenstorePayloadReader reader = new(buffer.AsSpan(0, writer.Length));
        foreach (string text in texts)
        {
            if (!reader.TryReadString(out ReadOnlySpan<byte> read) || Encoding.UTF8.GetString(read) != text)
                return false;
        }

        return reader.Rest.SequenceEqual(value);
    });

    [Fact]
    public void Permissions_come_back_as_they_were_written() => s_permissions.Sample(permissions =>
    {
        byte[] buffer = new byte[XenstoreLimit.PayloadMax];
        XenstorePayloadWriter writer = new(buffer);
        writer.WritePermissions(permissions);
        return permissions.Equals(new XenstorePayloadReader(buffer.AsSpan(0, writer.Length)).ReadPermissions());
    });

    [Theory]
    [InlineData("n0", 0, XenstoreAccess.None)]
    [InlineData("r1", 1, XenstoreAccess.Read)]
    [InlineData("w2", 2, XenstoreAccess.Write)]
    [InlineData("b65535", 65535, XenstoreAccess.ReadWrite)]
    public void A_permission_is_a_letter_and_a_domain(string text, int domain, XenstoreAccess access)
    {
        Assert.True(XenstorePermission.TryParse(text, out XenstorePermission permission));
        Assert.Equal(new XenstorePermission((ushort)domain, access), permission);
        Assert.Equal(text, permission.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("n")]
    [InlineData("x1")]
    [InlineData("r-1")]
    [InlineData("r+1")]
    [InlineData("r 1")]
    [InlineData("r65536")]
    public void What_is_no_permission_is_refused(string text) => Assert.False(XenstorePermission.TryParse(text, out _));

    [Fact]
    public void Every_error_of_the_protocol_has_its_name()
    {
        foreach (XenstoreError error in Enum.GetValues<XenstoreError>().Where(error => error != XenstoreError.Unknown))
        {
            Assert.Equal(error.ToString(), Encoding.ASCII.GetString(XenstoreCodec.FormatError(error)));
            Assert.Equal(error, XenstoreCodec.ParseError(XenstoreCodec.FormatError(error)));
        }

        Assert.Equal(XenstoreError.Unknown, XenstoreCodec.ParseError("EWHATEVER"u8));
    }

    [Fact]
    public void A_payload_of_4096_bytes_is_written_and_one_more_is_refused()
    {
        byte[] buffer = new byte[2 * XenstoreLimit.PayloadMax];
        XenstorePayloadWriter writer = new(buffer);
        writer.WriteBytes(new byte[XenstoreLimit.PayloadMax - 1]);
        writer.WriteBytes([1]);
        ArgumentException exception = Assert.Throws<ArgumentException>(() =>
        {
            XenstorePayloadWriter full = new(buffer);
            full.WriteBytes(new byte[XenstoreLimit.PayloadMax]);
            full.WriteBytes([1]);
        });
        Assert.Equal(XenstoreLimit.PayloadMax, writer.Length);
        Assert.Contains("4096", exception.Message);
    }

    [Fact]
    public void Messages_come_out_of_a_stream_that_is_cut_anywhere() =>
        Gen.Select(Gen.Select(Gen.UInt, Gen.Byte.Array[0, 60]).Array[0, 8], Gen.Int[1, 40].Array[1, 8]).Sample((messages, cuts) =>
        {
            byte[] stream = [.. messages.SelectMany(message => Bytes(message.Item1, message.Item2))];
            XenstoreMessageParser parser = new();
            List<XenstoreMessage> read = [];
            for (int position = 0, cut = 0; position < stream.Length; cut++)
            {
                int count = Math.Min(cuts[cut % cuts.Length], stream.Length - position);
                ReadOnlySpan<byte> piece = stream.AsSpan(position, count);
                while (parser.TryRead(ref piece, out XenstoreMessage message))
                    read.Add(message);
                position += count;
            }

            return read.Count == messages.Length
                && read.Zip(messages).All(pair => pair.First.RequestId == pair.Second.Item1 && pair.First.Payload.Span.SequenceEqual(pair.Second.Item2));
        });

    [Fact]
    public void A_message_longer_than_the_limit_is_a_clear_error()
    {
        byte[] header = new byte[XenstoreCodec.HeaderSize];
        XenstoreCodec.WriteHeader(header, new XenstoreMessageHeader { Type = 2, Len = XenstoreLimit.PayloadMax + 1 });
        XenstoreProtocolException exception = Assert.Throws<XenstoreProtocolException>(() =>
        {
            ReadOnlySpan<byte> bytes = header;
            new XenstoreMessageParser().TryRead(ref bytes, out _);
        });
        Assert.Contains("4097", exception.Message);
        Assert.Contains("4096", exception.Message);
    }

    [Fact]
    public void No_bytes_do_anything_but_make_messages_or_a_protocol_error() => Gen.Byte.Array[0, 300].Sample(
        bytes =>
        {
            // Small lengths, so that some messages do come out.
            for (int index = 12; index + 4 <= bytes.Length; index += 24)
                bytes.AsSpan(index + 1, 3).Clear();
            try
            {
                ReadOnlySpan<byte> rest = bytes;
                XenstoreMessageParser parser = new();
                while (parser.TryRead(ref rest, out XenstoreMessage message))
                    ReadEverything(message.Payload.Span);
            }
            catch (XenstoreProtocolException)
            {
            }

            ReadEverything(bytes);
        },
        iter: 1_000_000,
        threads: 1);

    private static void ReadEverything(ReadOnlySpan<byte> payload)
    {
        _ = new XenstorePayloadReader(payload).ReadPermissions();
        _ = new XenstorePayloadReader(payload).TryReadNames([]);
        _ = new XenstorePayloadReader(payload).TryReadNumber(out _);
        _ = new XenstorePayloadReader(payload).TryReadWatchEvent(out _, out _);
        _ = new XenstorePayloadReader(payload).TryReadLastString(out _);
        _ = XenstoreCodec.ParseError(payload);
    }

    private static byte[] Bytes(uint requestId, byte[] payload)
    {
        byte[] message = new byte[XenstoreCodec.HeaderSize + payload.Length];
        XenstoreCodec.WriteHeader(message, new XenstoreMessageHeader { Type = 2, ReqId = requestId, Len = (uint)payload.Length });
        payload.CopyTo(message, XenstoreCodec.HeaderSize);
        return message;
    }
}
