using System.CommandLine;
using Spectre.Console;
using Xenolith.Bed;

namespace Xenolith.Cli.Commands;

/// <summary><c>xenolith bed</c>: the machine with Xen on which programs run.</summary>
internal static class BedCommand
{
    internal static Command Create() => new("bed", "Manages the test bed: a real Xen with its dom0 in an emulator.") { Build(), Info(), Shell(), Clean() };

    private static Command Build()
    {
        Command command = new("build", "Builds the bed, unless it is there: downloads packages, boots them once, keeps a snapshot.");
        command.SetAction(async (_, cancellation) =>
        {
            BedInfo info = await Progress.ShowAsync("Building the bed", progress => BedBuilder.BuildAsync(new BedOptions { Progress = progress }, cancellation)).ConfigureAwait(false);
            Console.Out.WriteLine(info.Directory);
            return 0;
        });
        return command;
    }

    private static Command Info()
    {
        Command command = new("info", "Shows what the bed is made of and where it is.");
        command.SetAction(async (_, cancellation) =>
        {
            BedInfo info = await BedBuilder.GetInfoAsync(cancellationToken: cancellation).ConfigureAwait(false);
            Console.Out.WriteLine($"built      {(info.IsBuilt ? "yes" : "no: the next run builds it")}");
            Console.Out.WriteLine($"directory  {info.Directory}");
            Console.Out.WriteLine($"size       {info.Size / (1024.0 * 1024):0} MiB");
            Console.Out.WriteLine($"key        {info.Key}");
            Console.Out.WriteLine($"QEMU       {info.QemuVersion}");
            foreach ((string name, string version) in info.Packages.OrderBy(p => p.Key, StringComparer.Ordinal))
                Console.Out.WriteLine($"package    {name} {version}");
            return 0;
        });
        return command;
    }

    private static Command Shell()
    {
        Option<bool> cold = new("--cold") { Description = "Boot the hypervisor from nothing instead of from its snapshot." };
        Command command = new("shell", "Opens a shell in the bed's dom0, with xl and xenstore at hand.") { cold };
        command.SetAction(async (result, cancellation) =>
        {
            TestBed bed = await Progress.ShowAsync("Starting Xen", progress => TestBed.StartAsync(
                new BedOptions { ColdBoot = result.GetValue(cold), Progress = progress }, cancellation)).ConfigureAwait(false);
            await using (bed.ConfigureAwait(false))
            using (Terminal terminal = Terminal.EnterRawMode())
                return await bed.RunInteractiveAsync("/bin/sh", Console.OpenStandardInput(), Console.OpenStandardOutput(), terminal.Columns, terminal.Rows, cancellation).ConfigureAwait(false);
        });
        return command;
    }

    private static Command Clean()
    {
        Command command = new("clean", "Removes the bed from the cache.");
        command.SetAction(async (_, cancellation) =>
        {
            long freed = await BedBuilder.CleanAsync(cancellationToken: cancellation).ConfigureAwait(false);
            Console.Error.WriteLine($"xenolith: {freed / (1024.0 * 1024):0} MiB freed");
            return 0;
        });
        return command;
    }
}
