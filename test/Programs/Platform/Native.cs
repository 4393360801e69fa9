using System.Runtime.InteropServices;
using Xenolith.Abi;

namespace PlatformScenarios;

/// <summary>The kernel's own functions and system calls, past the library.</summary>
internal static unsafe partial class Native
{
    private const string Kernel = "xenolith";

    [LibraryImport(Kernel, EntryPoint = "xl_page_allocate")]
    internal static partial nint PageAllocate(int count);

    [LibraryImport(Kernel, EntryPoint = "xl_page_free")]
    internal static partial int PageFree(nint address, int count);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_table_size")]
    internal static partial int GrantTableSize(GrantTableSize* size);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_table_grow")]
    internal static partial int GrantTableGrow(GrantTableSize* size);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_access")]
    internal static partial int GrantAccess(GrantAccessRequest* requests, int count);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_end")]
    internal static partial int GrantEnd(uint* references, int* results, int count);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_map")]
    internal static partial int GrantMap(GrantMapRequest* requests, int count, uint flags, nint* address);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_unmap")]
    internal static partial int GrantUnmap(nint address, int count);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_unmap_notify")]
    internal static partial int GrantUnmapNotify(nint address, long clearOffset, uint port);

    [LibraryImport(Kernel, EntryPoint = "xl_grant_copy")]
    internal static partial int GrantCopy(GrantCopyRequest* requests, int count);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    internal static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    internal static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    internal static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "mremap", SetLastError = true)]
    internal static partial nint Remap(nint address, nuint oldLength, nuint newLength, int flags);

    [LibraryImport("libc", EntryPoint = "getrandom", SetLastError = true)]
    internal static partial nint GetRandom(nint buffer, nuint length, uint flags);
}
