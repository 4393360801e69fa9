using System.Security.Cryptography;
using System.Text;

namespace Xenolith.Bed.Cache;

/// <summary>
/// The bed's part of the cache:
/// <code>
///   bed/packages-KEY/   out of Debian's packages: xen, vmlinux, base.cpio, versions
///   bed/machine-KEY/    a snapshot and what it booted from: xen, vmlinux, initrd, ram, state, boot.log, manifest
///   bed/linux-KEY/      a Linux kernel for domUs
///   bed/locks/          one lock a folder; empty files that stay
///   bed/tmp-NAME-*/     being built; whoever holds NAME's lock removes those of dead builds
/// </code>
/// A folder is built beside its place and moved there whole, so one that exists is complete.
/// </summary>
internal sealed class CacheDirectory
{
    /// <summary>How many folders of a kind are kept: more than anybody uses by turns, few enough for a disk (a machine takes some 400 MB).</summary>
    private const int Kept = 8;

    public CacheDirectory(string? path)
    {
        Root = Path.Combine(path ?? Default(), "bed");
        Directory.CreateDirectory(Root);
    }

    public string Root { get; }

    public static string Hash(params ReadOnlySpan<string> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))))[..16];

    public string FolderOf(string name) => Path.Combine(Root, name);

    /// <summary>
    /// Makes sure that a folder is there, calling <paramref name="build"/> with an empty one to fill if it is not, and returns a lock that keeps it
    /// from being removed.
    /// </summary>
    public async Task<FileLock> EnsureAsync(string name, Func<string, Task> build, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        string folder = FolderOf(name);
        FileLock taken = await FileLock.TakeAsync(LockOf(name), exclusive: false, Waiting, cancellationToken).ConfigureAwait(false);
        try
        {
            if (Directory.Exists(folder))
                return taken;
            taken.Dispose();
            taken = await FileLock.TakeAsync(LockOf(name), exclusive: true, Waiting, cancellationToken).ConfigureAwait(false);
            if (!Directory.Exists(folder))
            {
                Sweep(name);
                string temporary = Path.Combine(Root, $"tmp-{name}-{Guid.NewGuid():N}");
                Directory.CreateDirectory(temporary);
                try
                {
                    await build(temporary).ConfigureAwait(false);
                    Directory.Move(temporary, folder);
                }
                catch
                {
                    Directory.Delete(temporary, recursive: true);
                    throw;
                }
            }

            taken.Share();
            return taken;
        }
        catch
        {
            taken.Dispose();
            throw;
        }

        void Waiting() => progress?.Report("Waiting for another build of the same");
    }

    /// <summary>
    /// Notes that a folder is used, and removes those of its kind that were not for longest: each change of the agent or of a package leaves one.
    /// </summary>
    public void Touch(string name)
    {
        Directory.SetLastWriteTimeUtc(FolderOf(name), DateTime.UtcNow);
        string kind = name[..(name.IndexOf('-', StringComparison.Ordinal) + 1)];
        foreach (string folder in Directory.GetDirectories(Root, kind + "*").OrderByDescending(Directory.GetLastWriteTimeUtc).Skip(Kept))
            Remove(Path.GetFileName(folder));
    }

    /// <summary>Removes everything that nobody is starting from or building.</summary>
    /// <returns>The bytes freed.</returns>
    public long Clean()
    {
        long size = DiskUsage.Of(Root);
        foreach (string folder in Directory.GetDirectories(Root))
        {
            string name = Path.GetFileName(folder);
            if (name != "locks" && !name.StartsWith("tmp-", StringComparison.Ordinal))
                Remove(name);
        }

        foreach (string lockFile in Directory.Exists(FolderOf("locks")) ? Directory.GetFiles(FolderOf("locks")) : [])
        {
            using FileLock? taken = FileLock.TryTake(lockFile);
            if (taken is not null)
                Sweep(Path.GetFileName(lockFile));
        }

        return size - DiskUsage.Of(Root);
    }

    private void Remove(string name)
    {
        using FileLock? taken = FileLock.TryTake(LockOf(name));
        if (taken is not null && Directory.Exists(FolderOf(name)))
            Directory.Delete(FolderOf(name), recursive: true);
    }

    private void Sweep(string name)
    {
        foreach (string left in Directory.GetDirectories(Root, $"tmp-{name}-*"))
            Directory.Delete(left, recursive: true);
    }

    private string LockOf(string name) => Path.Combine(Root, "locks", name);

    private static string Default()
    {
        if (Environment.GetEnvironmentVariable("XENOLITH_CACHE") is { Length: > 0 } own)
            return own;
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } user
            ? Path.Combine(user, "xenolith")
            : Path.Combine(home.Length > 0 ? home : "/root", ".cache", "xenolith");
    }
}
