// Who is told of what happens to files and directories (inotify(7)): watches hang on inodes, events wait in the watcher that asked for them.
//
// An event goes to the watches of the inode itself and, with its name, to those of the directory in which it was last named: of several
// hard links one counts. Linux takes the name by which the file was opened.
using System;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Files;

/// <summary>The bits of an inotify mask.</summary>
internal static class WatchMask
{
    internal const uint Access = 1, Modify = 2, Attributes = 4, CloseWrite = 8, CloseNoWrite = 0x10, Open = 0x20, MovedFrom = 0x40, MovedTo = 0x80;
    internal const uint Create = 0x100, Delete = 0x200, DeleteSelf = 0x400, MoveSelf = 0x800, Events = 0xFFF;

    /// <summary>Only in what is reported.</summary>
    internal const uint Overflow = 0x4000, Ignored = 0x8000, IsDirectory = 0x4000_0000;

    internal const uint OnlyDirectory = 0x0100_0000, DontFollow = 0x0200_0000, ExcludeUnlinked = 0x0400_0000, OnlyNew = 0x1000_0000, Add = 0x2000_0000;
    internal const uint OneShot = 0x8000_0000;

    internal const uint Known = Events | OnlyDirectory | DontFollow | ExcludeUnlinked | OnlyNew | Add | OneShot;
}

/// <summary>What one watcher wants to know of one inode.</summary>
internal unsafe struct Watch
{
    internal Watch* NextOfInode, NextOfWatcher;
    internal Watcher* Watcher;
    internal Inode* Inode;
    internal uint Mask;
    internal int Number;
}

/// <summary>One event; the bytes of its name follow.</summary>
internal unsafe struct WatchEvent
{
    internal WatchEvent* Next;
    internal int Number;
    internal uint Mask, Cookie;
    internal int NameLength;

    internal static Span<byte> NameOf(WatchEvent* happened) => new(happened + 1, happened->NameLength);
}

/// <summary>An inotify instance: its watches, and the events that nobody has read yet.</summary>
internal unsafe struct Watcher
{
    /// <summary>Linux's fs.inotify.max_queued_events: what follows is lost, and an overflow is reported in its place.</summary>
    internal const int MaximumEvents = 16384;

    internal Watch* Watches;
    internal WatchEvent* First, Last;
    internal int Count;

    /// <summary>The last event was not kept: reported when all before it have been read.</summary>
    internal bool HasLost;

    /// <summary>Events so far.</summary>
    internal ulong Arrivals;

    internal int LastNumber;
}

internal unsafe partial struct FileSystem
{
    // struct inotify_event: watch, mask, cookie and the length of the name, which is padded to a multiple of that.
    private const int EventHeader = 16;

    /// <summary>An inotify instance, or null when there is no memory.</summary>
    internal Watcher* NewWatcher()
    {
        Watcher* watcher = (Watcher*)Heap.Take(sizeof(Watcher));
        if (watcher != null)
            *watcher = default;
        return watcher;
    }

    /// <summary>Ends an instance with its watches and events.</summary>
    internal void EndWatcher(Watcher* watcher)
    {
        while (watcher->Watches != null)
            Forget(watcher->Watches);
        while (watcher->First != null)
            DropFirst(watcher);
        Heap.Return(watcher);
    }

    /// <summary>
    /// inotify_add_watch(2): the watch's number, that of the one there is if the inode is watched already. EEXIST, ENOTDIR, ENOSPC.
    /// </summary>
    internal long AddWatch(Watcher* watcher, Inode* inode, uint mask)
    {
        if ((mask & WatchMask.OnlyDirectory) != 0 && !inode->IsDirectory)
            return -Errno.NotDirectory;
        // A directory's first entries are not news.
        long error = inode->IsDirectory ? EnsurePopulated(inode) : 0;
        if (error != 0)
            return error;
        Watch* watch = inode->Watches;
        while (watch != null && watch->Watcher != watcher)
            watch = watch->NextOfInode;
        uint kept = mask & (WatchMask.Events | WatchMask.OneShot);
        if (watch != null)
        {
            if ((mask & WatchMask.OnlyNew) != 0)
                return -Errno.Exists;
            watch->Mask = (mask & WatchMask.Add) != 0 ? watch->Mask | kept : kept;
            return watch->Number;
        }
        watch = (Watch*)Heap.Take(sizeof(Watch));
        if (watch == null)
            return -Errno.NoSpace;
        watch->Watcher = watcher;
        watch->Inode = inode;
        watch->Mask = kept;
        watch->Number = ++watcher->LastNumber;
        watch->NextOfInode = inode->Watches;
        inode->Watches = watch;
        watch->NextOfWatcher = watcher->Watches;
        watcher->Watches = watch;
        watchCount++;
        return watch->Number;
    }

    /// <summary>inotify_rm_watch(2): EINVAL if there is no such watch.</summary>
    internal long RemoveWatch(Watcher* watcher, int number)
    {
        for (Watch* watch = watcher->Watches; watch != null; watch = watch->NextOfWatcher)
        {
            if (watch->Number != number)
                continue;
            End(watch);
            return 0;
        }
        return -Errno.Invalid;
    }

    /// <summary>Something happened to an inode.</summary>
    internal void Raise(Inode* inode, uint happened)
    {
        if (watchCount == 0)
            return;
        uint mask = inode->IsDirectory ? happened | WatchMask.IsDirectory : happened;
        Dentry* name = inode->Name;
        if (name != null)
            Tell(name->Directory, mask, 0, Dentry.NameOf(name));
        Tell(inode, mask, 0, default);
    }

