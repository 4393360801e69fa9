using System.Globalization;
using System.Reflection;
using Xenolith.Bed;
using Xenolith.Image.Tests;
using Xunit;

namespace Xenolith.Soak.Tests;

/// <summary>
/// Domains that are saved, restored, checkpointed and migrated dozens of times while they work lose nothing and leak nothing. XENOLITH_JOURNEY_SAVES
/// (50) and XENOLITH_JOURNEY_MIGRATIONS (20) say how often.
/// </summary>
public sealed class JourneyTests
{
    private const long AllowedError = 50_000_000; // nanoseconds between dom0's wall clock and the domain's
    private const int Readings = 200;
    private const string ClockProgram = "/clock-of-domain";

    // What must be no more at the end than at the beginning; and what may, in bytes: chance decides which pages and tables some work happens to need.
    private static readonly (string Name, long Tolerance)[] s_bounds =
    [
        ("ports", 0), ("references", 0), ("mapped", 0), ("watches", 0), ("requests", 0), ("handles", 0), ("failures", 0), ("xenports", 0),
        ("iopages", 2), ("threads", 2), ("kernel", 64 << 10), ("shared", 16 << 10), ("tables", 64 << 10), ("heap", 512 << 10), ("program", 2 << 20),
    ];

    private static readonly int s_saves = ReadNumber("XENOLITH_JOURNEY_SAVES", 50), s_migrations = ReadNumber("XENOLITH_JOURNEY_MIGRATIONS", 20);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_program_with_peers_watches_and_timers_comes_back_whole_from_every_suspension() =>
        TravelAsync("migrateme", new() { Name = "migrateme", ImagePath = ImageOf("MigrateMe"), CommandLine = $"{s_saves + s_migrations + 1} 2", Memory = 32 }, async traveller =>
        {
            // It ends by one more.
            await traveller.CheckpointAsync();
            return "left over: 1 ports, 0 grants, 0 mapped pages"; // the port is xenstore's
        });

    [Fact]
    public Task A_program_with_garbage_threads_timers_and_files_comes_back_whole_from_every_suspension() =>
        TravelAsync("soak", new() { Name = "soak", ImagePath = ImageOf("Soak"), CommandLine = "journey", Memory = 96 }, async traveller =>
        {
            await traveller.AskForHoldingsAsync("end");
            return "failures 0 after";
        });

    private static async Task TravelAsync(string name, DomainOptions options, Func<Traveller, Task<string>> endAsync)
    {
        // Whoever waits sees the figures as they come.
        await using StreamWriter report = Environment.GetEnvironmentVariable("XENOLITH_SOAK_FIGURES") is { } path ? new(path, append: true) { AutoFlush = true } : StreamWriter.Null;
        await using TestBed bed = await TestBed.StartAsync(cancellationToken: Cancellation);
        await bed.UploadAsync(ImageOf("Soak"), ClockProgram, Cancellation);
        string hostBefore = await DescribeHostAsync(bed);
        await using (Traveller traveller = await Traveller.StartAsync(bed, options))
        {
            List<IReadOnlyDictionary<string, long>> history = [];
            List<(double Least, double Greatest)> clocks = [];
            int total = s_saves + s_migrations, migrations = 0;
            for (int i = 0; i < total; i++)
            {
                string kind;
                if (migrations < (i + 1) * s_migrations / total)
                {
                    kind = "migrated";
                    migrations++;
                    await traveller.MigrateAsync();
                }
                else if (i % 5 == 1)
                {
                    kind = "checkpointed";
                    await traveller.CheckpointAsync();
                }
                else
                {
                    kind = "saved and restored";
                    await traveller.SaveAndRestoreAsync();
                }
                (double Least, double Greatest) clock = await MeasureClockAsync(bed, await traveller.ReadIdAsync());
                clocks.Add(clock);
                string line = string.Create(
                    CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss} {name} {i + 1}, {kind}: clock ahead by {clock.Least / 1e6:0.0} to {clock.Greatest / 1e6:0.0} ms");
                if (i % 2 == 1)
                {
                    Dictionary<string, long> holdings = new(await traveller.AskForHoldingsAsync()) { ["xenports"] = await traveller.CountPortsInXenAsync() };
                    history.Add(holdings);
                    line += $"; {string.Join(' ', holdings.Select(h => $"{h.Key}={h.Value}"))}";
                }
                await report.WriteLineAsync(line.AsMemory(), Cancellation);
            }
            string expected = await endAsync(traveller);
            (string? code, string output) = await traveller.CompleteAsync();
            await report.WriteLineAsync(output.AsMemory()[Math.Max(0, output.Length - 2000)..], Cancellation);
            Assert.True(code == "0", output);
            Assert.Contains(expected, output);
            Assert.All(clocks, clock => Assert.True(clock is { Least: >= -AllowedError, Greatest: <= AllowedError }, $"{clock.Least} to {clock.Greatest} ns"));
            await RequireNothingLeakedAsync(history, report);
        }
        Assert.Equal(hostBefore, await DescribeHostAsync(bed));
    }

    /// <summary>
    /// The least of the last third of a journey against the least of the first: what work in progress has comes and goes, and what leaks is there
    /// always.
    /// </summary>
    private static async Task RequireNothingLeakedAsync(List<IReadOnlyDictionary<string, long>> history, TextWriter report)
    {
        int third = Math.Max(1, history.Count / 3);
        List<string> leaks = [];
        foreach ((string name, long tolerance) in s_bounds.Where(bound => history[0].ContainsKey(bound.Name)))
        {
            long first = history.Take(third).Min(h => h[name]), last = history.TakeLast(third).Min(h => h[name]);
            string line = string.Create(CultureInfo.InvariantCulture, $"{name}: at least {first} in the first third, {last} in the last, at most {first + tolerance}");
            await report.WriteLineAsync(line.AsMemory(), Cancellation);
            if (last > first + tolerance)
                leaks.Add(line);
        }
        Assert.Empty(leaks);
    }

    /// <summary>
    /// Between which two numbers of nanoseconds the domain's clock is ahead of dom0's. A process in dom0 asks, so that little time passes between
    /// question and answer.
    /// </summary>
    private static async Task<(double Least, double Greatest)> MeasureClockAsync(TestBed bed, int domain)
    {
        CommandResult result = await bed.RunAsync(
            new() { Program = ClockProgram, Arguments = ["clock", $"{domain}", $"{Readings}"], Timeout = TimeSpan.FromMinutes(5), ThrowOnFailure = true }, Cancellation);
        string[] figures = result.Output.Split(' ');
        return (double.Parse(figures[0], CultureInfo.InvariantCulture), double.Parse(figures[1], CultureInfo.InvariantCulture));
    }

    /// <summary>What of a domain would stay in Xen and xenstored if it were not let go.</summary>
    private static async Task<string> DescribeHostAsync(TestBed bed) => (await bed.RunShellAsync(
        "xl list | wc -l; xl info | grep free_memory; xenstore-ls /local/domain | wc -l; /usr/lib/xen-4.17/bin/lsevtchn 0 | wc -l", Cancellation)).Output;

    private static string ImageOf(string program) => typeof(JourneyTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == program).Value!;

    private static int ReadNumber(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
