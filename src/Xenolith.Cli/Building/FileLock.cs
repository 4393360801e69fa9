namespace Xenolith.Cli.Building;

/// <summary>A lock between processes, held as long as its file is open; it ends with its process, however that ends.</summary>
internal static class FileLock
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Waits until no other process holds the lock, and takes it. The file system tells nobody when a lock is free, so it is asked again.
    /// </summary>
    internal static async Task<FileStream> TakeAsync(string path, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(RetryInterval, cancellation).ConfigureAwait(false);
            }
        }
    }
}
