// Runs an image as a domain of the test bed and brings its console here while it runs.

using Xenolith.Bed;
using Xenolith.Cli.Tracing;
using Xenolith.Sdk.Toolstack;
using BedDisk = Xenolith.Bed.DomainDisk;

namespace Xenolith.Cli.Running;

/// <summary>Runs images in the test bed.</summary>
internal static class DomainRunner
{
    // Where the kernel takes exceptions: what the bed needs to know to debug a domain.
    private const string TrapStubs = "trap_stubs";

    /// <summary>Runs the image to its end and returns the program's exit code, or one of <see cref="ExitCode"/>'s.</summary>
    internal static async Task<int> RunAsync(RunOptions options, CancellationToken cancellation)
    {
        DomainConfiguration configuration = Configure(options);
        if (options.Debugger && configuration.VirtualCpus != 1)
            throw new CliException(ExitCode.Usage, "--gdb needs a domain of one virtual CPU: add --vcpus 1");
        TestBed bed = await Progress.ShowAsync("Starting Xen", progress => TestBed.StartAsync(
            new BedOptions
            {
                ColdBoot = options.ColdBoot,
                MachineMemory = BedOptions.MachineMemoryFor(configuration.MaximumMemory ?? configuration.Memory),
                Progress = progress,
            },
            cancellation)).ConfigureAwait(false);
        await using (bed.ConfigureAwait(false))
        {
            using TraceFile? file = options.Trace is { } path ? new TraceFile(path) : null;
            if (file is not null)
                await BedTrace.ProvideTracerAsync(bed, cancellation).ConfigureAwait(false);
            Domain domain = await bed.CreateDomainAsync(Describe(configuration, options), cancellation).ConfigureAwait(false);
            await using (domain.ConfigureAwait(false))
            {
                await using BedTrace? trace = file is null ? null : new BedTrace(bed, domain, file, options.TraceCategories);
                if (!options.Debugger)
                    return await FollowAsync(domain, options.Timeout, cancellation).ConfigureAwait(false);
                PortForward port = await domain.ForwardDebuggerAsync(ImageFile.AddressOf(options.Image, TrapStubs), cancellation).ConfigureAwait(false);
                await using (port.ConfigureAwait(false))
                {
                    Console.Error.WriteLine($"xenolith: the program waits for: gdb -ex 'target remote {port.LocalEndPoint}' '{options.Image}'");
                    return await FollowAsync(domain, options.Timeout, cancellation).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>What the configuration beside the image says, with what the command line says instead.</summary>
    private static DomainConfiguration Configure(RunOptions options)
    {
        string path = Path.ChangeExtension(options.Image, ".xl");
        try
        {
            DomainConfiguration configuration = File.Exists(path)
                ? XlConfiguration.Read(File.ReadAllText(path))
                : new DomainConfiguration { Name = DomainConfiguration.MakeName(Path.GetFileNameWithoutExtension(options.Image)), Kernel = options.Image };
            configuration = configuration with
            {
                Memory = options.Memory ?? configuration.Memory,
                MaximumMemory = options.MaximumMemory ?? configuration.MaximumMemory,
                VirtualCpus = options.VirtualCpus ?? configuration.VirtualCpus,
                CommandLine = options.Arguments.Count == 0 && options.Environment.Count == 0
                    ? configuration.CommandLine
                    : GuestCommandLine.Join(options.Environment, options.Arguments),
            };
            configuration.Check();
            return configuration;
        }
        catch (FormatException problem)
        {
            throw new CliException(ExitCode.Usage, $"{path} is not a configuration for xl: {problem.Message}");
        }
        catch (ArgumentException problem)
        {
            throw new CliException(ExitCode.Usage, problem.Message);
        }
    }

    private static DomainOptions Describe(DomainConfiguration configuration, RunOptions options) => new()
    {
        Name = configuration.Name,
        ImagePath = options.Image,
        Memory = configuration.Memory,
        MaxMemory = configuration.MaximumMemory,
        VirtualCpus = configuration.VirtualCpus,
        CommandLine = configuration.CommandLine,
        Paused = options.Debugger,
        Interfaces = configuration.Bridge.Length != 0 ? [new DomainInterface()] : [],
        Disks = [.. configuration.Disks.Select(d => new BedDisk { HostPath = d.Target, VirtualDevice = d.Device, ReadOnly = d.ReadOnly })],
    };

    private static async Task<int> FollowAsync(Domain domain, TimeSpan? timeout, CancellationToken cancellation)
    {
        Stream output = StandardOutput.Open();
        await using (output.ConfigureAwait(false))
        {
            ExitLineFilter filter = new(output);
            Task relay = RelayAsync(domain.Console, filter, cancellation);
            Task<DomainEnd> shutdown = domain.WaitForShutdownAsync(timeout ?? Timeout.InfiniteTimeSpan, cancellation);
            try
            {
                if (await Task.WhenAny(relay, shutdown).ConfigureAwait(false) == relay)
                    await relay.ConfigureAwait(false); // nobody reads the output any more: no use to wait for the program's end
                DomainEnd end = await shutdown.ConfigureAwait(false);
                await relay.ConfigureAwait(false);
                filter.Complete(end.ExitCode);
                return Conclude(end);
            }
            catch (BedTimeoutException) when (timeout is { } limit)
            {
                throw new CliException(ExitCode.TimedOut, $"the program did not end within {limit.TotalSeconds:0.###} s");
            }
        }
    }

    private static async Task RelayAsync(GuestConsole console, ExitLineFilter filter, CancellationToken cancellation)
    {
        try
        {
            await foreach (ReadOnlyMemory<byte> bytes in console.ReadBytesAsync(cancellation).ConfigureAwait(false))
                filter.Write(bytes.Span);
        }
        catch (IOException problem)
        {
            throw new CliException(ExitCode.OutputClosed, $"standard output cannot be written: {problem.Message}");
        }
    }

    private static int Conclude(DomainEnd end)
    {
        if (end.Reason == ShutdownReason.Poweroff)
            return end.ExitCode ?? 0;
        Console.Error.WriteLine(end.Reason switch
        {
            ShutdownReason.Crash => "xenolith: the domain crashed",
            ShutdownReason.Reboot => "xenolith: the domain ended for a reboot, which is also how a processor ends that cannot handle a fault",
            _ => $"xenolith: the domain ended as {end.Reason.ToString().ToLowerInvariant()}",
        });
        return ExitCode.Crashed;
    }
}
