using System.Formats.Tar;
using System.IO.Compression;

namespace Xenolith.Bed.Cache;

/// <summary>
/// What the bed takes from Debian: the hypervisor, dom0's kernel, and dom0's programs, libraries and modules as the first part of its initial RAM
/// disk.
/// </summary>
internal sealed class BasePackages
{
    /// <summary>Changes whenever other files are taken from the packages.</summary>
    private const string Layout = "1";

    private const string KernelMetapackage = "linux-image-amd64";

    private static readonly string[] Names =
    [
        "xen-hypervisor-4.17-amd64", "xen-utils-4.17", "xen-utils-common", "xenstore-utils",
        "libxencall1", "libxendevicemodel1", "libxenevtchn1", "libxenforeignmemory1", "libxengnttab1", "libxenhypfs1", "libxenmisc4.17", "libxenstore4",
        "libxentoolcore1", "libxentoollog1", "libyajl2", "libuuid1", "libzstd1", "liblzma5", "zlib1g", "libc6", "libtinfo6",
        "libgcc-s1", // xl's thread cancellation loads it; without it xl aborts after the guest has started.
        "busybox-static",
    ];

    /// <summary>dom0's modules in the order in which they are loaded, below the kernel's folder.</summary>
    private static readonly string[] Modules =
    [
        "drivers/xen/xen-evtchn", "drivers/xen/xen-privcmd", "drivers/xen/xen-gntdev", "drivers/xen/xen-gntalloc", "drivers/xen/xenfs/xenfs",
        "drivers/block/loop", "drivers/block/xen-blkback/xen-blkback", "drivers/net/xen-netback/xen-netback",
        "net/llc/llc", "net/802/stp", "net/bridge/bridge", "drivers/net/tun",
        "drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_pci_modern_dev", "drivers/virtio/virtio_pci_legacy_dev",
        "drivers/virtio/virtio_pci", "net/core/failover", "drivers/net/net_failover", "drivers/net/virtio_net", "drivers/char/virtio_console", "drivers/block/virtio_blk",
    ];

    private BasePackages(string directory) => Directory = directory;

    public string Directory { get; }

    public string XenPath => Path.Combine(Directory, "xen");

    public string KernelPath => Path.Combine(Directory, "vmlinux");

    public string ArchivePath => Path.Combine(Directory, "base.cpio");

    /// <summary>The packages' versions by name.</summary>
    public IReadOnlyDictionary<string, string> Versions => ReadVersions(Directory);

    private static string FolderName => "packages-" + CacheDirectory.Hash([Layout, KernelMetapackage, .. Names, .. Modules]);

    /// <summary>The versions of the packages in the cache; empty when they are not there.</summary>
    public static IReadOnlyDictionary<string, string> FindVersions(CacheDirectory cache) => ReadVersions(cache.FolderOf(FolderName));

    /// <summary>Downloads and unpacks the packages, unless they are there. The lock keeps them there until it is disposed.</summary>
    public static async Task<(BasePackages Packages, FileLock Lock)> EnsureAsync(CacheDirectory cache, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        FileLock taken = await cache.EnsureAsync(FolderName, folder => BuildAsync(folder, progress, cancellationToken), progress, cancellationToken).ConfigureAwait(false);
        cache.Touch(FolderName);
        return (new(cache.FolderOf(FolderName)), taken);
    }

