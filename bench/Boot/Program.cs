// Measures what it takes to start a program as a unikernel: instructions, VM exits, time beside Linux, memory, size.
// boot [--quick]
using System.CommandLine;
using System.Globalization;
using System.Reflection;
using Spectre.Console;
using Xenolith.Bed;
using Xenolith.Bench.Boot;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Option<bool> quickOption = new("--quick") { Description = "Fewer rounds." };
RootCommand command = new("Measures the start of a program as a unikernel, and prints one table.") { quickOption };
command.SetAction(async (arguments, cancellationToken) =>
{
    bool quick = arguments.GetValue(quickOption);
    Progress<string> progress = new(Console.Error.WriteLine);
    string image = Path("GuestImage");
    Results results = new() { Sizes = ImageSizes.Measure(image, Path("KernelObject")) };

    int[] memories = [16, 32, 4096];
    BedOptions machine = InstructionClock.Machine(memories.Max(), progress);
    for (int round = 0; round < (quick ? 2 : 4); round++)
    {
        foreach (int memory in memories)
        {
            ((IProgress<string>)progress).Report($"Instruction clock, round {round + 1}, {memory} MiB");
            results.Instructions.Add(await InstructionClock.MeasureAsync(machine, image, memory, cancellationToken));
        }
    }

    BedOptions bedOptions = new() { Progress = progress };
    string ramdisk = System.IO.Path.GetTempFileName();
    try
    {
        await using TestBed bed = await TestBed.StartAsync(bedOptions, cancellationToken);
        DomainOptions linux = await LinuxPeer.CreateAsync(image, ramdisk, bedOptions, cancellationToken);
        DomainOptions unikernel = new() { ImagePath = image };

        // A first round that does not count: emulated code is translated when it first runs.
        await WallClock.MeasureAsync(bed, unikernel, linux, cancellationToken);
        int wanted = quick ? 3 : 7;
        for (int round = 0; round < 2 * wanted && (round < wanted || results.UndisturbedTimes.Count < wanted); round++)
        {
            ((IProgress<string>)progress).Report($"Wall clock, round {round + 1}");
            results.Times.Add(await WallClock.MeasureAsync(bed, unikernel, linux, cancellationToken));
        }

        ((IProgress<string>)progress).Report("Least memory");
        results.LeastMemory = await LeastMemory.FindAsync(bed, image, cancellationToken);
    }
    finally
    {
        File.Delete(ramdisk);
    }

    IAnsiConsole output = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
    if (Console.IsOutputRedirected)
        output.Profile.Width = 120;
    output.Write(results.ToTable());
    return 0;
});
return await command.Parse(args).InvokeAsync();

static string Path(string key) => Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
