// Removes what calls have made below a folder. Names are whatever bytes the calls have found, which .NET, to whom they are text, cannot always say.
using System.Runtime.InteropServices;

namespace SystemCallFuzz;

internal static unsafe class Sweeper
{
    private const long GetDents64 = 217, UnlinkAt = 263;
    private const ulong RemoveDirectory = 0x200, DirectoryOnly = 0x30000; // O_DIRECTORY | O_NOFOLLOW
    private const int Header = 19, BufferSize = 4096;
    private const ulong WorkingDirectory = unchecked((ulong)-100);

    /// <summary>Empties a folder.</summary>
    internal static void Empty(string folder)
    {
        nint text = Marshal.StringToCoTaskMemUTF8(folder);
        Empty(WorkingDirectory, (byte*)text);
        Marshal.FreeCoTaskMem(text);
    }

    private static void Empty(ulong parent, byte* name)
    {
        ulong descriptor = (ulong)Linux.Require(Linux.Openat, parent, (ulong)name, DirectoryOnly);
        byte* entries = (byte*)NativeMemory.Alloc(BufferSize);
        for (long length; (length = Linux.Require(GetDents64, descriptor, (ulong)entries, BufferSize)) > 0;)
            for (byte* at = entries; at < entries + length; at += *(ushort*)(at + 16))
                Remove(descriptor, at + Header);
        NativeMemory.Free(entries);
        Linux.Require(Linux.Close, descriptor);
    }

    private static void Remove(ulong parent, byte* name)
    {
        if (name[0] == '.' && (name[1] == 0 || name[1] == '.' && name[2] == 0) || Linux.Call(UnlinkAt, parent, (ulong)name) == 0)
            return;
        Empty(parent, name);
        Linux.Require(UnlinkAt, parent, (ulong)name, RemoveDirectory);
    }
}
