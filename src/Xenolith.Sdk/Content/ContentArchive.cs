// The archive of an image's content, as the kernel reads it (src/Xenolith.Kernel/Files/PackedContent.cs). All numbers are
// little-endian, all offsets from its start, which lies on a page:
//
//      u32 magic "XLFS", u32 count, u32 name, u32 nameLength     the name of the program
//      entry[count], 40 bytes each                               0 is /app, 1 /usr, 2 /etc; what is in a directory lies together
//          u64 data, u64 size        a directory: its first entry and how many; a file: its bytes; a symbolic link: its text
//          u64 modified              nanoseconds since 1970
//          u32 name, u32 nameLength
//          u32 mode, u32 0           type and permissions (inode(7))
//      names, then data: a file of 2 KiB or more begins on a page, the rest of its last page is zero

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Xenolith.Sdk.Content;

/// <summary>Encodes the files that go into an image.</summary>
public static class ContentArchive
{
    /// <summary>The longest name of a file or directory, in bytes of UTF-8.</summary>
    public const int LongestName = 255;

    private const uint Magic = 0x53464C58;
    private const int HeaderSize = 16;
    private const int EntrySize = 40;
    private const int PageSize = 4096;
    // A smaller file would waste more than half of its page.
    private const int SmallestOnPage = 2048;
    private const uint DirectoryMode = 0x4000 | 0x16D;
    private const uint FileMode = 0x8000 | 0x124;
    private const uint LinkMode = 0xA000 | 0x1FF;
    private const string Shared = "/usr/", Configuration = "/etc/";

    /// <summary>Encodes an archive. Equal arguments give equal bytes, in whatever order the files come.</summary>
    /// <param name="program">The program's name, which no file may have.</param>
    /// <param name="files">The files; directories come from their paths.</param>
    /// <exception cref="ArgumentException">
    /// A path is empty, absolute, twice there, leads upwards, has a name that is too long, or is a file's and a directory's.
    /// </exception>
    public static byte[] Encode(string program, IEnumerable<ContentFile> files)
    {
        Node application = new("", null), shared = new("", null), configuration = new("", null);
        foreach (ContentFile file in files)
        {
            if (file.Path.StartsWith(Shared, StringComparison.Ordinal))
                Add(shared, file, file.Path[Shared.Length..], program: null);
            else if (file.Path.StartsWith(Configuration, StringComparison.Ordinal))
                Add(configuration, file, file.Path[Configuration.Length..], program: null);
            else
                Add(application, file, file.Path, program);
        }

        // Level by level, so that what is in a directory lies together.
        List<Node> nodes = [application, shared, configuration];
        for (int i = 0; i < nodes.Count; i++)
        {
            nodes[i].FirstChild = nodes.Count;
            nodes.AddRange(nodes[i].Children.Values);
        }

        MemoryStream body = new();
        int namesAt = HeaderSize + EntrySize * nodes.Count;
        (uint At, uint Length) WriteName(string name)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(name);
            uint at = (uint)(namesAt + body.Length);
            body.Write(bytes);
            return (at, (uint)bytes.Length);
        }

        byte[] head = new byte[namesAt];
        (uint programName, uint programNameLength) = WriteName(program);
        BinaryPrimitives.WriteUInt32LittleEndian(head, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), (uint)nodes.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(8), programName);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(12), programNameLength);
        for (int i = 0; i < nodes.Count; i++)
        {
            (uint name, uint length) = WriteName(nodes[i].Name);
            Span<byte> entry = head.AsSpan(HeaderSize + i * EntrySize);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], Nanoseconds(nodes[i].Modified()));
            BinaryPrimitives.WriteUInt32LittleEndian(entry[24..], name);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[28..], length);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[32..], nodes[i].File switch { null => DirectoryMode, { IsLink: true } => LinkMode, _ => FileMode });
        }

        // Files with the same content share it: of 600 time zones more than half are other names of the rest.
        Dictionary<string, ulong> written = [];
        for (int i = 0; i < nodes.Count; i++)
        {
            Span<byte> entry = head.AsSpan(HeaderSize + i * EntrySize);
            ulong data = (ulong)nodes[i].FirstChild, size = (ulong)nodes[i].Children.Count;
            if (nodes[i].File is { } file)
            {
                size = (ulong)file.Bytes.Length;
                string digest = Convert.ToHexString(SHA256.HashData(file.Bytes.Span));
                if (!written.TryGetValue(digest, out data))
                {
                    Align(body, namesAt, file.Bytes.Length >= SmallestOnPage ? PageSize : 8);
                    written.Add(digest, data = (ulong)(namesAt + body.Length));
                    body.Write(file.Bytes.Span);
                    if (file.Bytes.Length >= SmallestOnPage)
                        Align(body, namesAt, PageSize);
                }
            }
            BinaryPrimitives.WriteUInt64LittleEndian(entry, data);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], size);
        }
        return [.. head, .. body.ToArray()];
    }

    private static void Add(Node root, ContentFile file, string path, string? program)
    {
        string[] parts = path.Split('/');
        Node node = root;
        for (int i = 0; i < parts.Length; i++)
        {
            string name = parts[i];
            if (name is "" or "." or "..")
                throw new ArgumentException($"The content path {file.Path} is not one below the program's directory, /usr or /etc: give it one with Link.", nameof(file));
            if (Encoding.UTF8.GetByteCount(name) > LongestName)
                throw new ArgumentException($"The content path {file.Path} has a name of more than {LongestName} bytes.", nameof(file));
            bool isFile = i == parts.Length - 1;
            if (isFile && i == 0 && name == program)
                throw new ArgumentException($"The content path {file.Path} is the program's own: give it another with Link.", nameof(file));
            if (!node.Children.TryGetValue(name, out Node? next))
                node.Children.Add(name, next = new Node(name, isFile ? file : null));
            else if (isFile && next.File is { } other)
                throw new ArgumentException($"{other.Source} and {file.Source} have the same content path {file.Path}: give one of them another with Link.", nameof(file));
            else if (isFile || next.File is not null)
                throw new ArgumentException($"The content path {file.Path} is a file and a directory: give one of them another with Link.", nameof(file));
            node = next;
        }
    }

    private static void Align(MemoryStream stream, int offset, int alignment)
    {
        while ((offset + stream.Length) % alignment != 0)
            stream.WriteByte(0);
    }

    private static ulong Nanoseconds(DateTimeOffset time) =>
        time > DateTimeOffset.UnixEpoch ? (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100 : 0;

    private sealed class Node(string name, ContentFile? file)
    {
        internal string Name => name;

        internal ContentFile? File => file;

        internal SortedDictionary<string, Node> Children { get; } = new(StringComparer.Ordinal);

        internal int FirstChild { get; set; }

        /// <summary>A directory is as old as the newest of what it holds.</summary>
        internal DateTimeOffset Modified() =>
            file?.Modified ?? (Children.Count == 0 ? DateTimeOffset.UnixEpoch : Children.Values.Max(child => child.Modified()));
    }
}