    private static async Task BuildAsync(string folder, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        string kernel = await Apt.ResolveAsync(KernelMetapackage, progress, cancellationToken).ConfigureAwait(false);
        progress?.Report("Downloading Xen, its tools and Linux from Debian's archive");
        string downloads = Path.Combine(folder, "downloads");
        var packages = await Apt.DownloadAsync([.. Names, kernel], downloads, progress, cancellationToken).ConfigureAwait(false);

        progress?.Report("Unpacking the packages");
        await using (FileStream output = File.Create(Path.Combine(folder, "base.cpio")))
        {
            CpioArchive archive = new(output);
            AddSkeleton(archive);
            Task<KernelFiles> kernelFiles = KernelFiles.ReadAsync(packages[kernel].Path, Modules, cancellationToken);
            foreach (string name in Names)
                await Apt.ReadAsync(packages[name].Path, entry => Take(entry, archive, folder), cancellationToken).ConfigureAwait(false);

            KernelFiles files = await kernelFiles.ConfigureAwait(false);
            await File.WriteAllBytesAsync(Path.Combine(folder, "vmlinux"), files.Kernel, cancellationToken).ConfigureAwait(false);
            foreach (string module in Modules)
                archive.AddFile($"modules/{Path.GetFileName(module)}.ko", files.Modules[module]);
            archive.AddFile("modules/order", string.Concat(Modules.Select(module => Path.GetFileName(module) + ".ko\n")));
            archive.Finish();
        }

        await File.WriteAllLinesAsync(
            Path.Combine(folder, "versions"), packages.OrderBy(package => package.Key, StringComparer.Ordinal).Select(package => $"{package.Key}={package.Value.Version}"), cancellationToken)
            .ConfigureAwait(false);
        System.IO.Directory.Delete(downloads, recursive: true);
    }

    private static void AddSkeleton(CpioArchive archive)
    {
        foreach (string directory in new[]
        {
            "usr/bin", "usr/sbin", "usr/lib/x86_64-linux-gnu", "usr/lib64", "proc", "sys", "dev", "run", "tmp", "root", "var/lib/xen", "var/lib/xenstored", "var/log/xen/console", "etc/xen",
        })
            archive.AddDirectory(directory);
        foreach (string name in new[] { "bin", "sbin", "lib", "lib64" })
            archive.AddLink(name, $"usr/{name}");
        archive.AddLink("var/run", "../run");
        archive.AddLink("var/lock", "../run/lock");
        archive.AddCharacterDevice("dev/console", 5, 1);
        foreach (string tool in new[] { "chmod", "exists", "list", "ls", "read", "rm", "watch", "write" })
            archive.AddLink($"usr/bin/xenstore-{tool}", "xenstore");
    }

    private static void Take(TarEntry entry, CpioArchive archive, string folder)
    {
        string path = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
        if (path.StartsWith("boot/xen-", StringComparison.Ordinal) && path.EndsWith(".gz", StringComparison.Ordinal))
        {
            // QEMU's loader wants the ELF file, not its gzip.
            using GZipStream unpacked = new(entry.DataStream!, CompressionMode.Decompress);
            using FileStream output = File.Create(Path.Combine(folder, "xen"));
            unpacked.CopyTo(output);
            return;
        }

        // Debian's root folders are links into usr, whatever the packages say.
        if (path.StartsWith("lib/", StringComparison.Ordinal) || path.StartsWith("lib64/", StringComparison.Ordinal) ||
            path.StartsWith("bin/", StringComparison.Ordinal) || path.StartsWith("sbin/", StringComparison.Ordinal))
            path = "usr/" + path;
        if (!IsWanted(path))
            return;
        if (entry.EntryType is TarEntryType.SymbolicLink)
            archive.AddLink(path, entry.LinkName);
        else if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile)
            archive.AddFile(path, KernelFiles.Content(entry), executable: true);
    }

    private static bool IsWanted(string path)
    {
        string name = Path.GetFileName(path);
        return Path.GetDirectoryName(path) switch
        {
            "usr/lib/x86_64-linux-gnu" => name.Contains(".so", StringComparison.Ordinal),
            "usr/lib64" => true,
            "usr/lib/xen-4.17/bin" => name is not ("oxenstored" or "pygrub" or "convert-legacy-stream" or "verify-stream-v2") && !name.StartsWith("test-", StringComparison.Ordinal),
            "usr/bin" => name is "busybox" or "xenstore" or "xenalyze",
            _ => false,
        };
    }

    private static Dictionary<string, string> ReadVersions(string directory)
    {
        string path = Path.Combine(directory, "versions");
        return File.Exists(path) ? File.ReadAllLines(path).Select(line => line.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1]) : [];
    }
}
