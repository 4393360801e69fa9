using System.Reflection;
using System.Security.Cryptography;
using Xenolith.Bed.Emulator;
using Xenolith.Bed.Protocol;

namespace Xenolith.Bed.Cache;

/// <summary>
/// A machine in the cache: Xen and dom0 ready to boot, and the snapshot of them booted. Its key is the hash of all that goes into it.
/// </summary>
internal sealed class Machine
{
    /// <summary>Changes whenever the same inputs make another machine.</summary>
    private const string Layout = "1";

    private const string Init = """
        #!/bin/busybox sh
        # The first program of dom0: what the agent cannot run without, then the agent.
        busybox mount -t proc proc /proc
        busybox mount -t sysfs sysfs /sys
        busybox mount -t devtmpfs dev /dev
        busybox --install -s
        mkdir -p /dev/pts /dev/shm
        mount -t devpts devpts /dev/pts
        mount -t tmpfs -o mode=755 run /run
        mkdir -p /run/xen /run/xenstored /run/lock
        ln -s /proc/self/fd /dev/fd
        ln -s fd/0 /dev/stdin
        ln -s fd/1 /dev/stdout
        ln -s fd/2 /dev/stderr
        for module in $(cat /modules/order); do insmod /modules/$module; done
        mount -t xenfs xenfs /proc/xen
        export PATH=/usr/lib/xen-4.17/bin:/usr/sbin:/usr/bin HOME=/root TERM=linux
        exec /usr/sbin/xenolith-bed-agent </dev/console >/dev/console 2>&1

        """;

    private static readonly Lazy<byte[]> Overlay = new(BuildOverlay);

    private Machine(CacheDirectory cache, string name, MachineSettings settings, string manifest)
    {
        Cache = cache;
        Name = name;
        Settings = settings;
        Manifest = manifest;
    }

    public CacheDirectory Cache { get; }

    /// <summary>Its folder's name.</summary>
    public string Name { get; }

    public string Key => Name["machine-".Length..];

    public string Directory => Cache.FolderOf(Name);

    public MachineSettings Settings { get; }

    /// <summary>All that went into the key, for people.</summary>
    private string Manifest { get; }

    /// <summary>The machine that settings, an emulator and packages make.</summary>
    public static Machine Describe(CacheDirectory cache, MachineSettings settings, string qemuVersion, IReadOnlyDictionary<string, string> packages)
    {
        string manifest = string.Join(
            '\n',
            [
                $"layout {Layout}", qemuVersion, settings.Fingerprint, $"agent and configuration {Convert.ToHexStringLower(SHA256.HashData(Overlay.Value))}",
                .. packages.OrderBy(package => package.Key, StringComparer.Ordinal).Select(package => $"{package.Key}={package.Value}"), "",
            ]);
        return new(cache, "machine-" + CacheDirectory.Hash(manifest), settings, manifest);
    }

    /// <summary>Builds it, unless it is there. The lock keeps it there until it is disposed.</summary>
    public Task<FileLock> EnsureAsync(string qemu, BasePackages packages, IProgress<string>? progress, CancellationToken cancellationToken) =>
        Cache.EnsureAsync(Name, folder => BuildAsync(folder, qemu, packages, progress, cancellationToken), progress, cancellationToken);

    private static byte[] BuildOverlay()
    {
        using MemoryStream output = new();
        CpioArchive archive = new(output);
        archive.AddFile("init", Init, executable: true);
        archive.AddFile("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
        archive.AddFile("etc/group", "root:x:0:\n");
        archive.AddFile("etc/hosts", "127.0.0.1 localhost dom0\n");
        archive.AddFile("etc/xen/xl.conf", "autoballoon=\"off\"\n"); // dom0's memory is fixed: looking at it costs time.
        using (Stream agent = Assembly.GetExecutingAssembly().GetManifestResourceStream("xenolith-bed-agent")!)
        {
            byte[] bytes = new byte[agent.Length];
            agent.ReadExactly(bytes);
            archive.AddFile("usr/sbin/xenolith-bed-agent", bytes, executable: true);
        }

        archive.AddLink("etc/xen/scripts/block", "/usr/sbin/xenolith-bed-agent");
        archive.AddLink("etc/xen/scripts/vif-bridge", "/usr/sbin/xenolith-bed-agent");
        archive.Finish();
        return output.ToArray();
    }

    private async Task BuildAsync(string folder, string qemu, BasePackages packages, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        File.Copy(packages.XenPath, Path.Combine(folder, "xen"));
        File.Copy(packages.KernelPath, Path.Combine(folder, "vmlinux"));
        File.Copy(packages.ArchivePath, Path.Combine(folder, "initrd"));
        await using (FileStream initrd = new(Path.Combine(folder, "initrd"), FileMode.Append))
            await initrd.WriteAsync(Overlay.Value, cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(folder, "manifest"), Manifest, cancellationToken).ConfigureAwait(false);

        progress?.Report("Booting Xen and dom0");
        GuestConsole log = null!;
        log = new(Settings.Options.Timeout, message => Diagnosis.Explain(message, log, []));
        await using RunningMachine machine = await RunningMachine.BootAsync(
            qemu, folder, Settings, MemoryBacking.Shared, log, setClock: false, cancellationToken).ConfigureAwait(false);
        progress?.Report("Saving the snapshot");
        await machine.SaveAsync(cancellationToken).ConfigureAwait(false);
        await File.WriteAllBytesAsync(Path.Combine(folder, "boot.log"), log.RawBytes, cancellationToken).ConfigureAwait(false);
    }
}
