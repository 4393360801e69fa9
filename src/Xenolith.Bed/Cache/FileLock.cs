using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Xenolith.Bed.Cache;

/// <summary>
/// A lock on a name of the cache, between processes: flock(2) on a file that is never removed. The kernel lets go of it when its holder dies.
/// </summary>
internal sealed partial class FileLock : IDisposable
{
    private const int Shared = 1;
    private const int Exclusive = 2;
    private const int NonBlocking = 4;

    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <summary>Takes a lock, waiting for its other holders.</summary>
    /// <param name="path">The lock's file, which is made when missing.</param>
    /// <param name="exclusive">Whether nobody else may hold it.</param>
    /// <param name="waiting">Called once when it is held by somebody else.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<FileLock> TakeAsync(string path, bool exclusive, Action? waiting, CancellationToken cancellationToken)
    {
        SafeFileHandle file = Open(path);
        int operation = exclusive ? Exclusive : Shared;
        if (Flock(file, operation | NonBlocking) == 0)
            return new(file);
        waiting?.Invoke();

        // flock(2) cannot be awaited: a thread waits in it. When nobody wants the lock any more, the thread gives it back as soon as it has it.
        Task<int> locked = Task.Factory.StartNew(() => Flock(file, operation), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            if (await locked.WaitAsync(cancellationToken).ConfigureAwait(false) != 0)
                throw new BedException($"The lock {path} cannot be taken.");
            return new(file);
        }
        catch
        {
            _ = locked.ContinueWith(_ => file.Dispose(), TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Takes a lock for oneself alone, or returns null when somebody holds it.</summary>
    public static FileLock? TryTake(string path)
    {
        SafeFileHandle file = Open(path);
        if (Flock(file, Exclusive | NonBlocking) == 0)
            return new(file);
        file.Dispose();
        return null;
    }

    /// <summary>Lets others who only share it in, too.</summary>
    public void Share() => _ = Flock(_file, Shared);

    public void Dispose() => _file.Dispose();

    private static SafeFileHandle Open(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Not File.OpenHandle, which takes a flock of its own.
        const int readWrite = 2, create = 0x40, closeOnExec = 0x80000;
        int descriptor = OpenFile(path, readWrite | create | closeOnExec, 0x1B6);
        return descriptor >= 0 ? new(descriptor, ownsHandle: true) : throw new BedException($"The lock {path} cannot be opened: is the cache's folder writable?");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle file, int operation);
}
