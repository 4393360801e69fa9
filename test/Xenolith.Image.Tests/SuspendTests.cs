using System.Globalization;
using System.Text.RegularExpressions;

namespace Xenolith.Image.Tests;

/// <summary>Saving, restoring, checkpointing and migrating a domain that works all the while: the sample MigrateMe, which says what it noticed.</summary>
public sealed partial class SuspendTests(ImageBed bed)
{
    // Of xl, which copies the domain's memory in emulation.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_domain_that_is_saved_and_restored_again_and_again_loses_nothing()
    {
        await using Traveller traveller = await Traveller.StartAsync(bed.Bed, "saved", suspensions: 4);
        for (int i = 0; i < 3; i++)
        {
            await traveller.XlAsync("save", traveller.Name, traveller.File);
            await traveller.XlAsync("restore", "-e", traveller.File);
            await traveller.CheckClockAsync(i);
        }
        string output = await traveller.CompleteAsync();
        Assert.Equal(3, Resumed().Count(output));
        Assert.Contains("generation 3", output);
    }

    [Fact]
    public async Task A_domain_that_goes_on_after_a_checkpoint_keeps_all_that_it_has()
    {
        await using Traveller traveller = await Traveller.StartAsync(bed.Bed, "checked", suspensions: 4);
        for (int i = 0; i < 3; i++)
        {
            await traveller.XlAsync("save", "-c", traveller.Name, traveller.File);
            await traveller.CheckClockAsync(i);
        }
        string output = await traveller.CompleteAsync();
        Assert.Equal(4, Cancelled().Count(output));
        Assert.Contains("on 1 rings", output); // the connection is the one from the start
    }

    [Fact]
    public async Task A_domain_that_is_migrated_live_loses_nothing()
    {
        await using Traveller traveller = await Traveller.StartAsync(bed.Bed, "migrated", suspensions: 3);
        for (int i = 0; i < 2; i++)
        {
            await traveller.XlAsync("migrate", "-s", "", traveller.Name, "xl migrate-receive -e");
            await traveller.CheckClockAsync(i);
        }
        Assert.Equal(2, Resumed().Count(await traveller.CompleteAsync()));
    }

    [GeneratedRegex("^Resumed as domain", RegexOptions.Multiline)]
    private static partial Regex Resumed();

    [GeneratedRegex("^Cancelled as domain", RegexOptions.Multiline)]
    private static partial Regex Cancelled();

    /// <summary>A domain of MigrateMe, whatever its number is.</summary>
    private sealed partial class Traveller : IAsyncDisposable
    {
        private readonly TestBed _bed;
        private readonly Domain _first;

        private Traveller(TestBed bed, Domain first) => (_bed, _first) = (bed, first);

        internal string Name => _first.Name;

        internal string File => $"/{Name}.save";

        public async ValueTask DisposeAsync()
        {
            await _bed.RunAsync("xl", "destroy", Name); // gone, perhaps
            await _bed.RunAsync("rm", "-f", File);
            await _first.DisposeAsync();
        }

        /// <summary>Starts a program that ends after so many suspensions.</summary>
        internal static async Task<Traveller> StartAsync(TestBed bed, string name, int suspensions)
        {
            Domain domain = await bed.CreateDomainAsync(
                new() { Name = name, ImagePath = Images.MigrateMe, CommandLine = FormattableString.Invariant($"{suspensions} 2") }, Cancellation);
            await domain.Console.WaitForLineAsync("working", cancellationToken: Cancellation);
            return new Traveller(bed, domain);
        }

        internal async Task<string> XlAsync(params string[] arguments)
        {
            CommandResult result = await _bed.RunAsync(new Dom0Command { Program = "xl", Arguments = arguments, Timeout = Patience }, Cancellation);
            Assert.True(result.ExitCode == 0, $"xl {string.Join(' ', arguments)}: {result.Error}\n{await ReadConsolesAsync()}");
            return result.Output;
        }

        /// <summary>Asks for the time by the key that the program watches.</summary>
        internal async Task CheckClockAsync(int round)
        {
            const long tolerance = 50_000_000;
            string home = await HomeAsync();
            long before = await ReadClockOfDom0Async();
            await _bed.Xenstore.WriteAsync($"{home}/data/question", $"{round}", Cancellation);
            string? answer = await _bed.Xenstore.WaitAsync($"{home}/data/answer", value => value?.StartsWith($"{round} ", StringComparison.Ordinal) == true, cancellationToken: Cancellation);
            long after = await ReadClockOfDom0Async();
            Assert.InRange(long.Parse(answer!.Split(' ')[1], CultureInfo.InvariantCulture), before - tolerance, after + tolerance);
        }

        /// <summary>Brings about the end of the program by one more suspension, a checkpoint. The program must have found nothing wrong. Its output on all of its consoles.</summary>
        internal async Task<string> CompleteAsync()
        {
            await XlAsync("save", "-c", Name, File);
            string? code = await _bed.Xenstore.WaitAsync($"{await HomeAsync()}/data/exit-code", value => value is not null, cancellationToken: Cancellation);
            string output = await ReadConsolesAsync();
            Assert.True(code == "0", output);
            Assert.Contains("left over: 1 ports, 0 grants, 0 mapped pages", output); // the port is xenstore's
            return output;
        }

        private async Task<string> HomeAsync() => $"/local/domain/{(await XlAsync("domid", Name)).Trim()}";

        private async Task<string> ReadConsolesAsync() =>
            (await _bed.RunShellAsync($"cat /var/log/xen/console/guest-{Name}*.log", Cancellation)).Output.Replace("\r", "", StringComparison.Ordinal);

        /// <summary>The kernel's own account: its date program knows whole seconds only.</summary>
        private async Task<long> ReadClockOfDom0Async()
        {
            string timers = (await _bed.RunAsync("head", "-n", "300", "/proc/timer_list")).Output;
            return Number(NowOfLinux().Match(timers)) + Number(RealTimeOffsetOfLinux().Match(timers));

            long Number(Match match) => match.Success ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : throw new InvalidOperationException(timers);
        }

        [GeneratedRegex("now at ([0-9]+) nsecs")]
        private static partial Regex NowOfLinux();

        [GeneratedRegex(@"get_time:\s+ktime_get_real\s+\.offset:\s+([0-9]+) nsecs")]
        private static partial Regex RealTimeOffsetOfLinux();
    }
}
