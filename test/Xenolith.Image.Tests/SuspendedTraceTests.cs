using System.Globalization;
using System.Text.RegularExpressions;
using Xenolith.Perfetto.Tests;

namespace Xenolith.Image.Tests;

/// <summary>Traces of a domain that is checkpointed, saved and restored, and migrated meanwhile.</summary>
public sealed partial class SuspendedTraceTests(ImageBed bed)
{
    [Fact]
    public async Task A_programs_trace_goes_on_over_suspensions_and_shows_them_and_a_tools_ends_complete_and_says_why()
    {
        await TracerProgram.UploadAsync(bed.Bed);
        await using Traveller traveller = await Traveller.StartAsync(
            bed.Bed, new() { Name = "traced", ImagePath = Images.Platform, CommandLine = "trace-travel", Memory = 64 });
        await traveller.CheckpointAsync();
        await traveller.SaveAndRestoreAsync();

        // The program has ended its own trace, and offers one.
        TracerProgram interrupted = TracerProgram.Start(bed.Bed, traveller.Name, wait: true);
        await interrupted.Begun;
        await traveller.MigrateAsync();
        (int exitCode, byte[] file, string said) = await interrupted.CompleteAsync();
        Assert.True(exitCode == 0, said);
        Assert.Contains("; ended because the domain was suspended (saved, migrated or checkpointed): it can be traced anew", said);
        Assert.Contains(" records, none lost, ", said);
        PerfettoFile trace = PerfettoFile.Read(file);
        long?[] rounds = [.. trace.CountersOf("round").Select(e => e.Value)];
        Assert.NotEmpty(rounds);
        Assert.Equal(Enumerable.Range((int)rounds[0]!.Value, rounds.Length).Select(value => (long?)value), rounds); // none is missing
        Assert.NotEmpty(trace.SlicesOf("CPU"));

        TracerProgram again = TracerProgram.Start(bed.Bed, traveller.Name, seconds: "1", wait: true);
        (exitCode, file, said) = await again.CompleteAsync();
        Assert.True(exitCode == 0, said);
        Assert.NotEmpty(PerfettoFile.Read(file).CountersOf("round"));
        Assert.DoesNotContain("; ended because", said);

        (string? code, string output) = await traveller.CompleteAsync();
        Assert.True(code == "0", output);
        string[] told = output[(output.IndexOf("working\n", StringComparison.Ordinal) + "working\n".Length)..].Split('\n');
        Assert.Equal(
            [
                "suspended after True rounds",
                "resumed 1 0 T", // the same domain
                "suspended after True rounds",
                "resumed 0 0 T",
                "then True rounds",
                "wrong 0 missing 0 lost 0",
            ],
            told.Where(line => line.Length > 0).Select(line => Time().Replace(line, "$1T")));
        // To write the memory to a file and read it back takes its time, and the monotonic clock has counted it.
        IEnumerable<Match> times = told.Select(line => Time().Match(line)).Where(match => match.Success);
        Assert.All(times, time => Assert.InRange(long.Parse(time.Groups[2].Value, CultureInfo.InvariantCulture), 10, 600_000));
    }

    /// <summary>What came of a suspension, and the milliseconds of it.</summary>
    [GeneratedRegex("^(resumed [0-9]+ [0-9]+ )([0-9]+)$")]
    private static partial Regex Time();
}
