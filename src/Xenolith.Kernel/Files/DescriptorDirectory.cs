// /proc/self/fd: a symbolic link for each open descriptor, named by its number. Descriptors come and go, so the links are brought up to date
// whenever a name is looked up or an enumeration begins. What a link says is made when it is read: files can be renamed while they are open.
using System;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Files;

internal static unsafe class DescriptorDirectory
{
    // What Linux says the length of such a link is.
    private const ulong LinkSize = 64;
    private const uint LinkMode = FileType.Link | 0x1C0;

    // The table's changes that the directory has seen.
    private static ulong seen;

    /// <summary>Removes the links of descriptors that have been closed, and makes those of new ones.</summary>
    /// <param name="parent">The directory; it stays <see cref="InodeFlags.Unpopulated"/>, so that it is asked for again.</param>
    internal static long Update(Inode* parent)
    {
        parent->Flags |= InodeFlags.Unpopulated;
        if (seen == FileTable.Changes)
            return 0;
        for (Dentry* entry = parent->Directory->First; entry != null;)
        {
            Dentry* next = entry->Next;
            if (FileTable.Get(entry->Target->Tag) == null)
                FileTree.System->RemoveSystemName(parent, entry);
            entry = next;
        }
        for (ulong descriptor = FileTable.NextOpen(0); descriptor < FileTable.Capacity; descriptor = FileTable.NextOpen(descriptor + 1))
        {
            LineBuffer name = default;
            name.Decimal(descriptor);
            Inode* link = FileTree.System->CreateOnce(parent, name.Content, LinkMode, out long error);
            if (link == null)
                return error;
            link->Tag = (uint)descriptor;
            link->Flags = InodeFlags.ReadOnly | InodeFlags.Descriptor;
            link->Size = LinkSize;
        }
        seen = FileTable.Changes;
        return 0;
    }

    /// <summary>What a link leads to; null for pipes and what else has no place in the file system.</summary>
    internal static Inode* Follow(Inode* link)
    {
        OpenFile* file = FileTable.Get(link->Tag);
        if (file == null)
            return null;
        return file->Inode == null && file->Kind == FileKind.Console ? SystemTree.Console : file->Inode;
    }

    /// <summary>Writes what a link says, without a NUL: the path, or the kind of what has none. Its length; ENOENT, ENAMETOOLONG.</summary>
    internal static long Read(Inode* link, Span<byte> buffer)
    {
        OpenFile* file = FileTable.Get(link->Tag);
        if (file == null)
            return -Errno.NoEntry;
        if (file->Inode != null && (file->Inode->IsDirectory || file->Inode->Name != null))
        {
            long length = FileTree.System->PathOfAny(file->Inode, buffer);
            if (length != -Errno.NoEntry)
                return length == -Errno.Range ? -Errno.NameTooLong : length;
        }
        LineBuffer text = default;
        switch (file->Kind)
        {
            case FileKind.Console: text.Text("/dev/console"); break;
            case FileKind.PipeReader or FileKind.PipeWriter:
                text.Text("pipe:[");
                text.Decimal(file->Pipe->Number);
                text.Text("]");
                break;
            case FileKind.EventPoll: text.Text("anon_inode:[eventpoll]"); break;
            case FileKind.Watcher: text.Text("anon_inode:inotify"); break;
            default:
                text.Text("/#");
                text.Decimal(file->Inode->Number);
                text.Text(" (deleted)");
                break;
        }
        text.Content.CopyTo(buffer);
        return text.Length;
    }
}
