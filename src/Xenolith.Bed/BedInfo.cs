namespace Xenolith.Bed;

/// <summary>A bed in the cache: what it is made of and where it is.</summary>
public sealed record BedInfo
{
    /// <summary>The hash of everything that goes into it.</summary>
    public required string Key { get; init; }

    /// <summary>Its folder in the cache.</summary>
    public required string Directory { get; init; }

    /// <summary>Whether it is there; if not, the next start builds it.</summary>
    public required bool IsBuilt { get; init; }

    /// <summary>The disk space that it takes, in bytes. Holes are not counted.</summary>
    public required long Size { get; init; }

    /// <summary>The emulator's version, as it prints it.</summary>
    public required string QemuVersion { get; init; }

    /// <summary>The Debian packages in it: versions by name. Empty when they have not been downloaded yet.</summary>
    public required IReadOnlyDictionary<string, string> Packages { get; init; }
}

/// <summary>Files for a Linux PVH domU, from Debian packages, for tests and benchmarks that want Linux as a guest.</summary>
public sealed record LinuxGuest
{
    /// <summary>The unpacked kernel (an ELF with a PVH note): <see cref="DomainOptions.ImagePath"/>.</summary>
    public required string KernelPath { get; init; }

    /// <summary>
    /// The folder with the kernel's modules for front ends (<c>xen-netfront.ko</c>, <c>xen-blkfront.ko</c>) and for Xen's devices in <c>/dev/xen</c>.
    /// </summary>
    public required string ModulesDirectory { get; init; }

    /// <summary>A static busybox.</summary>
    public required string BusyboxPath { get; init; }

    /// <summary>The Debian package's version.</summary>
    public required string Version { get; init; }
}
