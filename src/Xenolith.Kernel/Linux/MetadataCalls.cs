// What is known of a file: stat(2), access(2), chmod(2), chown(2), utimensat(2), statfs(2), umask(2) and their kin.
//
// Kept: types, permissions, owners, links, sizes, blocks, times in nanoseconds. Permissions are stored and refuse nothing, for there is one
// user, root; access(2) says what root may do. Refused: changes of what is read-only, with EROFS.
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Linux;

internal static unsafe class MetadataCalls
{
    private const ulong MayExecute = 1, MayWrite = 2, MayRead = 4;
    private const uint Executable = 0x49;
    // Automounts and remote file systems, of which some flags speak, are not there.
    private const ulong NoAutomount = 0x800, SynchronizeTypes = 0x6000;
    private const ulong StatFlags = PathArguments.SymlinkNoFollow | PathArguments.EmptyPath | NoAutomount | SynchronizeTypes;
    private const ulong TimeNow = (1ul << 30) - 1, TimeOmit = (1ul << 30) - 2;
    private const uint NoInode = FileType.CharacterDevice | 0x1B6, Pipe = FileType.Fifo | 0x180;

    /// <summary>newfstatat(2); stat(2) and lstat(2) in other words.</summary>
    /// <kept>AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH; type, permissions, owner, links, size, blocks, times in nanoseconds.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>path, EINVAL</errors>
    internal static long Stat(ulong directory, ulong path, ulong buffer, ulong flags)
    {
        if ((flags & ~StatFlags) != 0)
            return -Errno.Invalid;
        if ((flags & PathArguments.EmptyPath) != 0 && !PathArguments.IsWorkingDirectory(directory) && UserMemory.StringLength(path, 1) == 0)
            return StatOpen(directory, buffer);
        long error = PathArguments.Find(directory, path, flags, out Inode* inode);
        return error != 0 ? error : WriteStat(inode, inode->Mode, buffer);
    }

    /// <summary>fstat(2).</summary>
    /// <kept>As stat; pipes and the console have a type and permissions.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, EFAULT</errors>
    internal static long StatOpen(ulong descriptor, ulong buffer)
    {
        OpenFile* file = FileTable.Get(descriptor);
        if (file == null)
            return -Errno.BadFile;
        long error = WriteStat(file->Inode, NoInodeMode(file), buffer);
        if (error == 0 && file->Pipe != null)
            ((ulong*)buffer)[1] = file->Pipe->Number;
        return error;
    }

    /// <summary>statx(2): the basic fields and the birth time, whatever the mask asks for.</summary>
    /// <kept>AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, the mask's reserved bit.</kept>
    /// <refused>Attributes and mount numbers, which are 0.</refused>
    /// <errors>path, EINVAL</errors>
    internal static long StatExtended(ulong directory, ulong path, ulong flags, ulong mask, ulong buffer)
    {
        const ulong reserved = 1ul << 31;
        if ((flags & ~StatFlags) != 0 || (flags & SynchronizeTypes) == SynchronizeTypes || (mask & reserved) != 0)
            return -Errno.Invalid;
        if ((flags & PathArguments.EmptyPath) != 0 && !PathArguments.IsWorkingDirectory(directory) && UserMemory.StringLength(path, 1) == 0)
        {
            OpenFile* file = FileTable.Get((uint)directory);
            return file == null ? -Errno.BadFile : WriteExtended(file->Inode, NoInodeMode(file), buffer);
        }
        long error = PathArguments.Find(directory, path, flags, out Inode* inode);
        return error != 0 ? error : WriteExtended(inode, inode->Mode, buffer);
    }

    /// <summary>faccessat2(2); access(2) and faccessat(2) in other words.</summary>
    /// <kept>What root may do, AT_EACCESS, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>path, EACCES, EINVAL, EROFS</errors>
    internal static long Access(ulong directory, ulong path, ulong mode, ulong flags)
    {
        const ulong effectiveIds = 0x200;
        if ((mode & ~(MayExecute | MayWrite | MayRead)) != 0 || (flags & ~(effectiveIds | PathArguments.SymlinkNoFollow | PathArguments.EmptyPath)) != 0)
            return -Errno.Invalid;
        long error = PathArguments.Find(directory, path, flags, out Inode* inode);
        if (error != 0)
            return error;
        if ((mode & MayWrite) != 0 && inode->IsReadOnly && inode->Type != FileType.CharacterDevice)
            return -Errno.ReadOnly;
        return (mode & MayExecute) != 0 && !inode->IsDirectory && (inode->Mode & Executable) == 0 ? -Errno.Access : 0;
    }

