using Xenolith.Grants;

namespace Xenolith.Linux;

/// <summary>Pages of this process.</summary>
internal static unsafe class LinuxMemory
{
    private const nint Failed = -1; // MAP_FAILED
    private const int PageSize = SharedMemory.PageSize;

    /// <summary>Zeroed pages of this process alone.</summary>
    /// <returns>Their address, or 0 when there is no memory.</returns>
    internal static nint Allocate(int count, int flags = 0)
    {
        nint address = NativeMethods.MapAnonymous(0, Length(count), NativeMethods.ReadAndWrite, NativeMethods.Private | NativeMethods.Anonymous | flags, -1, 0);
        return address == Failed ? 0 : address;
    }

    /// <summary>Takes pages out of the address space.</summary>
    internal static XenError Free(nint address, int count) =>
        NativeMethods.Unmap(address, Length(count)) == 0 ? XenError.None : LinuxDevice.LastError();

    /// <summary>
    /// Pages of a device, shared with whoever else has them. A child of this process does not inherit them: it would keep them in use.
    /// </summary>
    internal static XenError Map(LinuxDevice device, ulong offset, int count, bool readOnly, out nint address)
    {
        address = NativeMethods.Map(
            0, Length(count), readOnly ? NativeMethods.ReadOnly : NativeMethods.ReadAndWrite, NativeMethods.Shared, device.Handle, (long)offset);
        if (address == Failed)
        {
            address = 0;
            return LinuxDevice.LastError();
        }
        _ = NativeMethods.Advise(address, Length(count), NativeMethods.DoNotFork);
        return XenError.None;
    }

    /// <summary>Puts a page of a device in the place of a page of memory, with its contents.</summary>
    internal static XenError Replace(nint page, LinuxDevice device, ulong offset)
    {
        byte* contents = stackalloc byte[PageSize];
        Copy(page, (nint)contents);
        XenError error = MapOver(page, device, offset, readOnly: false);
        // A device that refuses late does so when Linux has taken away what was there: it is put back.
        if (error == XenError.None || ReplaceByZeroes(page, 1) == XenError.None)
            Copy((nint)contents, page);
        return error;
    }

    /// <summary>Puts a page of a device in the place of a page of memory.</summary>
    internal static XenError MapOver(nint page, LinuxDevice device, ulong offset, bool readOnly)
    {
        int protection = readOnly ? NativeMethods.ReadOnly : NativeMethods.ReadAndWrite;
        if (NativeMethods.Map(page, PageSize, protection, NativeMethods.Shared | NativeMethods.Fixed, device.Handle, (long)offset) == Failed)
            return LinuxDevice.LastError();
        _ = NativeMethods.Advise(page, PageSize, NativeMethods.DoNotFork);
        return XenError.None;
    }

    /// <summary>Puts memory of this process alone in the place of a page, with its contents.</summary>
    internal static XenError Replace(nint page)
    {
        byte* contents = stackalloc byte[PageSize];
        Copy(page, (nint)contents);
        XenError error = ReplaceByZeroes(page, 1);
        if (error == XenError.None)
            Copy((nint)contents, page);
        return error;
    }

    /// <summary>Puts zeroed memory of this process in the place of pages.</summary>
    internal static XenError ReplaceByZeroes(nint address, int count)
    {
        const int Flags = NativeMethods.Private | NativeMethods.Anonymous | NativeMethods.Fixed;
        return NativeMethods.MapAnonymous(address, Length(count), NativeMethods.ReadAndWrite, Flags, -1, 0) == Failed
            ? LinuxDevice.LastError()
            : XenError.None;
    }

    private static nuint Length(int count) => (nuint)count * PageSize;

    // Both are whole pages that are mapped.
    private static void Copy(nint source, nint destination) => Buffer.MemoryCopy((void*)source, (void*)destination, PageSize, PageSize);
}
