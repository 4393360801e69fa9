// What a name leads to: a file, a directory, a symbolic link or a device, with its content and attributes.
using System;

namespace Xenolith.Kernel.Files;

/// <summary>The type in an inode's mode (inode(7)).</summary>
internal static class FileType
{
    internal const uint Mask = 0xF000, Fifo = 0x1000, CharacterDevice = 0x2000, Directory = 0x4000, Regular = 0x8000, Link = 0xA000, Socket = 0xC000;
    internal const uint Permissions = 0xFFF;
}

[Flags]
internal enum InodeFlags : uint
{
    None = 0,

    /// <summary>Nothing about it can be changed (EROFS): what was packed at publish, and what the kernel shows.</summary>
    ReadOnly = 1,

    /// <summary>A directory whose entries are made when they are first asked for.</summary>
    Unpopulated = 2,

    /// <summary>The content lies in the image, at <see cref="Inode.Bytes"/>.</summary>
    Packed = 4,

    /// <summary>The content is made when the file is opened; <see cref="Inode.Tag"/> says which.</summary>
    Generated = 8,

    /// <summary>A symbolic link that leads to what a descriptor has open, by whatever name; <see cref="Inode.Tag"/> is its number.</summary>
    Descriptor = 16,
}

internal unsafe struct Inode
{
    internal ulong Number;

    /// <summary>Type and permissions.</summary>
    internal uint Mode;
    internal uint Owner, Group;

    /// <summary>
    /// Names that lead here; for a directory 2, and one for each directory in it. With the last of them and of the references it ends.
    /// </summary>
    internal uint Links;

    /// <summary>Open files, mappings, and directories in it.</summary>
    internal uint References;

    internal InodeFlags Flags;

    /// <summary>The name that was last made for it; null for the root, and once that name has been removed.</summary>
    internal Dentry* Name;

    /// <summary>Who is told what happens to it.</summary>
    internal Watch* Watches;

    /// <summary>The owner's: a device's number, what populates a directory, what generates a file.</summary>
    internal uint Tag;

    /// <summary>flock(2): -1 is exclusive, n is shared by n open files.</summary>
    internal int Locks;

    /// <summary>Bytes; of a directory or a device it means nothing.</summary>
    internal ulong Size;

    /// <summary>Nanoseconds since 1970.</summary>
    internal ulong Accessed, Modified, Changed, Created;

    /// <summary>Small content; packed content; the text of a link; a directory's <see cref="Directory"/>.</summary>
    internal byte* Bytes;

    /// <summary>What there is room for at <see cref="Bytes"/>, for small content.</summary>
    internal uint Capacity;

    /// <summary>Mappings of the content into the address space.</summary>
    internal uint Mappings;

    /// <summary>Content that is not small.</summary>
    internal PageIndex Pages;

    internal readonly uint Type => Mode & FileType.Mask;
    internal readonly bool IsDirectory => Type == FileType.Directory;
    internal readonly bool IsRegular => Type == FileType.Regular;
    internal readonly bool IsLink => Type == FileType.Link;
    internal readonly bool IsReadOnly => (Flags & InodeFlags.ReadOnly) != 0;
    internal readonly bool IsPacked => (Flags & InodeFlags.Packed) != 0;
    internal readonly Directory* Directory => (Directory*)Bytes;

    /// <summary>The text of a symbolic link.</summary>
    internal readonly ReadOnlySpan<byte> Text => new(Bytes, (int)Size);
}

/// <summary>The entries of a directory.</summary>
internal unsafe struct Directory
{
    internal Inode* Parent;

    internal Dentry* First, Last;
    internal uint Count;

    /// <summary>The cookie of the next entry. "." and ".." have 0 and 1.</summary>
    internal ulong NextCookie;

    internal NameTable Names;

    /// <summary>Enumerations in progress.</summary>
    internal DirectoryCursor* Cursors;
}

/// <summary>
/// Where an enumeration of a directory is. Entries made after it began are left out, one that is removed is passed over, and every other
/// is met once.
/// </summary>
internal unsafe struct DirectoryCursor
{
    internal DirectoryCursor* Next, Previous;

    /// <summary>The next entry; null before the first and after the last.</summary>
    internal Dentry* At;

    /// <summary>0 for ".", 1 for "..", then the cookie of the next entry.</summary>
    internal ulong Position;

    /// <summary>Entries from this cookie on came too late.</summary>
    internal ulong Limit;
}
