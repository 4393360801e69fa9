// Sockets: none. What a program does with a network goes through libraries, not through the kernel.
using Xenolith.Kernel.Files;

namespace Xenolith.Kernel.Linux;

internal static unsafe class SocketCalls
{
    /// <summary>socket(2), socketpair(2).</summary>
    /// <kept>No address family is there, and they say so.</kept>
    /// <refused>All.</refused>
    /// <errors>EAFNOSUPPORT</errors>
    internal static long Open() => -Errno.AddressFamily;

    /// <summary>What is done with sockets.</summary>
    /// <kept>No descriptor is one, and they say so.</kept>
    /// <refused>All.</refused>
    /// <errors>EBADF, ENOTSOCK</errors>
    internal static long Use(ulong descriptor) => FileTable.Get(descriptor) == null ? -Errno.BadFile : -Errno.NotSocket;
}
