namespace Xenolith.Image.Tests;

/// <summary>
/// A RAM disk with which Debian's kernel, in a domU, loads the modules for /dev/xen and runs one program, with the arguments that follow two dashes
/// on the kernel's command line.
/// </summary>
internal static class LinuxRamdisk
{
    /// <summary>
    /// What the kernel needs to be told: its console, and no calibrations, which cost seconds in emulation and which a domain's clock does not need.
    /// </summary>
    internal const string CommandLine = "console=hvc0 quiet loglevel=0 panic=-1 clearcpuid=tsc lpj=10000000";

    /// <summary>The program's end as the last line of the console says it, before the exit code.</summary>
    internal const string ExitLine = "exit code ";

    /// <summary>What a line of the console has if Linux found fault with itself and ended a thread.</summary>
    internal const string KernelBug = "kernel BUG";

    private static readonly string[] s_modules = ["xen-privcmd.ko", "xen-evtchn.ko", "xen-gntdev.ko", "xen-gntalloc.ko"];

    private static readonly string s_init = $"""
        #!/bin/busybox sh
        busybox mount -t devtmpfs dev /dev
        busybox mount -t proc proc /proc
        busybox mount -t sysfs sysfs /sys
        for module in {string.Join(' ', s_modules)}; do busybox insmod /modules/$module; done
        busybox stty -echo
        /program "$@"
        code=$?
        busybox dmesg | busybox grep "{KernelBug}"
        echo "{ExitLine}$code"
        busybox poweroff -f

        """;

    /// <summary>Writes it.</summary>
    /// <param name="linux">Where the modules are.</param>
    /// <param name="program">The program, linked statically.</param>
    /// <param name="path">Where the RAM disk goes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal static async Task WriteAsync(LinuxGuest linux, string program, string path, CancellationToken cancellationToken)
    {
        await using FileStream output = File.Create(path);
        CpioArchive archive = new(output);
        foreach (string directory in (string[])["dev", "proc", "sys", "bin", "modules", "tmp"])
            archive.AddDirectory(directory);
        archive.AddCharacterDevice("dev/console", 5, 1);
        archive.AddFile("init", s_init, executable: true);
        archive.AddFile("program", await File.ReadAllBytesAsync(program, cancellationToken), executable: true);
        archive.AddFile("bin/busybox", await File.ReadAllBytesAsync(linux.BusyboxPath, cancellationToken), executable: true);
        foreach (string module in s_modules)
            archive.AddFile($"modules/{module}", await File.ReadAllBytesAsync(Path.Combine(linux.ModulesDirectory, module), cancellationToken));
        archive.Finish();
    }
}
