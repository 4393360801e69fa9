using System.Runtime.InteropServices;

namespace Xenolith.Bed.Agent;

/// <summary>What the agent uses of Xen's libxenforeignmemory: other domains' pages in its own address space.</summary>
internal static unsafe partial class Libxenforeignmemory
{
    public const int ProtRead = 1;
    public const int ReadWrite = 3;

    private const string Library = "libxenforeignmemory.so.1";

    [LibraryImport(Library, EntryPoint = "xenforeignmemory_open")]
    public static partial nint Open(nint logger, uint flags);

    [LibraryImport(Library, EntryPoint = "xenforeignmemory_close")]
    public static partial int Close(nint handle);

    [LibraryImport(Library, EntryPoint = "xenforeignmemory_map")]
    public static partial nint Map(nint handle, uint domain, int protection, nuint pages, ulong* frames, int* errors);

    [LibraryImport(Library, EntryPoint = "xenforeignmemory_unmap")]
    public static partial int Unmap(nint handle, nint address, nuint pages);
}
