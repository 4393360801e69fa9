namespace Xenolith.Bed.Cache;

/// <summary>Debian's cloud kernel and a busybox, unpacked for use in domUs.</summary>
internal static class LinuxGuestPackages
{
    private const string Layout = "1";
    private const string KernelMetapackage = "linux-image-cloud-amd64";
    private const string BusyboxPackage = "busybox-static";

    private static readonly string[] Modules =
    [
        "drivers/block/xen-blkfront", "drivers/net/xen-netfront",
        "drivers/xen/xen-privcmd", "drivers/xen/xen-evtchn", "drivers/xen/xen-gntdev", "drivers/xen/xen-gntalloc",
    ];

    public static async Task<LinuxGuest> EnsureAsync(CacheDirectory cache, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        string name = "linux-" + CacheDirectory.Hash([Layout, KernelMetapackage, .. Modules]);
        using FileLock taken = await cache.EnsureAsync(name, folder => BuildAsync(folder, progress, cancellationToken), progress, cancellationToken).ConfigureAwait(false);
        string directory = cache.FolderOf(name);
        return new()
        {
            KernelPath = Path.Combine(directory, "vmlinux"),
            ModulesDirectory = Path.Combine(directory, "modules"),
            BusyboxPath = Path.Combine(directory, "busybox"),
            Version = await File.ReadAllTextAsync(Path.Combine(directory, "version"), cancellationToken).ConfigureAwait(false),
        };
    }

    private static async Task BuildAsync(string folder, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        string kernel = await Apt.ResolveAsync(KernelMetapackage, progress, cancellationToken).ConfigureAwait(false);
        progress?.Report("Downloading a Linux kernel for domUs from Debian's archive");
        string downloads = Path.Combine(folder, "downloads");
        var packages = await Apt.DownloadAsync([kernel, BusyboxPackage], downloads, progress, cancellationToken).ConfigureAwait(false);

        KernelFiles files = await KernelFiles.ReadAsync(packages[kernel].Path, Modules, cancellationToken).ConfigureAwait(false);
        await File.WriteAllBytesAsync(Path.Combine(folder, "vmlinux"), files.Kernel, cancellationToken).ConfigureAwait(false);
        Directory.CreateDirectory(Path.Combine(folder, "modules"));
        foreach ((string module, byte[] content) in files.Modules)
            await File.WriteAllBytesAsync(Path.Combine(folder, "modules", Path.GetFileName(module) + ".ko"), content, cancellationToken).ConfigureAwait(false);
        await Apt.ReadAsync(
            packages[BusyboxPackage].Path,
            entry =>
            {
                if (entry.Name.EndsWith("/bin/busybox", StringComparison.Ordinal))
                    entry.ExtractToFile(Path.Combine(folder, "busybox"), overwrite: true);
            },
            cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(folder, "version"), packages[kernel].Version, cancellationToken).ConfigureAwait(false);
        Directory.Delete(downloads, recursive: true);
    }
}
