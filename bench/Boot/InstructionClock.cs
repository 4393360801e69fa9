using System.Globalization;
using System.Text.RegularExpressions;
using Xenolith.Bed;

namespace Xenolith.Bench.Boot;

/// <summary>What one start of the program costs on a machine whose nanosecond is one instruction, each after a restore of its own.</summary>
/// <param name="Memory">MiB of the domain.</param>
/// <param name="ToMain">Instructions from the guest's first to the first line of Main, those of the hypervisor on its behalf included.</param>
/// <param name="ToShutdown">Instructions from the guest's first to SCHEDOP_shutdown while the domain has the processor.</param>
/// <param name="Exits">The same way's VM exits, without the host's own interrupts, by kind.</param>
/// <param name="Interrupts">The host's own interrupts on the way.</param>
/// <param name="Hypercalls">The hypercalls, by number. One multicall is one.</param>
internal sealed partial record InstructionClock(
    int Memory, long ToMain, long ToShutdown, IReadOnlyDictionary<string, int> Exits, int Interrupts, IReadOnlyDictionary<uint, int> Hypercalls)
{
    /// <summary>A machine large enough for the largest domain.</summary>
    public static BedOptions Machine(int largest, IProgress<string> progress) => new()
    {
        Deterministic = true,
        MachineMemory = largest + 2048,
        Progress = progress,
    };

    public static async Task<InstructionClock> MeasureAsync(BedOptions machine, string image, int memory, CancellationToken cancellationToken)
    {
        await using TestBed bed = await TestBed.StartAsync(machine, cancellationToken);
        DomainOptions options = new() { ImagePath = image, Memory = memory };
        long toMain = await ReadClockAsync(bed, options with { CommandLine = "clock" }, cancellationToken);
        ExitTrace scheduling = await TracedRun.RunAsync(bed, options, ExitTrace.SchedulingMask, cancellationToken);
        ExitTrace exits = await TracedRun.RunAsync(bed, options, ExitTrace.ExitsMask, cancellationToken);

        // A trace of the switches alone changes the run by a few records, but does not show the first instruction; the full one does,
        // and Xen's way to it is always the same.
        ulong toEntry = exits.FirstEntry!.Value - exits.FirstScheduled;
        return new(
            memory, toMain, (long)(scheduling.Running - toEntry),
            exits.Exits.Where(exit => exit.Key != ExitTrace.HostInterrupt).ToDictionary(), exits.Exits.GetValueOrDefault(ExitTrace.HostInterrupt), exits.Hypercalls);
    }

    private static async Task<long> ReadClockAsync(TestBed bed, DomainOptions options, CancellationToken cancellationToken)
    {
        await using Domain domain = await bed.CreateDomainAsync(options, cancellationToken);
        await domain.WaitForShutdownAsync(cancellationToken: cancellationToken);
        return Clock().Match(domain.Console.Text) is { Success: true } match
            ? long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : throw new InvalidDataException($"The program did not tell its clock:\n{domain.Console.Text}");
    }

    [GeneratedRegex(@"entered Main after (\d+) ns")]
    private static partial Regex Clock();
}
