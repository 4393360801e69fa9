// Watching files: not offered.
using Xenolith.Kernel.Files;

namespace Xenolith.Kernel.Linux;

internal static unsafe class WatchCalls
{
    /// <summary>inotify_init1(2), inotify_init(2): a FileSystemWatcher that is started throws an IOException.</summary>
    /// <kept>Nothing.</kept>
    /// <refused>All (ENOSYS).</refused>
    /// <errors>ENOSYS</errors>
    internal static long Open(ulong number) => Dispatcher.Refuse(number);

    /// <summary>inotify_add_watch(2), inotify_rm_watch(2).</summary>
    /// <kept>No descriptor is an inotify instance, and they say so.</kept>
    /// <refused>All.</refused>
    /// <errors>EBADF, EINVAL</errors>
    internal static long Use(ulong descriptor) => FileTable.Get(descriptor) == null ? -Errno.BadFile : -Errno.Invalid;
}
