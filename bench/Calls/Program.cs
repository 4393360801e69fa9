// Measures what short calls, wake-ups and the C library cost in a Xenolith domU, beside the same C code in a Linux PVH domU on the same bed; and the
// C library alone on the host itself, where nothing is emulated.
// calls [--quick] [CALL...]
using System.CommandLine;
using System.Globalization;
using System.Reflection;
using Spectre.Console;
using Xenolith.Bed;
using Xenolith.Bench;
using Xenolith.Bench.Calls;
using Round = Xenolith.Bench.Round<Xenolith.Bench.Calls.Measurement>;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Option<bool> quickOption = new("--quick") { Description = "Fewer rounds and batches." };
Argument<string[]> callsArgument = new("CALL")
{
    Arity = ArgumentArity.ZeroOrMore,
    Description = "What to measure, by the beginnings of names. Default: everything.",
};
RootCommand command = new("Measures short calls, wake-ups and the C library beside Linux, and prints tables.") { quickOption, callsArgument };
command.SetAction(async (arguments, cancellationToken) =>
{
    bool quick = arguments.GetValue(quickOption);
    string[] chosen = arguments.GetValue(callsArgument)!;
    IReadOnlyList<Call> calls =
        [.. Call.All.Where(call => chosen.Length == 0 || chosen.Any(start => call.Key.StartsWith(start, StringComparison.Ordinal)))];
    if (calls.Count == 0)
    {
        Console.Error.WriteLine($"There is no such call. There are: {string.Join(", ", Call.All.Select(call => call.Key))}.");
        return 2;
    }

    IProgress<string> progress = new Progress<string>(Console.Error.WriteLine);
    BedOptions wallClock = new() { Progress = progress }, instructions = new() { Progress = progress, Deterministic = true };
    string ramdisk = System.IO.Path.GetTempFileName();
    List<Round> byWallClock = [], byInstructions = [];
    try
    {
        DomainOptions unikernel = new() { ImagePath = Metadata("GuestImage"), Memory = 64 };
        DomainOptions linux = await CreateLinuxAsync(Metadata("Peer"), ramdisk, wallClock, cancellationToken);
        await using (TestBed bed = await TestBed.StartAsync(wallClock, cancellationToken))
        {
            // What other work on the host has disturbed is measured again.
            int wanted = quick ? 1 : 3;
            for (int round = 0; round < 2 * wanted && (round < wanted || Round.Undisturbed(byWallClock).Count < wanted); round++)
            {
                progress.Report($"Wall clock, round {round + 1}");
                byWallClock.Add(await MeasureAsync(bed, unikernel, linux, batches: 5));
            }
        }

        progress.Report("Instruction clock");
        await using (TestBed bed = await TestBed.StartAsync(instructions, cancellationToken))
            byInstructions.Add(await MeasureAsync(bed, unikernel, linux, batches: 3));
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
    output.Write(ToTable("ns", undisturbed));
    output.WriteLine("Instruction clock: a nanosecond is an instruction, of whomever");
    output.Write(ToTable("instructions", byInstructions));

    IReadOnlyList<Call> library = [.. calls.Where(call => call.InLibrary).Select(call => call with { Rounds = 20 * call.Rounds })];
    if (library.Count != 0)
    {
        (string Name, string Program, List<Measurement> Times)[] sides =
            [("image's", Metadata("ImagePeer"), []), ("musl's", Metadata("MuslPeer"), []), ("glibc's", Metadata("Peer"), [])];
        for (int turn = 0; turn < (quick ? 2 : 5); turn++)
        {
            foreach ((_, string program, List<Measurement> times) in sides)
                times.Add(await Measurement.OfProcessAsync(program, library, batches: 5, cancellationToken));
        }
        output.WriteLine("C libraries as processes of the host, which is not emulated: the least of all batches, in ns");
        output.Write(Results.ToTable(library, [.. sides.Select(side => (side.Name, (IReadOnlyList<Measurement>)side.Times))]));
    }
    return 0;

    Task<Round> MeasureAsync(TestBed bed, DomainOptions unikernel, DomainOptions linux, int batches) => Round.MeasureAsync(
        bed, unikernel, linux, domain => Measurement.OfDomainAsync(bed, domain, calls, batches, cancellationToken), cancellationToken);

    Table ToTable(string unit, IReadOnlyList<Round> rounds) => Results.ToTable(
        calls, unit, ("Xenolith", [.. rounds.Select(round => round.Unikernel)]), ("Linux", [.. rounds.Select(round => round.Linux)]));
});
return await command.Parse(args).InvokeAsync();

// Debian's cloud kernel; the C program is its first process.
static async Task<DomainOptions> CreateLinuxAsync(string peer, string ramdisk, BedOptions options, CancellationToken cancellationToken)
{
    LinuxGuest linux = await BedBuilder.GetLinuxGuestAsync(options, cancellationToken);
    await using FileStream output = File.Create(ramdisk);
    CpioArchive archive = new(output);
    archive.AddCharacterDevice("dev/console", 5, 1);
    archive.AddFile("init", await File.ReadAllBytesAsync(peer, cancellationToken), executable: true);
    archive.Finish();
    // What follows the two dashes is for the first process.
    return new() { ImagePath = linux.KernelPath, RamdiskPath = ramdisk, Memory = LinuxKernel.Memory, CommandLine = $"{LinuxKernel.CommandLine} --" };
}

static string Metadata(string key) => Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