    /// <summary>fchmodat(2) and chmod(2).</summary>
    /// <kept>Permissions are stored.</kept>
    /// <refused>They refuse nothing, for there is one user, root. What is read-only cannot be changed.</refused>
    /// <errors>path, EOPNOTSUPP, EROFS</errors>
    internal static long SetMode(ulong directory, ulong path, ulong mode)
    {
        long error = PathArguments.Find(directory, path, 0, out Inode* inode);
        return error != 0 ? error : FileTree.System->SetPermissions(inode, (uint)mode);
    }

    /// <summary>fchmod(2).</summary>
    /// <kept>As chmod.</kept>
    /// <refused>As chmod.</refused>
    /// <errors>EBADF, EINVAL, EROFS</errors>
    internal static long SetModeOpen(ulong descriptor, ulong mode)
    {
        long error = PathArguments.FindOpen(descriptor & uint.MaxValue, out Inode* inode);
        return error != 0 ? error : FileTree.System->SetPermissions(inode, (uint)mode);
    }

    /// <summary>fchownat(2), chown(2) and lchown(2).</summary>
    /// <kept>Owner and group are stored; -1 keeps them.</kept>
    /// <refused>They mean nothing. What is read-only cannot be changed.</refused>
    /// <errors>path, EROFS</errors>
    internal static long SetOwner(ulong directory, ulong path, ulong owner, ulong group, ulong flags)
    {
        long error = PathArguments.Find(directory, path, flags, out Inode* inode);
        return error != 0 ? error : FileTree.System->SetOwner(inode, (uint)owner, (uint)group);
    }

    /// <summary>fchown(2).</summary>
    /// <kept>As chown.</kept>
    /// <refused>As chown.</refused>
    /// <errors>EBADF, EINVAL, EROFS</errors>
    internal static long SetOwnerOpen(ulong descriptor, ulong owner, ulong group)
    {
        long error = PathArguments.FindOpen(descriptor & uint.MaxValue, out Inode* inode);
        return error != 0 ? error : FileTree.System->SetOwner(inode, (uint)owner, (uint)group);
    }

    /// <summary>utimensat(2): without a path, the times of the descriptor's file; without times, now.</summary>
    /// <kept>UTIME_NOW, UTIME_OMIT, nanoseconds, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH.</kept>
    /// <refused>Times before 1970, which become 1970.</refused>
    /// <errors>path, EINVAL, EROFS</errors>
    internal static long SetTimes(ulong directory, ulong path, ulong times, ulong flags)
    {
        if ((flags & ~(PathArguments.SymlinkNoFollow | PathArguments.EmptyPath)) != 0)
            return -Errno.Invalid;
        ulong accessed = FileSystem.CurrentTime, modified = FileSystem.CurrentTime;
        if (times != 0)
        {
            if (!UserMemory.IsReadable(times, 32))
                return -Errno.Fault;
            if (!TryTime((ulong*)times, out accessed) || !TryTime((ulong*)times + 2, out modified))
                return -Errno.Invalid;
        }
        long error = path == 0 ? PathArguments.FindOpen(directory & uint.MaxValue, out Inode* inode) : PathArguments.Find(directory, path, flags, out inode);
        return error != 0 ? error : FileTree.System->SetTimes(inode, accessed, modified);
    }

    /// <summary>umask(2).</summary>
    /// <kept>All.</kept>
    /// <refused>Nothing.</refused>
    /// <errors></errors>
    internal static long SetMask(ulong mask)
    {
        uint old = FileTree.Umask;
        FileTree.Umask = (uint)mask & 0x1FF;
        return old;
    }

    /// <summary>statfs(2).</summary>
    /// <kept>Sizes and free space of the file system in memory; ST_RDONLY.</kept>
    /// <refused>It always says tmpfs.</refused>
    /// <errors>path</errors>
    internal static long StatFileSystem(ulong path, ulong buffer)
    {
        long error = PathArguments.Find(PathArguments.WorkingDirectory, path, 0, out Inode* inode);
        return error != 0 ? error : WriteStatFileSystem(inode, buffer);
    }

    /// <summary>fstatfs(2).</summary>
    /// <kept>As statfs.</kept>
    /// <refused>As statfs.</refused>
    /// <errors>EBADF, EFAULT, ENOMEM</errors>
    internal static long StatFileSystemOpen(ulong descriptor, ulong buffer)
    {
        OpenFile* file = FileTable.Get(descriptor);
        return file == null ? -Errno.BadFile : !FileTree.IsReady() ? -Errno.NoMemory : WriteStatFileSystem(file->Inode, buffer);
    }

