using System.Runtime.InteropServices;

namespace Xenolith.Bed.Cache;

/// <summary>The disk space that files really take: a snapshot's memory image is mostly holes.</summary>
internal static partial class DiskUsage
{
    /// <summary>A folder's usage in bytes; 0 when there is none.</summary>
    public static long Of(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Sum(OfFile) : 0;

    private static long OfFile(string path)
    {
        // struct stat of Linux on x86-64: 144 bytes, st_blocks (of 512 bytes) at 64.
        Span<byte> status = stackalloc byte[144];
        return Stat(path, status) == 0 ? MemoryMarshal.Read<long>(status[64..]) * 512 : 0;
    }

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(string path, Span<byte> status);
}
