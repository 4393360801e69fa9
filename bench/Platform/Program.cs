// Measures events, grants and xenstore as a Xenolith domU uses them, beside the same from user space of a Linux PVH domU on the same bed.
// platform [--quick] [OPERATION...]
using System.CommandLine;
using System.Globalization;
using System.Reflection;
using Spectre.Console;
using Xenolith.Bed;
using Xenolith.Bench;
using Xenolith.Bench.Platform;
using Round = Xenolith.Bench.Round<System.Collections.Generic.IReadOnlyDictionary<string, double[]>>;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Option<bool> quickOption = new("--quick") { Description = "Fewer rounds and batches." };
Argument<string[]> operationsArgument = new("OPERATION")
{
    Arity = ArgumentArity.ZeroOrMore,
    Description = $"What to measure: {string.Join(", ", Operation.All.Select(operation => operation.Key))}. Default: all.",
};
operationsArgument.AcceptOnlyFromAmong([.. Operation.All.Select(operation => operation.Key)]);
RootCommand command = new("Measures events, grants and xenstore beside Linux, and prints two tables.") { quickOption, operationsArgument };
command.SetAction(async (arguments, cancellationToken) =>
{
    bool quick = arguments.GetValue(quickOption);
    string[] chosen = arguments.GetValue(operationsArgument)!;
    IReadOnlyList<Operation> operations = [.. Operation.All.Where(operation => chosen.Length == 0 || chosen.Contains(operation.Key))];
    IProgress<string> progress = new Progress<string>(Console.Error.WriteLine);
    BedOptions wallClock = new() { Progress = progress }, instructions = new() { Progress = progress, Deterministic = true };

    string ramdisk = System.IO.Path.GetTempFileName();
    List<Round> byWallClock = [], byInstructions = [];
    try
    {
        DomainOptions unikernel = new() { ImagePath = Metadata("GuestImage"), Memory = 64 };
        DomainOptions linux = await LinuxPair.CreateAsync(Metadata("Peer"), ramdisk, wallClock, cancellationToken);

        await using (TestBed bed = await TestBed.StartAsync(wallClock, cancellationToken))
        {
            // Each pair warms up by itself, so a round is complete; what other work on the host has disturbed is measured again.
            int wanted = quick ? 1 : 5;
            for (int round = 0; round < 2 * wanted && (round < wanted || Round.Undisturbed(byWallClock).Count < wanted); round++)
            {
                progress.Report($"Wall clock, round {round + 1}");
                byWallClock.Add(await MeasureAsync(bed, unikernel, linux, batches: quick ? 3 : 5));
            }
        }

        for (int round = 0; round < (quick ? 1 : 3); round++)
        {
            progress.Report($"Instruction clock, round {round + 1}");
            await using TestBed bed = await TestBed.StartAsync(instructions, cancellationToken);
            byInstructions.Add(await MeasureAsync(bed, unikernel, linux, batches: 3));
        }
    }
    finally
    {
        File.Delete(ramdisk);
    }

    IAnsiConsole output = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
    if (Console.IsOutputRedirected)
        output.Profile.Width = 160;
    IReadOnlyList<Round> undisturbed = Round.Undisturbed(byWallClock);
    Summary loop = Summary.Of(byWallClock.Select(round => round.Calibration.TotalMilliseconds));
    output.WriteLine($"Wall clock; {undisturbed.Count} of {byWallClock.Count} rounds, the others were disturbed (calibration loop {loop.Least:n0} to {loop.Most:n0} ms)");
    output.Write(Results.WallClockTable(undisturbed));
    output.WriteLine("Instruction clock: instructions of an operation, those of Xen, the other domU and dom0 included");
    output.Write(Results.InstructionTable(byInstructions));
    return 0;

    Task<Round> MeasureAsync(TestBed bed, DomainOptions unikernel, DomainOptions linux, int batches) => Round.MeasureAsync(
        bed, unikernel, linux, domain => DomainPair.MeasureAsync(bed, domain, operations, batches, cancellationToken), cancellationToken);
});
return await command.Parse(args).InvokeAsync();

static string Metadata(string key) => Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
