// From a path to what it leads to (path_resolution(7)).
using System;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Files;

/// <summary>What the last component of a path is.</summary>
internal enum LastComponent
{
    /// <summary>A name.</summary>
    Name,

    /// <summary>"/" alone.</summary>
    Root,

    /// <summary>".".</summary>
    Self,

    /// <summary>"..".</summary>
    Parent,
}

/// <summary>What a path leads to. Valid until the file system is next changed.</summary>
internal unsafe struct PathResult
{
    internal LastComponent Last;

    /// <summary>The path ends with a slash, so it means a directory.</summary>
    internal bool EndsWithSlash;

    /// <summary>The directory in which the last component is a name; else null.</summary>
    internal Inode* Parent;

    /// <summary>The name's entry; null if there is none, or the last component is no name.</summary>
    internal Dentry* Entry;

    /// <summary>What the path leads to; null if the last component does not exist.</summary>
    internal Inode* Target;

    internal int NameLength;
    private fixed byte name[Names.Longest + 1];

    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    internal ReadOnlySpan<byte> Name
    {
        get
        {
            fixed (byte* start = name)
                return new ReadOnlySpan<byte>(start, NameLength);
        }
    }

    internal void SetName(ReadOnlySpan<byte> value)
    {
        NameLength = value.Length;
        for (int i = 0; i < value.Length; i++)
            name[i] = value[i];
    }
}

internal unsafe partial struct FileSystem
{
    private const int MostLinks = 40;

    /// <summary>
    /// Resolves a path. 0 also if only the last component is missing; ENOENT, ENOTDIR, ELOOP or ENAMETOOLONG before it.
    /// </summary>
    /// <param name="start">The directory from which a relative path leads.</param>
    /// <param name="path">Without its NUL.</param>
    /// <param name="followLast">A symbolic link that is the last component is followed.</param>
    /// <param name="result">Written to in any case.</param>
    internal long Resolve(Inode* start, ReadOnlySpan<byte> path, bool followLast, PathResult* result) =>
        Walk(start, path, followLast, isName: false, result);

    /// <summary>
    /// Resolves the path of a name that is to be made, moved or removed: as <see cref="Resolve"/>, but a link at the end stays, and so does what is
    /// no directory, also before a slash.
    /// </summary>
    internal long ResolveName(Inode* start, ReadOnlySpan<byte> path, PathResult* result) => Walk(start, path, followLast: false, isName: true, result);

    private long Walk(Inode* start, ReadOnlySpan<byte> path, bool followLast, bool isName, PathResult* result)
    {
        result->Parent = null;
        result->Entry = null;
        result->Target = null;
        result->NameLength = 0;
        result->EndsWithSlash = false;
        result->Last = LastComponent.Root;
        if (path.Length == 0)
            return -Errno.NoEntry;
        if (path.Length >= Names.LongestPath)
            return -Errno.NameTooLong;
        fixed (byte* buffers = scratch)
        {
            byte* text = buffers;
            int length = path.Length, at = 0, links = 0;
            for (int i = 0; i < length; i++)
                text[i] = path[i];
            Inode* directory = text[0] == '/' ? Root : start;
            for (; ; )
            {
                while (at < length && text[at] == '/')
                    at++;
                if (at == length)
                {
                    // Only slashes, or what a link has left of the path.
                    result->Target = directory;
                    return directory->IsDirectory ? 0 : -Errno.NotDirectory;
                }
                int end = at;
                while (end < length && text[end] != '/')
                    end++;
                int next = end;
                while (next < length && text[next] == '/')
                    next++;
                bool isLast = next == length;
                ReadOnlySpan<byte> name = new(text + at, end - at);
                if (!directory->IsDirectory)
                    return -Errno.NotDirectory;
                if (name.Length > Names.Longest)
                    return -Errno.NameTooLong;
                bool isUp = Names.AreSame(name, ".."u8);
                if (isUp || Names.AreSame(name, "."u8))
                {
                    if (isUp)
                        directory = directory->Directory->Parent;
                    if (isLast)
                    {
                        result->Last = isUp ? LastComponent.Parent : LastComponent.Self;
                        result->Target = directory;
                        return 0;
                    }
                    at = next;
                    continue;
                }

                long error = Find(directory, name, out Dentry* entry);
                if (error != 0)
                    return error;
                if (entry == null && !isLast)
                    return -Errno.NoEntry;
                bool endsWithSlash = isLast && end < length;
                if (entry != null && entry->Target->IsLink && (!isLast || (endsWithSlash ? !isName : followLast)))
                {
                    // The link's text takes the place of the path so far. Linux has no limit to both together.
                    if (++links > MostLinks)
                        return -Errno.TooManyLinks;
                    if ((entry->Target->Flags & InodeFlags.Descriptor) != 0)
                    {
                        directory = host.Follow(entry->Target);
                        if (directory == null)
                            return -Errno.NoDevice;
                        if (isLast)
                        {
                            result->Target = directory;
                            return endsWithSlash && !directory->IsDirectory ? -Errno.NotDirectory : 0;
                        }
                        at = next;
                        continue;
                    }
                    ReadOnlySpan<byte> target = entry->Target->Text;
                    if (target.Length + (length - end) >= Names.LongestPath)
                        return -Errno.NameTooLong;
                    byte* other = text == buffers ? buffers + Names.LongestPath : buffers;
                    for (int i = 0; i < target.Length; i++)
                        other[i] = target[i];
                    for (int i = end; i < length; i++)
                        other[target.Length + i - end] = text[i];
                    length = target.Length + (length - end);
                    text = other;
                    at = 0;
                    if (text[0] == '/')
                        directory = Root;
                    continue;
                }

                if (isLast)
                {
                    result->Last = LastComponent.Name;
                    result->Parent = directory;
                    result->Entry = entry;
                    result->EndsWithSlash = endsWithSlash;
                    result->SetName(name);
                    if (entry == null)
                        return 0;
                    result->Target = entry->Target;
                    return endsWithSlash && !isName && !entry->Target->IsDirectory ? -Errno.NotDirectory : 0;
                }
                directory = entry->Target;
                at = next;
            }
        }
    }

