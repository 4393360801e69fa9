namespace Xenolith.Bed;

/// <summary>Builds, describes and removes beds in the cache. <see cref="TestBed.StartAsync"/> builds by itself; this is for a command line.</summary>
public static class BedBuilder
{
    /// <summary>
    /// Builds the bed that these options select, unless it is there. Two builds at once are safe, in one process or several: the second waits for the first.
    /// </summary>
    /// <exception cref="BedException">A prerequisite is missing or a step failed; the message says what to do.</exception>
    public static Task<BedInfo> BuildAsync(BedOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Describes the bed that these options select, without building or installing anything.</summary>
    public static Task<BedInfo> GetInfoAsync(BedOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Downloads and unpacks a Linux kernel for PVH domUs (Debian's cloud kernel), unless it is there.</summary>
    public static Task<LinuxGuest> GetLinuxGuestAsync(BedOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Removes everything of the bed from the cache: snapshots, packages, left-over files. Running beds go on.</summary>
    /// <returns>The bytes freed.</returns>
    public static Task<long> CleanAsync(BedOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