    /// <summary>Something happened to a name in a directory.</summary>
    private void RaiseName(Inode* directory, ReadOnlySpan<byte> name, Inode* target, uint happened, uint cookie = 0)
    {
        if (watchCount != 0)
            Tell(directory, target->IsDirectory ? happened | WatchMask.IsDirectory : happened, cookie, name);
    }

    /// <summary>Something happened that its directory is not told of.</summary>
    private void RaiseSelf(Inode* inode, uint happened)
    {
        if (watchCount != 0)
            Tell(inode, happened, 0, default);
    }

    /// <summary>An inode ends: its watches with it.</summary>
    private void EndWatches(Inode* inode)
    {
        if (inode->Watches == null)
            return;
        Tell(inode, WatchMask.DeleteSelf, 0, default);
        while (inode->Watches != null)
            End(inode->Watches);
    }

    /// <summary>
    /// Writes waiting events as read(2) of an inotify descriptor gives them, as many as fit: the bytes, 0 if none waits, EINVAL if the first does
    /// not fit.
    /// </summary>
    internal long ReadEvents(Watcher* watcher, Span<byte> buffer)
    {
        int done = 0;
        while (watcher->First != null)
        {
            WatchEvent* next = watcher->First;
            int padded = Padded(next);
            if (padded + EventHeader > buffer.Length - done)
                return done > 0 ? done : -Errno.Invalid;
            Span<byte> place = buffer.Slice(done, EventHeader + padded);
            place.Clear();
            fixed (byte* fields = place)
            {
                ((int*)fields)[0] = next->Number;
                ((uint*)fields)[1] = next->Mask;
                ((uint*)fields)[2] = next->Cookie;
                ((int*)fields)[3] = padded;
            }
            WatchEvent.NameOf(next).CopyTo(place.Slice(EventHeader));
            done += place.Length;
            DropFirst(watcher);
        }
        if (!watcher->HasLost)
            return done;
        if (EventHeader > buffer.Length - done)
            return done > 0 ? done : -Errno.Invalid;
        watcher->HasLost = false;
        Span<byte> last = buffer.Slice(done, EventHeader);
        last.Clear();
        fixed (byte* fields = last)
        {
            ((int*)fields)[0] = -1;
            ((uint*)fields)[1] = WatchMask.Overflow;
        }
        return done + EventHeader;
    }

    /// <summary>Bytes that all events take that can be read now.</summary>
    internal static long EventBytes(Watcher* watcher)
    {
        long size = watcher->HasLost ? EventHeader : 0;
        for (WatchEvent* next = watcher->First; next != null; next = next->Next)
            size += EventHeader + Padded(next);
        return size;
    }

    // With a NUL at least, if there is a name.
    private static int Padded(WatchEvent* happened) =>
        happened->NameLength == 0 ? 0 : happened->NameLength / EventHeader * EventHeader + EventHeader;

    private void Tell(Inode* watched, uint mask, uint cookie, ReadOnlySpan<byte> name)
    {
        Watch* next;
        for (Watch* watch = watched->Watches; watch != null; watch = next)
        {
            next = watch->NextOfInode;
            if ((watch->Mask & mask & WatchMask.Events) == 0)
                continue;
            Add(watch->Watcher, watch->Number, mask, cookie, name);
            if ((watch->Mask & WatchMask.OneShot) != 0)
                End(watch);
        }
    }

    private void Add(Watcher* watcher, int number, uint mask, uint cookie, ReadOnlySpan<byte> name)
    {
        watcher->Arrivals++;
        WatchEvent* last = watcher->Last;
        if (last != null && !watcher->HasLost && last->Number == number && last->Mask == mask && Names.AreSame(WatchEvent.NameOf(last), name))
            return; // the same once more tells nothing new
        WatchEvent* added = watcher->HasLost || watcher->Count == Watcher.MaximumEvents ? null : (WatchEvent*)Heap.Take(sizeof(WatchEvent) + name.Length);
        if (added == null)
            watcher->HasLost = true;
        else
        {
            added->Next = null;
            added->Number = number;
            added->Mask = mask;
            added->Cookie = cookie;
            added->NameLength = name.Length;
            name.CopyTo(WatchEvent.NameOf(added));
            if (last == null)
                watcher->First = added;
            else
                last->Next = added;
            watcher->Last = added;
            watcher->Count++;
        }
        host.EventAdded();
    }

    /// <summary>Ends a watch and says so.</summary>
    private void End(Watch* watch)
    {
        Watcher* watcher = watch->Watcher;
        int number = watch->Number;
        Forget(watch);
        Add(watcher, number, WatchMask.Ignored, 0, default);
    }

    private void Forget(Watch* watch)
    {
        Watch** at = &watch->Inode->Watches;
        while (*at != watch)
            at = &(*at)->NextOfInode;
        *at = watch->NextOfInode;
        at = &watch->Watcher->Watches;
        while (*at != watch)
            at = &(*at)->NextOfWatcher;
        *at = watch->NextOfWatcher;
        Heap.Return(watch);
        watchCount--;
    }

    private void DropFirst(Watcher* watcher)
    {
        WatchEvent* first = watcher->First;
        watcher->First = first->Next;
        if (watcher->First == null)
            watcher->Last = null;
        watcher->Count--;
        Heap.Return(first);
    }
}
