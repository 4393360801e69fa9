// mmap and its family. Writable and executable at once is refused (EACCES), and so is executable memory of a file (EPERM, as on a file
// system that is mounted noexec).
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Linux;

internal static unsafe class MemoryCalls
{
    private const ulong ProtRead = 1, ProtWrite = 2, ProtExec = 4;
    private const ulong MapShared = 1, MapPrivate = 2, MapFixed = 0x10, MapAnonymous = 0x20, MapStack = 0x20000, MapFixedNoReplace = 0x100000;
    private const ulong RemapMayMove = 1, RemapFixed = 2;
    private const ulong AdviseNormal = 0, AdviseRandom = 1, AdviseSequential = 2, AdviseWillNeed = 3, AdviseDontNeed = 4, AdviseFree = 8;
    private const ulong AdviseDontFork = 10, AdviseDoFork = 11, AdviseHugePage = 14, AdviseNoHugePage = 15, AdviseDontDump = 16, AdviseDoDump = 17;
    private const ulong BarrierQuery = 0, BarrierPrivateExpedited = 8, BarrierRegisterPrivateExpedited = 16;

    /// <summary>mmap(2). Shared anonymous memory is as private: there is one process.</summary>
    /// <kept>
    /// Anonymous memory and files with content, shared and private, MAP_FIXED, MAP_FIXED_NOREPLACE. A hint without MAP_FIXED counts for nothing.
    /// </kept>
    /// <refused>
    /// Writable and executable at once (EACCES); executable memory of a file (EPERM). Memory that may be touched is charged at once: more than
    /// there is is ENOMEM, whatever MAP_NORESERVE says; so are more than 65530 mappings, or fewer in little memory. MAP_POPULATE, MAP_LOCKED and
    /// MAP_GROWSDOWN have no effect.
    /// </refused>
    /// <errors>EACCES, EBADF, EEXIST, EINVAL, ENODEV, ENOMEM, EOVERFLOW, EPERM</errors>
    internal static long Map(ulong address, ulong length, ulong protection, ulong flags, ulong descriptor, ulong offset)
    {
        if (length == 0 || (address & Layout.PageMask) != 0 && (flags & (MapFixed | MapFixedNoReplace)) != 0)
            return -Errno.Invalid;
        if ((flags & (MapShared | MapPrivate)) == 0)
            return -Errno.Invalid;
        bool isFile = (flags & MapAnonymous) == 0;
        OpenFile* file = isFile ? FileTable.Get(descriptor & uint.MaxValue) : null;
        if (isFile && (file == null || file->Kind == FileKind.Path))
            return -Errno.BadFile;
        if (!TryProtection(protection, out RegionProtection access))
            return -Errno.Access;
        ulong size = Layout.RoundUp(length);
        if (size < length)
            return -Errno.NoMemory;
        bool isFixed = (flags & (MapFixed | MapFixedNoReplace)) != 0, replace = (flags & MapFixedNoReplace) == 0;
        if (isFile)
        {
            bool isShared = (flags & MapShared) != 0;
            long error = CheckFile(file, size, access, isShared, offset);
            return error != 0 ? error : AddressSpace.MapFile(isFixed ? address : 0, size, access, replace, file->Inode, offset, isShared, file->CanWrite);
        }
        bool isStack = (flags & MapStack) != 0;
        return isFixed ? AddressSpace.MapAt(address, size, access, isStack, replace) : AddressSpace.Map(size, access, isStack);
    }

    /// <summary>mprotect(2).</summary>
    /// <kept>From writable to executable and back.</kept>
    /// <refused>Both at once; the image's code; pages that are shared with other domains. Protection keys.</refused>
    /// <errors>EACCES, EINVAL, ENOMEM</errors>
    internal static long Protect(ulong address, ulong length, ulong protection)
    {
        if ((address & Layout.PageMask) != 0)
            return -Errno.Invalid;
        if (!TryProtection(protection, out RegionProtection access))
            return -Errno.Access;
        ulong size = Layout.RoundUp(length);
        if (size == 0)
            return length == 0 ? 0 : -Errno.NoMemory;
        return AddressSpace.Protect(address, size, access);
    }

    /// <summary>munmap(2).</summary>
    /// <kept>Any part of what is mapped.</kept>
    /// <refused>The image, and pages that are shared with other domains.</refused>
    /// <errors>EINVAL, ENOMEM</errors>
    internal static long Unmap(ulong address, ulong length)
    {
        ulong size = Layout.RoundUp(length);
        if ((address & Layout.PageMask) != 0 || size == 0 || address + size < address || address + size > Layout.ProgramEnd)
            return -Errno.Invalid;
        return AddressSpace.Unmap(address, size);
    }

