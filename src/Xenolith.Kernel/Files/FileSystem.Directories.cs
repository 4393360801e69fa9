// Enumerating directories.
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Files;

/// <summary>One entry of an enumeration.</summary>
internal unsafe ref struct DirectoryItem
{
    internal System.ReadOnlySpan<byte> Name;
    internal Inode* Target;

    /// <summary>The position behind it.</summary>
    internal ulong Next;
}

internal unsafe partial struct FileSystem
{
    /// <summary>Begins an enumeration; ends with <see cref="CloseCursor"/>.</summary>
    internal long OpenCursor(Inode* inode, DirectoryCursor* cursor)
    {
        Directory* directory = inode->Directory;
        cursor->Previous = null;
        cursor->Next = directory->Cursors;
        if (cursor->Next != null)
            cursor->Next->Previous = cursor;
        directory->Cursors = cursor;
        return Seek(inode, cursor, 0);
    }

    internal static void CloseCursor(Inode* inode, DirectoryCursor* cursor)
    {
        if (cursor->Previous == null)
            inode->Directory->Cursors = cursor->Next;
        else
            cursor->Previous->Next = cursor->Next;
        if (cursor->Next != null)
            cursor->Next->Previous = cursor->Previous;
    }

    /// <summary>Goes to the entry at a position, or the first one behind it. Position 0 begins anew, with what is there now.</summary>
    internal long Seek(Inode* inode, DirectoryCursor* cursor, ulong position)
    {
        long error = EnsurePopulated(inode);
        if (error != 0)
            return error;
        if (position == 0)
            cursor->Limit = inode->Directory->NextCookie;
        cursor->Position = position;
        cursor->At = inode->Directory->First;
        while (cursor->At != null && cursor->At->Cookie < position)
            cursor->At = cursor->At->Next;
        return (long)position;
    }

    /// <summary>The entry that an enumeration is at; false at its end. <see cref="Advance"/> goes on.</summary>
    internal static bool Peek(Inode* inode, DirectoryCursor* cursor, ref DirectoryItem item)
    {
        if (inode->Links == 0 && inode->Directory->Parent != inode)
            return false; // a directory that was removed has not even "."
        if (cursor->Position < 2)
        {
            item.Name = cursor->Position == 0 ? "."u8 : ".."u8;
            item.Target = cursor->Position == 0 ? inode : inode->Directory->Parent;
            item.Next = cursor->Position + 1;
            return true;
        }
        Dentry* entry = cursor->At;
        if (entry == null || entry->Cookie >= cursor->Limit)
            return false;
        item.Name = Dentry.NameOf(entry);
        item.Target = entry->Target;
        item.Next = entry->Cookie + 1;
        return true;
    }

    internal static void Advance(DirectoryCursor* cursor)
    {
        if (cursor->Position < 2)
        {
            cursor->Position++;
            return;
        }
        cursor->Position = cursor->At->Cookie + 1;
        cursor->At = cursor->At->Next;
    }
}
