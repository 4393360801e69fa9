using System.Globalization;
using System.Text.RegularExpressions;

namespace Xenolith.Image.Tests;

/// <summary>
/// Saving, restoring, checkpointing and migrating a domain that works all the while: the sample MigrateMe, which says what it noticed. The soak's
/// journeys do so dozens of times.
/// </summary>
public sealed partial class SuspendTests(ImageBed bed)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_domain_that_is_saved_and_restored_again_and_again_loses_and_leaks_nothing()
    {
        await using Traveller traveller = await StartMigrateMeAsync("saved", suspensions: 4);
        await TravelAsync(traveller, 3, traveller.SaveAndRestoreAsync);
        string output = await CompleteMigrateMeAsync(traveller);
        Assert.Equal(3, Resumed().Count(output));
        Assert.Contains("generation 3", output);
    }

    [Fact]
    public async Task A_domain_that_goes_on_after_a_checkpoint_keeps_all_that_it_has()
    {
        await using Traveller traveller = await StartMigrateMeAsync("checked", suspensions: 4);
        await TravelAsync(traveller, 3, traveller.CheckpointAsync);
        string output = await CompleteMigrateMeAsync(traveller);
        Assert.Equal(4, Cancelled().Count(output));
        Assert.Contains("on 1 rings", output); // the connection is the one from the start
    }

    [Fact]
    public async Task A_domain_that_is_migrated_live_loses_and_leaks_nothing()
    {
        await using Traveller traveller = await StartMigrateMeAsync("migrated", suspensions: 3);
        await TravelAsync(traveller, 2, traveller.MigrateAsync);
        Assert.Equal(2, Resumed().Count(await CompleteMigrateMeAsync(traveller)));
    }

    [Fact]
    public async Task Handles_of_before_a_resume_are_stale_and_everything_can_be_made_anew()
    {
        string output = await SaveAndRestoreScenarioAsync("handles", "suspend-handles");
        const string expected =
            """
            the program has worked for less than half of the time: True
            generation 1, generation 0 is over: True
            a wait for an event: StaleHandleException
            a notification: StaleHandleException
            a status: StaleHandleException
            the mapping: StaleHandleException
            the shared page has 42, the mapping 0
            ending the grant: StaleHandleException
            unmapping: done
            the open transaction: XenstoreDisconnectedException
            a new one: done
            committed: 2
            the watch: done
            and once more: done
            new handles work: True
            left: 1 ports, 0 references, 0 mapped pages, 0 pages
            """;
        Assert.True(output.Contains(expected, StringComparison.Ordinal), output);
    }

    [Fact]
    public async Task Hooks_run_in_the_order_of_what_builds_on_what_and_none_keeps_the_domain_from_being_suspended()
    {
        string output = await SaveAndRestoreScenarioAsync("hooks", "suspend-hooks");
        string[] lines = [.. output.Split('\n').SkipWhile(line => line != "working").Skip(1)];
        Assert.Equal(
            [
                "the store answers True",
                "failed: throws, before suspending",
                "failed: hangs, before suspending",
                "failed: heeds, before suspending",
                "cache stops",
                "store stops",
                "store starts, Resumed",
                "cache starts, Resumed",
                "failed: heeds, after resuming",
                "failures 4",
            ],
            lines.TakeWhile(line => line.Length > 0).Select(line => FailedHook().Replace(line, "$1$2")));
    }

    [Fact]
    public async Task What_was_typed_and_not_read_yet_outlives_a_resume()
    {
        await using Traveller traveller = await Traveller.StartAsync(
            bed.Bed, new() { Name = "typed", ImagePath = Images.Platform, CommandLine = "suspend-input" }, "listening");
        await traveller.First.SendConsoleInputAsync("one\ntwo\nthr", Cancellation);
        await traveller.First.Console.WaitForLineAsync("working", cancellationToken: Cancellation);
        await traveller.SaveAndRestoreAsync();
        await using Domain restored = await bed.Bed.AttachDomainAsync(traveller.Name, Cancellation);
        await restored.SendConsoleInputAsync("ee\n", Cancellation);
        (string? code, string output) = await traveller.CompleteAsync();
        Assert.Equal("0", code);
        Assert.Contains("before: one\n", output);
        Assert.Contains("after: two\nthen: three\n", output);
    }

    [Fact]
    public async Task Two_copies_of_one_memory_draw_different_random_numbers()
    {
        await using Traveller traveller = await Traveller.StartAsync(bed.Bed, new() { Name = "copies", ImagePath = Images.Copies });
        await traveller.XlAsync("save", traveller.Name, traveller.File);
        string[] first = await RestoreAndReadAsync(), second = await RestoreAndReadAsync();
        const int shared = 5;
        Assert.Equal(shared + 1, first.Length);
        // They are copies: what is seeded once goes on the same in both.
        Assert.Equal(first[shared], second[shared]);
        for (int i = 0; i < shared; i++)
            Assert.NotEqual(first[i], second[i]);

        async Task<string[]> RestoreAndReadAsync()
        {
            await traveller.XlAsync("restore", "-e", traveller.File);
            string drawn = (await bed.Bed.Xenstore.WaitAsync($"{await traveller.DataAsync()}/drawn", value => value is not null, cancellationToken: Cancellation))!;
            await traveller.XlAsync("destroy", traveller.Name);
            return drawn.Split(' ');
        }
    }

    private Task<Traveller> StartMigrateMeAsync(string name, int suspensions) => Traveller.StartAsync(
        bed.Bed, new() { Name = name, ImagePath = Images.MigrateMe, CommandLine = FormattableString.Invariant($"{suspensions} 2") });

    /// <summary>
    /// Suspends again and again. The clock must be right and nothing more be held after the last time than after the first, which has the first use
    /// of much.
    /// </summary>
    private async Task TravelAsync(Traveller traveller, int times, Func<Task> suspendAsync)
    {
        IReadOnlyDictionary<string, long>? first = null, last = null;
        int firstPorts = 0, lastPorts = 0;
        for (int i = 0; i < times; i++)
        {
            await suspendAsync();
            await CheckClockAsync(traveller);
            last = await traveller.AskForHoldingsAsync();
            lastPorts = await traveller.CountPortsInXenAsync();
            if (i == 0)
                (first, firstPorts) = (last, lastPorts);
        }
        foreach (string name in (string[])["ports", "references", "mapped", "iopages", "watches", "requests", "handles"])
            Assert.True(last![name] <= first![name], $"{name}: {first[name]} after the first, {last[name]} after the last");
        Assert.InRange(last!["kernel"], 0, first!["kernel"] + (32 << 10));
        Assert.InRange(lastPorts, 0, firstPorts);
    }

    /// <summary>
    /// Asks for the time by the key that the program watches, until what the answers allow is within 50 ms. Each says that the clock was read between
    /// two readings of dom0's, and all have to be true.
    /// </summary>
    private async Task CheckClockAsync(Traveller traveller)
    {
        const long tolerance = 50_000_000;
        const int most = 40;
        string data = await traveller.DataAsync();
        long least = long.MinValue, greatest = long.MaxValue;
        for (int i = 0; i < most && (least < -tolerance || greatest > tolerance); i++)
        {
            string question = FormattableString.Invariant($"time-{i}");
            long before = await ReadClockOfDom0Async();
            await bed.Bed.Xenstore.WriteAsync($"{data}/question", question, Cancellation);
            string? answer = await bed.Bed.Xenstore.WaitAsync($"{data}/answer", value => value?.StartsWith($"{question} ", StringComparison.Ordinal) == true, cancellationToken: Cancellation);
            long after = await ReadClockOfDom0Async();
            long answered = long.Parse(answer!.Split(' ')[1], CultureInfo.InvariantCulture);
            least = Math.Max(least, answered - after);
            greatest = Math.Min(greatest, answered - before);
            Assert.True(least <= tolerance && greatest >= -tolerance, $"The clock is ahead by {least} to {greatest} ns");
        }
    }

    /// <summary>The kernel's own account: its date program knows whole seconds only.</summary>
    private async Task<long> ReadClockOfDom0Async()
    {
        string timers = (await bed.Bed.RunAsync("head", "-n", "300", "/proc/timer_list")).Output;
        return Number(NowOfLinux().Match(timers)) + Number(RealTimeOffsetOfLinux().Match(timers));

        long Number(Match match) => match.Success ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : throw new InvalidOperationException(timers);
    }

    /// <summary>
    /// Brings about the end of the program by one more suspension, a checkpoint. The program must have found nothing wrong. Its output on all of its
    /// consoles.
    /// </summary>
    private static async Task<string> CompleteMigrateMeAsync(Traveller traveller)
    {
        await traveller.CheckpointAsync();
        (string? code, string output) = await traveller.CompleteAsync();
        Assert.True(code == "0", output);
        Assert.Contains("left over: 1 ports, 0 grants, 0 mapped pages", output); // the port is xenstore's
        return output;
    }

    /// <summary>Saves and restores a scenario of the platform once, and returns its output, of which it says the more after that.</summary>
    private async Task<string> SaveAndRestoreScenarioAsync(string name, string scenario)
    {
        await using Traveller traveller = await Traveller.StartAsync(bed.Bed, new() { Name = name, ImagePath = Images.Platform, CommandLine = scenario });
        await traveller.SaveAndRestoreAsync();
        (string? code, string output) = await traveller.CompleteAsync();
        Assert.True(code == "0", output);
        return output;
    }

    [GeneratedRegex("^Resumed as domain", RegexOptions.Multiline)]
    private static partial Regex Resumed();

    [GeneratedRegex("^Cancelled as domain", RegexOptions.Multiline)]
    private static partial Regex Cancelled();

    /// <summary>Which hook failed, and not how that is worded.</summary>
    [GeneratedRegex(@"^(failed: )A hook \(([^)]*)\).*")]
    private static partial Regex FailedHook();

    [GeneratedRegex("now at ([0-9]+) nsecs")]
    private static partial Regex NowOfLinux();

    [GeneratedRegex(@"get_time:\s+ktime_get_real\s+\.offset:\s+([0-9]+) nsecs")]
    private static partial Regex RealTimeOffsetOfLinux();
}