    /// <summary>mremap(2): shrinks in place, and grows where the space behind is free.</summary>
    /// <kept>EFAULT where nothing is mapped: the C library finds the stack's end by it.</kept>
    /// <refused>Moving (ENOMEM), so MREMAP_FIXED; mapped files do not grow.</refused>
    /// <errors>EFAULT, EINVAL, ENOMEM</errors>
    internal static long Remap(ulong address, ulong oldLength, ulong newLength, ulong flags)
    {
        ulong oldSize = Layout.RoundUp(oldLength), newSize = Layout.RoundUp(newLength);
        if ((address & Layout.PageMask) != 0 || newSize == 0 || (flags & ~(RemapMayMove | RemapFixed)) != 0 || (flags & (RemapMayMove | RemapFixed)) == RemapFixed)
            return -Errno.Invalid;
        // Linux answers EFAULT where the old range is not mapped; the C library's search for the stack's end relies on it.
        if (!AddressSpace.IsMapped(address, oldSize))
            return -Errno.Fault;
        if ((flags & RemapFixed) != 0)
            return -Errno.NoMemory;
        if (newSize == oldSize)
            return (long)address;
        if (newSize < oldSize)
        {
            long result = AddressSpace.Unmap(address + newSize, oldSize - newSize);
            return result < 0 ? result : (long)address;
        }
        return AddressSpace.Extend(address, oldSize, newSize);
    }

    /// <summary>madvise(2).</summary>
    /// <kept>
    /// MADV_DONTNEED and MADV_FREE give pages back at once. Advice about dumps, forks, huge pages and read-ahead is accepted and means nothing
    /// here.
    /// </kept>
    /// <refused>All other advice.</refused>
    /// <errors>EINVAL, ENOMEM</errors>
    internal static long Advise(ulong address, ulong length, ulong advice)
    {
        if ((address & Layout.PageMask) != 0 || length != 0 && Layout.RoundUp(length) == 0)
            return -Errno.Invalid;
        switch (advice)
        {
            case AdviseDontNeed or AdviseFree:
                return AddressSpace.Discard(address, Layout.RoundUp(length));
            case AdviseNormal or AdviseRandom or AdviseSequential or AdviseWillNeed:
            case AdviseDontFork or AdviseDoFork or AdviseHugePage or AdviseNoHugePage or AdviseDontDump or AdviseDoDump:
                return 0;
            default:
                return -Errno.Invalid;
        }
    }

    /// <summary>brk(2).</summary>
    /// <kept>The break is at 0, and stays there.</kept>
    /// <refused>Moving it: the C library takes memory by mmap instead.</refused>
    /// <errors></errors>
    internal static long Break() => 0;

    /// <summary>membarrier(2): with one CPU every barrier has been met by the time the call returns.</summary>
    /// <kept>Query, private expedited and its registration.</kept>
    /// <refused>Other commands.</refused>
    /// <errors>EINVAL</errors>
    internal static long Barrier(ulong command) => command switch
    {
        BarrierQuery => (long)(BarrierPrivateExpedited | BarrierRegisterPrivateExpedited),
        BarrierPrivateExpedited or BarrierRegisterPrivateExpedited => 0,
        _ => -Errno.Invalid,
    };

    /// <summary>get_mempolicy(2).</summary>
    /// <kept>One node, the default policy.</kept>
    /// <refused>Node masks, addresses and flags.</refused>
    /// <errors>EFAULT, EINVAL</errors>
    internal static long Policy(ulong mode, ulong nodes, ulong address, ulong flags)
    {
        if ((nodes | address | flags) != 0)
            return -Errno.Invalid;
        if (mode != 0)
        {
            if (!UserMemory.IsWritable(mode, sizeof(int)))
                return -Errno.Fault;
            *(int*)mode = 0;
        }
        return 0;
    }

    /// <summary>mlock(2), munlock(2): memory is never paged out, so only the range is looked at.</summary>
    /// <kept>Its checks.</kept>
    /// <refused>Pages are not brought in.</refused>
    /// <errors>EINVAL, ENOMEM</errors>
    internal static long Lock(ulong address, ulong length)
    {
        ulong start = Layout.RoundDown(address), end = Layout.RoundUp(address + length);
        if (length == 0)
            return 0;
        if (end <= start)
            return -Errno.Invalid;
        return AddressSpace.IsMapped(start, end - start) ? 0 : -Errno.NoMemory;
    }

    private static long CheckFile(OpenFile* file, ulong size, RegionProtection access, bool isShared, ulong offset)
    {
        if ((offset & Layout.PageMask) != 0)
            return -Errno.Invalid;
        if (offset + size < offset || offset + size > FileSystem.LargestFile)
            return -Errno.Overflow;
        if (!file->CanRead || isShared && (access & RegionProtection.Write) != 0 && (!file->CanWrite || (file->Flags & OpenFlags.Append) != 0))
            return -Errno.Access;
        if (file->Kind != FileKind.Regular)
            return -Errno.FileSystemNoDevice;
        return (access & RegionProtection.Execute) != 0 ? -Errno.NotPermitted : 0;
    }

    private static bool TryProtection(ulong flags, out RegionProtection protection)
    {
        protection = RegionProtection.None;
        if ((flags & ProtRead) != 0)
            protection |= RegionProtection.Read;
        if ((flags & ProtWrite) != 0)
            protection |= RegionProtection.Read | RegionProtection.Write; // x86 cannot write without reading
        if ((flags & ProtExec) != 0)
            protection |= RegionProtection.Read | RegionProtection.Execute;
        return (protection & (RegionProtection.Write | RegionProtection.Execute)) != (RegionProtection.Write | RegionProtection.Execute);
    }
}
