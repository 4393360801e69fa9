using Xenolith.Bed;

namespace Xenolith.Bench.Boot;

/// <summary>
/// The measured program in a minimal Linux: Debian's cloud kernel, and an initial RAM disk with the same executable as its first process.
/// </summary>
internal static class LinuxPeer
{
    /// <summary>Writes the RAM disk and describes the domain.</summary>
    /// <param name="image">The measured program, which is also a Linux executable.</param>
    /// <param name="ramdisk">Where the RAM disk goes.</param>
    /// <param name="options">The bed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<DomainOptions> CreateAsync(string image, string ramdisk, BedOptions options, CancellationToken cancellationToken)
    {
        LinuxGuest linux = await BedBuilder.GetLinuxGuestAsync(options, cancellationToken);
        await using FileStream output = File.Create(ramdisk);
        CpioArchive archive = new(output);
        archive.AddCharacterDevice("dev/console", 5, 1);
        archive.AddFile("init", await File.ReadAllBytesAsync(image, cancellationToken), executable: true);
        archive.Finish();
        return new() { ImagePath = linux.KernelPath, RamdiskPath = ramdisk, Memory = LinuxKernel.Memory, CommandLine = LinuxKernel.CommandLine };
    }
}
