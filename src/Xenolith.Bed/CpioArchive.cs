using System.Globalization;
using System.Text;

namespace Xenolith.Bed;

/// <summary>
/// Writes an initial RAM file system: a cpio archive of the "newc" format (the kernel's Documentation/driver-api/early-userspace/buffer-format.rst).
/// Everything belongs to root and has the time 0, so equal contents make equal archives. Missing folders are made. Not thread-safe.
/// </summary>
public sealed class CpioArchive
{
    private const int DirectoryType = 0x4000;
    private const int CharacterDeviceType = 0x2000;
    private const int RegularType = 0x8000;
    private const int LinkType = 0xA000;

    private readonly Stream _output;
    private readonly HashSet<string> _names = [];
    private int _lastInode;
    private long _position;

    /// <summary>Begins an archive.</summary>
    /// <param name="output">Where it goes; it stays open. Archives written one after the other count as one for the kernel.</param>
    public CpioArchive(Stream output) => _output = output;

    /// <summary>Adds a file.</summary>
    /// <param name="path">Its path without a leading slash.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="executable">Whether it may be executed.</param>
    public void AddFile(string path, ReadOnlySpan<byte> content, bool executable = false) => Add(path, RegularType | (executable ? 0x1ED : 0x1A4), content);

    /// <summary>Adds a text file in UTF-8.</summary>
    public void AddFile(string path, string content, bool executable = false) => AddFile(path, Encoding.UTF8.GetBytes(content), executable);

    /// <summary>Adds a folder, unless it is there.</summary>
    public void AddDirectory(string path)
    {
        if (path.Length > 0 && !_names.Contains(path))
            Add(path, DirectoryType | 0x1ED, default);
    }

    /// <summary>Adds a symbolic link.</summary>
    public void AddLink(string path, string target) => Add(path, LinkType | 0x1FF, Encoding.UTF8.GetBytes(target));

    /// <summary>Adds a character device.</summary>
    public void AddCharacterDevice(string path, int major, int minor) => Add(path, CharacterDeviceType | 0x180, default, major, minor);

    /// <summary>Ends the archive.</summary>
    public void Finish() => Write("TRAILER!!!", 0, default, 0, 0, 0);

    private void Add(string path, int mode, ReadOnlySpan<byte> content, int major = 0, int minor = 0)
    {
        AddDirectory(Path.GetDirectoryName(path) ?? "");
        if (_names.Add(path))
            Write(path, mode, content, major, minor, ++_lastInode);
    }

    private void Write(string path, int mode, ReadOnlySpan<byte> content, int major, int minor, int inode)
    {
        byte[] name = [.. Encoding.UTF8.GetBytes(path), 0];
        ReadOnlySpan<int> fields = [inode, mode, 0, 0, 1, 0, content.Length, 0, 0, major, minor, name.Length, 0];
        StringBuilder header = new("070701");
        foreach (int field in fields)
            header.Append(field.ToString("X8", CultureInfo.InvariantCulture));
        Write(Encoding.ASCII.GetBytes(header.ToString()));
        Write(name);
        Pad();
        Write(content);
        Pad();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _position += bytes.Length;
    }

    private void Pad() => Write(stackalloc byte[(int)(-_position & 3)]);
}
