// Sockets: none. What a program does with a network goes through libraries, not through the kernel.
using Xenolith.Kernel.Files;

namespace Xenolith.Kernel.Linux;

internal static unsafe class SocketCalls
{
    internal static long Open() => -Errno.AddressFamily;

    internal static long Use(ulong descriptor) => FileTable.Get(descriptor) == null ? -Errno.BadFile : -Errno.NotSocket;
}
