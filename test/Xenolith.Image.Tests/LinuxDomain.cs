namespace Xenolith.Image.Tests;

/// <summary>A domU with Debian's kernel and one program.</summary>
internal sealed record LinuxDomain(Domain Domain, string Ramdisk) : IAsyncDisposable
{
    private const int Memory = 256; // MiB: enough that nothing is short

    /// <summary>A Linux below the contract, in emulation, takes a minute or two, and more on a busy host.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts it.</summary>
    /// <param name="bed">Where.</param>
    /// <param name="program">The program, linked statically.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="memory">In MiB.</param>
    internal static async Task<LinuxDomain> StartAsync(TestBed bed, string program, string arguments, int memory = Memory)
    {
        LinuxGuest linux = await BedBuilder.GetLinuxGuestAsync(cancellationToken: Cancel);
        string ramdisk = Path.GetTempFileName();
        await LinuxRamdisk.WriteAsync(linux, program, ramdisk, Cancel);
        DomainOptions options = new()
        {
            ImagePath = linux.KernelPath,
            RamdiskPath = ramdisk,
            Memory = memory,
            CommandLine = $"{LinuxRamdisk.CommandLine} -- {arguments}",
            ExtraConfig = "max_event_channels = 4095", // xl.cfg(5)'s default is 1023
        };
        return new LinuxDomain(await bed.CreateDomainAsync(options, Cancel), ramdisk);
    }

    internal async Task RequireSuccessAsync()
    {
        await Domain.WaitForShutdownAsync(Patience, Cancel);
        Assert.True(Domain.Console.Text.Contains($"{LinuxRamdisk.ExitLine}0", StringComparison.Ordinal), Domain.Console.Text);
    }

    public async ValueTask DisposeAsync()
    {
        await Domain.DisposeAsync();
        File.Delete(Ramdisk);
    }
}
