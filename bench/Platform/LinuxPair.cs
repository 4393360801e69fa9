using Xenolith.Bed;

namespace Xenolith.Bench.Platform;

/// <summary>
/// Linux for the comparison: Debian's cloud kernel and, as its first process, a C program that uses the kernel's devices in /dev/xen.
/// </summary>
internal static class LinuxPair
{
    private static readonly string[] s_modules = ["xen-evtchn.ko", "xen-gntdev.ko", "xen-gntalloc.ko"];

    /// <summary>Writes the RAM disk and describes the domains.</summary>
    /// <param name="peer">The C program.</param>
    /// <param name="ramdisk">Where the RAM disk goes.</param>
    /// <param name="options">The bed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<DomainOptions> CreateAsync(string peer, string ramdisk, BedOptions options, CancellationToken cancellationToken)
    {
        LinuxGuest linux = await BedBuilder.GetLinuxGuestAsync(options, cancellationToken);
        await using FileStream output = File.Create(ramdisk);
        CpioArchive archive = new(output);
        archive.AddCharacterDevice("dev/console", 5, 1);
        archive.AddFile("init", await File.ReadAllBytesAsync(peer, cancellationToken), executable: true);
        foreach (string module in s_modules)
            archive.AddFile($"modules/{module}", await File.ReadAllBytesAsync(Path.Combine(linux.ModulesDirectory, module), cancellationToken));
        archive.Finish();

        // What follows the two dashes is for the first process.
        return new() { ImagePath = linux.KernelPath, RamdiskPath = ramdisk, Memory = LinuxKernel.Memory, CommandLine = $"{LinuxKernel.CommandLine} --" };
    }
}
