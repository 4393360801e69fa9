// Watching files: not offered.
using Xenolith.Kernel.Files;

namespace Xenolith.Kernel.Linux;

internal static unsafe class WatchCalls
{
    internal static long Open() => -Errno.NoSystemCall;

    internal static long Use(ulong descriptor) => FileTable.Get(descriptor) == null ? -Errno.BadFile : -Errno.Invalid;
}
