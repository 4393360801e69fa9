namespace Xenolith.Bed;

/// <summary>What <c>xl</c> does when a domU ends, as in xl.cfg(5)'s <c>on_poweroff</c>, <c>on_reboot</c>, <c>on_crash</c>.</summary>
public enum DomainEndAction
{
    /// <summary>The domain stays, stopped, until it is destroyed.</summary>
    Preserve,

    /// <summary>The domain is destroyed.</summary>
    Destroy,

    /// <summary>The domain is destroyed and a new one created from the same configuration.</summary>
    Restart,
}

/// <summary>A domU to create: a PVH guest. Only <see cref="ImagePath"/> is needed.</summary>
public sealed record DomainOptions
{
    /// <summary>The domain's name, unique within the bed. Null: <c>domu-N</c>.</summary>
    public string? Name { get; init; }

    /// <summary>The kernel image: a file on this host, which is copied into dom0 (once for each path, size and time of change).</summary>
    public required string ImagePath { get; init; }

    /// <summary>An initial RAM disk: a file on this host. None.</summary>
    public string? RamdiskPath { get; init; }

    /// <summary>Memory in MiB: 32.</summary>
    public int Memory { get; init; } = 32;

    /// <summary>The memory that the domain may grow to, in MiB (xl's <c>maxmem</c>). Null: <see cref="Memory"/>.</summary>
    public int? MaxMemory { get; init; }

    /// <summary>Virtual CPUs: 1.</summary>
    public int VirtualCpus { get; init; } = 1;

    /// <summary>The guest's command line. Empty. A double quote or backslash in it is passed on unchanged; a line break is refused.</summary>
    public string CommandLine { get; init; } = "";

    /// <summary>Block devices, in order. None.</summary>
    public IReadOnlyList<DomainDisk> Disks { get; init; } = [];

    /// <summary>Network interfaces, in order. None.</summary>
    public IReadOnlyList<DomainInterface> Interfaces { get; init; } = [];

    /// <summary>
    /// xl's <c>tsc_mode</c>: <c>native</c>, so that RDTSC does not leave the guest. The emulated CPU has no invariant TSC, for which Xen's default
    /// mode traps every RDTSC; current hardware has one and does not trap.
    /// </summary>
    public string TscMode { get; init; } = "native";

    /// <summary>
    /// What happens at the end, for <c>on_poweroff</c>, <c>on_reboot</c> and <c>on_crash</c>. Preserve: the bed then reads the reason and the exit
    /// code at leisure and destroys the domain when it is disposed. With another value <c>xl</c> acts at once, and an exit code may be lost.
    /// </summary>
    public DomainEndAction OnPoweroff { get; init; } = DomainEndAction.Preserve;

    /// <inheritdoc cref="OnPoweroff"/>
    public DomainEndAction OnReboot { get; init; } = DomainEndAction.Preserve;

    /// <inheritdoc cref="OnPoweroff"/>
    public DomainEndAction OnCrash { get; init; } = DomainEndAction.Preserve;

    /// <summary>Whether the domain is created paused; <see cref="Domain.UnpauseAsync"/> starts it. Off.</summary>
    public bool Paused { get; init; }

    /// <summary>Further lines of xl.cfg(5), put at the configuration's end as they are. None.</summary>
    public string ExtraConfig { get; init; } = "";
}

/// <summary>
/// A domU's block device. Exactly one of <see cref="HostPath"/>, <see cref="Dom0Path"/> and <see cref="EmptySize"/> says what backs it.
/// </summary>
public sealed record DomainDisk
{
    /// <summary>A file on this host, copied into dom0's RAM for this domain alone: what the guest writes is not written back.</summary>
    public string? HostPath { get; init; }

    /// <summary>A file or block device in dom0, used in place.</summary>
    public string? Dom0Path { get; init; }

    /// <summary>A disk of zeros of this many bytes (a multiple of 512), kept sparse in dom0's RAM.</summary>
    public long? EmptySize { get; init; }

    /// <summary>The name in the guest. Null: <c>xvda</c>, <c>xvdb</c>, ... in order.</summary>
    public string? VirtualDevice { get; init; }

    /// <summary>Whether the guest may only read. Off.</summary>
    public bool ReadOnly { get; init; }
}

/// <summary>A domU's network interface.</summary>
public sealed record DomainInterface
{
    /// <summary>
    /// dom0's bridge: <c>xenbr0</c>, which leads to dom0 (10.0.2.15/24), the gateway and DHCP server 10.0.2.2, and the name server 10.0.2.3.
    /// </summary>
    public string Bridge { get; init; } = "xenbr0";

    /// <summary>The MAC address. Null: <c>xl</c> picks one from Xen's range 00:16:3e.</summary>
    public string? MacAddress { get; init; }
}
