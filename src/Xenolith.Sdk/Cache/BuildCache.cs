// What a build makes once and the next ones use again. A folder is filled beside its place and moved there whole, so one that exists is
// complete, and builds that make the same at the same time do not disturb each other.

namespace Xenolith.Sdk.Cache;

/// <summary>Folders that builds share, in <c>sdk</c> of the cache. Any number of threads and processes may use it.</summary>
/// <param name="root">The cache's folder; null or empty for the usual one (<see cref="UsualRoot"/>).</param>
public sealed class BuildCache(string? root)
{
    private static readonly TimeSpan KeptUnused = TimeSpan.FromDays(30);

    private readonly string _directory = Path.Combine(string.IsNullOrEmpty(root) ? UsualRoot : Path.GetFullPath(root), "sdk");

    /// <summary><c>XENOLITH_CACHE</c>, else <c>$XDG_CACHE_HOME/xenolith</c>, else <c>~/.cache/xenolith</c>.</summary>
    public static string UsualRoot
    {
        get
        {
            if (Environment.GetEnvironmentVariable("XENOLITH_CACHE") is { Length: > 0 } own)
                return Path.GetFullPath(own);
            string parent = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } user
                ? user
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return Path.Combine(parent, "xenolith");
        }
    }

    /// <summary>Makes sure that a folder is there, and removes those of its kind that no build has used for a month.</summary>
    /// <param name="kind">What it is, for people.</param>
    /// <param name="key">What distinguishes it from others of its kind: everything that it is made from.</param>
    /// <param name="fill">Fills an empty folder.</param>
    /// <returns>The folder's path.</returns>
    public string Ensure(string kind, string key, Action<string> fill)
    {
        string folder = Path.Combine(_directory, $"{kind}-{key}");
        if (Directory.Exists(folder))
        {
            Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow);
            return folder;
        }

        string temporary = Path.Combine(_directory, $"tmp-{kind}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(temporary);
        try
        {
            fill(temporary);
            Directory.Move(temporary, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another build was faster.
            Directory.Delete(temporary, recursive: true);
        }
        catch
        {
            Directory.Delete(temporary, recursive: true);
            throw;
        }

        RemoveUnused(kind);
        return folder;
    }

    private void RemoveUnused(string kind)
    {
        DateTime oldest = DateTime.UtcNow - KeptUnused;
        foreach (string pattern in (string[])[$"{kind}-*", $"tmp-{kind}-*"])
            foreach (string folder in Directory.GetDirectories(_directory, pattern))
                if (Directory.GetLastWriteTimeUtc(folder) < oldest)
                    Directory.Delete(folder, recursive: true);
    }
}
