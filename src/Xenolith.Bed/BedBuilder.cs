using Xenolith.Bed.Cache;
using Xenolith.Bed.Emulator;

namespace Xenolith.Bed;

/// <summary>Builds, describes and removes beds in the cache. <see cref="TestBed.StartAsync"/> builds by itself; this is for a command line.</summary>
public static class BedBuilder
{
    private const string DefaultQemu = "qemu-system-x86_64";

    /// <summary>
    /// Builds the bed that these options select, unless it is there. Two builds at once are safe, in one process or several: the second waits for the
    /// first.
    /// </summary>
    /// <exception cref="BedException">A prerequisite is missing or a step failed; the message says what to do.</exception>
    public static async Task<BedInfo> BuildAsync(BedOptions? options = null, CancellationToken cancellationToken = default)
    {
        (BedInfo info, _, FileLock taken) = await EnsureAsync(options ?? new(), cancellationToken).ConfigureAwait(false);
        taken.Dispose();
        return info;
    }

    /// <summary>Describes the bed that these options select, without building or installing anything.</summary>
    public static async Task<BedInfo> GetInfoAsync(BedOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        string program = QemuProgram(options);
        string version = Apt.FindProgram(program) is null ? "not installed" : await QemuVersionAsync(program, cancellationToken).ConfigureAwait(false);
        CacheDirectory cache = new(options.CacheDirectory);
        var packages = BasePackages.FindVersions(cache);
        return Describe(Machine.Describe(cache, new(options), version, packages), version, packages);
    }

    /// <summary>Downloads and unpacks a Linux kernel for PVH domUs (Debian's cloud kernel), unless it is there.</summary>
    public static Task<LinuxGuest> GetLinuxGuestAsync(BedOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        return LinuxGuestPackages.EnsureAsync(new(options.CacheDirectory), options.Progress, cancellationToken);
    }

    /// <summary>Removes everything of the bed from the cache: snapshots, packages, left-over files. Running beds go on.</summary>
    /// <returns>The bytes freed.</returns>
    public static Task<long> CleanAsync(BedOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => new CacheDirectory(options?.CacheDirectory).Clean(), cancellationToken);

    /// <summary>Builds what is missing. The lock keeps the machine's folder there until it is disposed.</summary>
    internal static async Task<(BedInfo Info, Machine Machine, FileLock Lock)> EnsureAsync(BedOptions options, CancellationToken cancellationToken)
    {
        string program = QemuProgram(options);
        if (program == DefaultQemu)
            await Apt.EnsureInstalledAsync(program, "qemu-system-x86", options.Progress, cancellationToken).ConfigureAwait(false);
        string version = await QemuVersionAsync(program, cancellationToken).ConfigureAwait(false);
        if (!version.Contains("version 7.2", StringComparison.Ordinal))
        {
            throw new BedException(
                $"The test bed needs QEMU 7.2 (Debian 12's): with other versions Linux guests of Xen do not run. Found: {version}.\n" +
                "Set XENOLITH_QEMU to a qemu-system-x86_64 of version 7.2.");
        }

        CacheDirectory cache = new(options.CacheDirectory);
        (BasePackages packages, FileLock packagesLock) = await BasePackages.EnsureAsync(cache, options.Progress, cancellationToken).ConfigureAwait(false);
        using (packagesLock)
        {
            Machine machine = Machine.Describe(cache, new(options), version, packages.Versions);
            FileLock taken = await machine.EnsureAsync(program, packages, options.Progress, cancellationToken).ConfigureAwait(false);
            cache.Touch(machine.Name);
            return (Describe(machine, version, packages.Versions), machine, taken);
        }
    }

    internal static string QemuProgram(BedOptions options) =>
        options.QemuPath ?? (Environment.GetEnvironmentVariable("XENOLITH_QEMU") is { Length: > 0 } path ? path : DefaultQemu);

    private static async Task<string> QemuVersionAsync(string program, CancellationToken cancellationToken) =>
        (await Tool.RunAsync(program, ["--version"], cancellationToken).ConfigureAwait(false)).Split('\n')[0].Trim();

    private static BedInfo Describe(Machine machine, string qemuVersion, IReadOnlyDictionary<string, string> packages) => new()
    {
        Key = machine.Key,
        Directory = machine.Directory,
        IsBuilt = Directory.Exists(machine.Directory),
        Size = DiskUsage.Of(machine.Directory),
        QemuVersion = qemuVersion,
        Packages = packages,
    };
}