    // A time before 1970 becomes 1970.
    private static bool TryTime(ulong* time, out ulong nanoseconds)
    {
        nanoseconds = time[1] == TimeNow ? FileSystem.CurrentTime : FileSystem.KeepTime;
        if (time[1] is TimeNow or TimeOmit)
            return true;
        const ulong latest = 1ul << 34; // in seconds: what fits in 64 bits of nanoseconds
        nanoseconds = (long)time[0] < 0 ? 0 : time[0] >= latest ? latest * Clock.NanosecondsPerSecond : time[0] * Clock.NanosecondsPerSecond + time[1];
        return time[1] < Clock.NanosecondsPerSecond;
    }

    private static uint NoInodeMode(OpenFile* file) => file->Kind is FileKind.PipeReader or FileKind.PipeWriter ? Pipe : NoInode;

    /// <summary>struct stat of x86-64.</summary>
    private static long WriteStat(Inode* inode, uint mode, ulong buffer)
    {
        const int size = 144;
        if (!UserMemory.IsWritable(buffer, size))
            return -Errno.Fault;
        Asm.Fill((void*)buffer, 0, size);
        ulong* words = (ulong*)buffer;
        words[2] = 1; // links
        words[7] = Layout.PageSize;
        *(uint*)(buffer + 24) = mode;
        if (inode == null)
            return 0;
        words[0] = inode->IsReadOnly ? 2ul : 1; // the device: what can be changed, and what cannot
        words[1] = inode->Number;
        words[2] = inode->Links;
        *(uint*)(buffer + 24) = inode->Mode;
        *(uint*)(buffer + 28) = inode->Owner;
        *(uint*)(buffer + 32) = inode->Group;
        words[5] = inode->Type == FileType.CharacterDevice ? inode->Tag : 0;
        words[6] = inode->Size;
        words[8] = inode->IsRegular ? FileSystem.Blocks(inode) : 0;
        WriteTime(words + 9, inode->Accessed);
        WriteTime(words + 11, inode->Modified);
        WriteTime(words + 13, inode->Changed);
        return 0;
    }

    /// <summary>struct statx: the basic fields, and when the file was made.</summary>
    private static long WriteExtended(Inode* inode, uint mode, ulong buffer)
    {
        const int size = 256;
        const uint basic = 0x7FF, created = 0x800;
        if (!UserMemory.IsWritable(buffer, size))
            return -Errno.Fault;
        Asm.Fill((void*)buffer, 0, size);
        uint* words = (uint*)buffer;
        words[0] = inode == null ? basic : basic | created;
        words[1] = (uint)Layout.PageSize;
        words[4] = 1; // links
        ((ushort*)buffer)[14] = (ushort)(inode == null ? mode : inode->Mode);
        if (inode == null)
            return 0;
        words[4] = inode->Links;
        words[5] = inode->Owner;
        words[6] = inode->Group;
        ulong* wide = (ulong*)buffer;
        wide[4] = inode->Number;
        wide[5] = inode->Size;
        wide[6] = inode->IsRegular ? FileSystem.Blocks(inode) : 0;
        WriteTime(wide + 8, inode->Accessed);
        WriteTime(wide + 10, inode->Created);
        WriteTime(wide + 12, inode->Changed);
        WriteTime(wide + 14, inode->Modified);
        if (inode->Type == FileType.CharacterDevice)
        {
            words[32] = inode->Tag >> 8; // the device that it is, major and minor
            words[33] = inode->Tag & 0xFF;
        }
        words[35] = inode->IsReadOnly ? 2u : 1; // the one it is on: minor, as in stat
        return 0;
    }

    private static void WriteTime(ulong* words, ulong nanoseconds)
    {
        words[0] = nanoseconds / Clock.NanosecondsPerSecond;
        words[1] = nanoseconds % Clock.NanosecondsPerSecond;
    }

    /// <summary>struct statfs of x86-64, with tmpfs's magic number: programs know it.</summary>
    private static long WriteStatFileSystem(Inode* inode, ulong buffer)
    {
        const int size = 120;
        const ulong tmpfs = 0x01021994, readOnly = 1, relativeAccessTimes = 0x1000, valid = 0x20;
        if (!UserMemory.IsWritable(buffer, size))
            return -Errno.Fault;
        Asm.Fill((void*)buffer, 0, size);
        FileSystem* system = FileTree.System;
        ulong* words = (ulong*)buffer;
        bool isReadOnly = inode != null && inode->IsReadOnly;
        words[0] = tmpfs;
        words[1] = Layout.PageSize;
        words[2] = system->Heap.Limit;
        words[3] = words[4] = isReadOnly ? 0 : system->FreePages;
        words[5] = system->InodeCount + words[3]; // each takes less than a page
        words[6] = words[3];
        words[8] = Names.Longest;
        words[9] = Layout.PageSize;
        words[10] = valid | relativeAccessTimes | (isReadOnly ? readOnly : 0);
        return 0;
    }
}
