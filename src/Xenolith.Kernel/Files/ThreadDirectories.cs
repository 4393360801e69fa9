// /proc/self/task: a directory for each thread, named by its number. Threads come and go, so the directories are brought up to date whenever a
// name is looked up or an enumeration begins.
using System;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Threads;

namespace Xenolith.Kernel.Files;

internal static unsafe class ThreadDirectories
{
    /// <summary>Removes the directories of threads that have ended, and makes those of new ones.</summary>
    /// <param name="parent">The directory; it stays <see cref="InodeFlags.Unpopulated"/>, so that it is asked for again.</param>
    /// <param name="firstTag">Tag n + <paramref name="firstTag"/> is that of the directory of thread n.</param>
    internal static long Update(Inode* parent, uint firstTag)
    {
        parent->Flags |= InodeFlags.Unpopulated;
        for (Dentry* entry = parent->Directory->First; entry != null;)
        {
            Dentry* next = entry->Next;
            if (ThreadTable.Find(NumberOf(Dentry.NameOf(entry))) == null)
                FileTree.System->RemoveSystemName(parent, entry);
            entry = next;
        }
        int made = 0;
        for (int id = 1; made < ThreadTable.Count && id <= ThreadTable.MaximumThreads; id++)
        {
            if (ThreadTable.Find(id) == null)
                continue;
            made++;
            LineBuffer name = default;
            name.Decimal((ulong)id);
            Inode* directory = FileTree.System->CreateOnce(parent, name.Content, FileType.Directory | 0x1ED, out long error);
            if (directory == null)
                return error;
            if (directory->Tag == firstTag + (uint)id)
                continue;
            directory->Tag = firstTag + (uint)id;
            directory->Flags = InodeFlags.ReadOnly | InodeFlags.Unpopulated;
        }
        return 0;
    }

    private static int NumberOf(ReadOnlySpan<byte> name)
    {
        int number = 0;
        for (int i = 0; i < name.Length; i++)
            number = number * 10 + (name[i] - '0');
        return number;
    }
}
