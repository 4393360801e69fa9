// Reads static libraries: the Unix `ar` format in its System V/GNU form.

using System.Globalization;
using System.Text;

namespace Xenolith.Sdk.Elf;

/// <summary>Reads the members of static libraries.</summary>
public static class ArchiveReader
{
    private const int HeaderSize = 60;
    private static ReadOnlySpan<byte> Magic => "!<arch>\n"u8;

    /// <summary>Whether the bytes begin as an archive does.</summary>
    public static bool IsArchive(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Magic);

    /// <summary>The contents of an archive's members, in order, without its symbol index and its table of long names.</summary>
    /// <exception cref="ElfFormatException">It is not an archive, or it is damaged.</exception>
    public static IEnumerable<ReadOnlyMemory<byte>> Members(ReadOnlyMemory<byte> archive)
    {
        if (!IsArchive(archive.Span))
            throw new ElfFormatException("not a static library");
        int at = Magic.Length;
        while (archive.Length - at >= HeaderSize)
        {
            ReadOnlyMemory<byte> header = archive.Slice(at, HeaderSize);
            string name = Encoding.ASCII.GetString(header.Span[..16]).TrimEnd();
            if (!uint.TryParse(header.Span.Slice(48, 10), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out uint size))
                throw new ElfFormatException("a member of the static library has no size");
            at += HeaderSize;
            if (size > (uint)(archive.Length - at))
                throw new ElfFormatException("the static library is cut short");
            if (name is not ("/" or "//" or "/SYM64/"))
                yield return archive.Slice(at, (int)size);
            at = (int)Math.Min((long)at + size + (size & 1), archive.Length); // members begin at even offsets
        }
    }
}
