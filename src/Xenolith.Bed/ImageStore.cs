using System.Globalization;

namespace Xenolith.Bed;

/// <summary>
/// The images and ramdisks of domains as files in dom0, each sent there once as long as it is in use or was so lately. Dom0's files are memory: those
/// that no domain needs make room for others. Thread-safe.
/// </summary>
internal sealed class ImageStore(TestBed bed)
{
    private const long Kept = 64L << 20; // bytes; a few dozen images, a fifth of dom0's files

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Path, long Length, DateTime Time), Image> _images = [];
    private int _lastNumber;
    private long _lastUse;

    /// <summary>Provides a file until <see cref="Image.Dispose"/>.</summary>
    /// <exception cref="BedException">There is no such file, or it cannot be sent.</exception>
    internal async Task<Image> TakeAsync(string path, CancellationToken cancellationToken)
    {
        FileInfo file = new(path);
        if (!file.Exists)
            throw new BedException($"There is no file {path}.");
        (string, long, DateTime) key = (file.FullName, file.Length, file.LastWriteTimeUtc);
        Image? image;
        lock (_lock)
        {
            if (!_images.TryGetValue(key, out image))
            {
                List<Image> superfluous = TakeSuperfluous(file.Length);
                string target = string.Create(CultureInfo.InvariantCulture, $"/images/{++_lastNumber}/{file.Name}");
                image = new Image(this, target, file.Length, new(() => SendAsync(file.FullName, target, superfluous)));
                _images.Add(key, image);
            }
            image.Users++;
        }
        try
        {
            await image.Upload.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
            return image;
        }
        catch
        {
            image.Dispose();
            if (image.Upload.Value.IsFaulted)
                Forget(key, image);
            throw;
        }
    }

    private async Task SendAsync(string path, string target, List<Image> superfluous)
    {
        foreach (Image image in superfluous)
            await RemoveAsync(image.Dom0Path).ConfigureAwait(false);
        try
        {
            await bed.UploadAsync(path, target, bed.Disposed).ConfigureAwait(false);
        }
        catch (BedException)
        {
            await RemoveAsync(target).ConfigureAwait(false); // what there was room for
            throw;
        }
    }

    private Task RemoveAsync(string dom0Path) => bed.RunAsync(new Dom0Command { Program = "rm", Arguments = ["-f", dom0Path] }, bed.Disposed);

    /// <summary>
    /// Takes images that nobody uses off the list, the longest unused first, until the others and the new one are small enough. Under the lock.
    /// </summary>
    private List<Image> TakeSuperfluous(long next)
    {
        List<Image> superfluous = [];
        long size = next + _images.Values.Where(image => image.Users == 0).Sum(image => image.Length);
        foreach (((string, long, DateTime) key, Image image) in _images.Where(entry => entry.Value.Users == 0).OrderBy(entry => entry.Value.LastUse).ToArray())
        {
            if (size <= Kept)
                break;
            size -= image.Length;
            _images.Remove(key);
            superfluous.Add(image);
        }
        return superfluous;
    }

    /// <summary>It could not be sent: the next who wants it tries again.</summary>
    private void Forget((string Path, long Length, DateTime Time) key, Image image)
    {
        lock (_lock)
        {
            if (_images.GetValueOrDefault(key) == image)
                _images.Remove(key);
        }
    }

    private void Release(Image image)
    {
        lock (_lock)
        {
            image.Users--;
            image.LastUse = ++_lastUse;
        }
    }

    /// <summary>One use of a file in dom0.</summary>
    internal sealed class Image(ImageStore store, string dom0Path, long length, Lazy<Task> upload) : IDisposable
    {
        internal string Dom0Path { get; } = dom0Path;

        internal long Length { get; } = length;

        internal Lazy<Task> Upload { get; } = upload;

        internal int Users { get; set; }

        internal long LastUse { get; set; }

        /// <summary>Ends one use.</summary>
        public void Dispose() => store.Release(this);
    }
}
