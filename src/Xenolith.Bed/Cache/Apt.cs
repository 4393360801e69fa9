using System.Diagnostics;
using System.Formats.Tar;

namespace Xenolith.Bed.Cache;

/// <summary>Debian's package tools: installing what the host lacks, and downloading packages only to unpack them.</summary>
internal static class Apt
{
    /// <summary>Makes sure that a program of the host is there: installs its package when root, and otherwise says how to.</summary>
    public static async Task EnsureInstalledAsync(string program, string package, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (FindProgram(program) is not null)
            return;
        if (!Environment.IsPrivilegedProcess)
            throw new BedException($"The test bed needs {program}. Install it with:\n  sudo apt-get install --no-install-recommends {package}");

        progress?.Report($"Installing {package}");
        await RetryAfterUpdateAsync(
            () => Tool.TryRunAsync("apt-get", ["install", "-y", "-q", "-o", "DPkg::Lock::Timeout=120", "--no-install-recommends", package], cancellationToken), progress, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Downloads packages into a folder.</summary>
    /// <returns>The packages' files, by package name, with their versions.</returns>
    public static async Task<IReadOnlyDictionary<string, (string Path, string Version)>> DownloadAsync(
        IReadOnlyList<string> packages, string directory, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        await RetryAfterUpdateAsync(
            () => Tool.TryRunAsync("apt-get", ["download", "-q", "-o", "APT::Sandbox::User=root", .. packages], cancellationToken, directory),
            progress, cancellationToken).ConfigureAwait(false);

        // NAME_VERSION_ARCHITECTURE.deb, with ':' as "%3a".
        Dictionary<string, (string, string)> files = [];
        foreach (string path in Directory.GetFiles(directory, "*.deb"))
        {
            string[] parts = Path.GetFileName(path).Split('_');
            files[parts[0]] = (path, Uri.UnescapeDataString(parts[1]));
        }

        foreach (string package in packages)
        {
            if (!files.ContainsKey(package))
                throw new BedException($"apt-get did not download {package}.");
        }

        return files;
    }

    /// <summary>The real package that a metapackage such as <c>linux-image-amd64</c> stands for.</summary>
    public static async Task<string> ResolveAsync(string metapackage, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        (int, string Output, string) result = await RetryAfterUpdateAsync(
            async () =>
            {
                var found = await Tool.TryRunAsync("apt-cache", ["depends", metapackage], cancellationToken).ConfigureAwait(false);
                return (Dependency(found.Output) is null ? 1 : 0, found.Output, found.Error);
            },
            progress, cancellationToken).ConfigureAwait(false);
        return Dependency(result.Output)!;

        string? Dependency(string output) =>
            output.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.StartsWith("Depends: linux-image-", StringComparison.Ordinal))?["Depends: ".Length..];
    }

    /// <summary>Reads a package's files (not its folders).</summary>
    public static async Task ReadAsync(string path, Action<TarEntry> receive, CancellationToken cancellationToken)
    {
        using Process process = Tool.Start("dpkg-deb", ["--fsys-tarfile", path]);
        Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
        await using (TarReader reader = new(process.StandardOutput.BaseStream))
        {
            while (await reader.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false) is TarEntry entry)
            {
                if (entry.EntryType != TarEntryType.Directory)
                    receive(entry);
            }

            // What follows the archive's end, or dpkg-deb would complain about a broken pipe.
            await process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
        }

        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        if (process.ExitCode != 0)
            throw new BedException($"dpkg-deb cannot unpack {path}:\n{await error.ConfigureAwait(false)}");
    }

    /// <summary>A program's path, or null when the search path does not have it. A path is only looked at.</summary>
    public static string? FindProgram(string program) =>
        program.Contains('/', StringComparison.Ordinal)
            ? File.Exists(program) ? program : null
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static async Task<(int ExitCode, string Output, string Error)> RetryAfterUpdateAsync(
        Func<Task<(int ExitCode, string Output, string Error)>> run, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var result = await run().ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            // The package lists may be missing or older than the archive.
            if (!Environment.IsPrivilegedProcess)
                throw new BedException($"apt could not get Debian's packages. Update its lists with:\n  sudo apt-get update\nIt said:\n{(result.Error + result.Output).Trim()}");
            progress?.Report("Updating apt's package lists");
            await Tool.RunAsync("apt-get", ["update", "-q"], cancellationToken).ConfigureAwait(false);
            result = await run().ConfigureAwait(false);
        }

        return result.ExitCode == 0
            ? result
            : throw new BedException($"apt could not get Debian's packages; the test bed needs Debian 12 and its archive. It said:\n{(result.Error + result.Output).Trim()}");
    }
}