    /// <summary>The entry of a name in a directory; null if there is none. An error when the directory's entries cannot be made.</summary>
    private long Find(Inode* directory, ReadOnlySpan<byte> name, out Dentry* entry)
    {
        entry = null;
        long error = EnsurePopulated(directory);
        if (error == 0)
            entry = directory->Directory->Names.Find(directory->Directory->First, NameTable.Hash(name), name);
        return error;
    }

    /// <summary>Makes the entries of a directory if they are not there yet.</summary>
    internal long EnsurePopulated(Inode* directory)
    {
        if ((directory->Flags & InodeFlags.Unpopulated) == 0)
            return 0;
        directory->Flags &= ~InodeFlags.Unpopulated;
        long error = host.Populate(directory);
        if (error != 0)
            directory->Flags |= InodeFlags.Unpopulated; // what has been made is found when it is asked for again
        return error;
    }

    /// <summary>
    /// Writes the absolute path of a directory, without a NUL. Its length; ENOENT if the directory has been removed, ERANGE if there is no room.
    /// </summary>
    internal readonly long PathOf(Inode* directory, Span<byte> buffer)
    {
        int at = buffer.Length;
        Inode* node = directory;
        for (; node != Root; node = node->Directory->Parent)
        {
            Dentry* self = node->Name;
            if (self == null)
                return -Errno.NoEntry;
            at -= self->NameLength + 1;
            if (at < 0)
                return -Errno.Range;
            buffer[at] = (byte)'/';
            Dentry.NameOf(self).CopyTo(buffer.Slice(at + 1, self->NameLength));
        }
        if (node == directory)
        {
            if (--at < 0)
                return -Errno.Range;
            buffer[at] = (byte)'/';
        }
        int length = buffer.Length - at;
        ((ReadOnlySpan<byte>)buffer.Slice(at)).CopyTo(buffer);
        return length;
    }

    /// <summary>As <see cref="PathOf"/>, of whatever has a name: of several the one that was made last.</summary>
    internal readonly long PathOfAny(Inode* inode, Span<byte> buffer)
    {
        if (inode->IsDirectory)
            return PathOf(inode, buffer);
        Dentry* name = inode->Name;
        if (name == null)
            return -Errno.NoEntry;
        long length = name->Directory == Root ? 0 : PathOf(name->Directory, buffer);
        if (length < 0)
            return length;
        int end = (int)length + 1 + name->NameLength;
        if (end > buffer.Length)
            return -Errno.Range;
        buffer[(int)length] = (byte)'/';
        Dentry.NameOf(name).CopyTo(buffer.Slice((int)length + 1));
        return end;
    }
}
