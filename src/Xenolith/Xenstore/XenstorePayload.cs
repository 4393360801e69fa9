// The payload of a message: NUL-terminated strings, and raw values at the end (Xen: docs/misc/xenstore.txt).

using System.Buffers.Text;
using System.Text;
using Xenolith.Abi;

namespace Xenolith.Xenstore;

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
