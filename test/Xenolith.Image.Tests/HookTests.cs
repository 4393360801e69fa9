namespace Xenolith.Image.Tests;

/// <summary>Hooks around the wait for events and at the end of the program.</summary>
public sealed class HookTests(ImageBed bed)
{
    private const string ExitLines = "second registered\nfirst registered\n";

    [Fact]
    public async Task Hooks_run_after_waking_and_before_waiting_and_events_are_handed_out_in_between()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "hooks-turns")).RequireSuccess();
        Assert.Equal(string.Concat(Enumerable.Range(0, 3).Select(i => $"woke, 1 fired, {i} handed out\nwaits, {i + 1} handed out\n")), run.Output);
    }

    [Fact]
    public async Task When_Main_returns_hooks_run_last_in_first_out_and_the_exit_code_stays()
    {
        ImageRun run = await bed.RunAsync(Images.Platform, "hooks-exit return");
        Assert.Equal(new DomainEnd(ShutdownReason.Poweroff, 3), run.End);
        Assert.StartsWith("Main returns\nA hook (third, at exit) failed: System.InvalidOperationException: no\n", run.Output);
        Assert.EndsWith($"{ExitLines}xenolith: exit code 3\n", run.Output);
    }

    [Fact]
    public async Task They_run_at_an_exit_from_within_the_program()
    {
        ImageRun run = await bed.RunAsync(Images.Platform, "hooks-exit exit");
        Assert.Equal(new DomainEnd(ShutdownReason.Poweroff, 7), run.End);
        Assert.EndsWith($"{ExitLines}xenolith: exit code 7\n", run.Output);
        Assert.DoesNotContain("Main returns", run.Output);
    }

    [Fact]
    public async Task They_run_when_the_platform_is_disposed_of_and_not_again_at_the_end()
    {
        ImageRun run = await bed.RunAsync(Images.Platform, "hooks-exit dispose");
        Assert.Equal(new DomainEnd(ShutdownReason.Poweroff, 3), run.End);
        Assert.EndsWith($"{ExitLines}disposed of\nMain returns\nxenolith: exit code 3\n", run.Output);
    }

    [Fact]
    public async Task Hooks_that_hang_are_cancelled_or_left_behind_and_the_domain_ends()
    {
        ImageRun run = await bed.RunAsync(Images.Platform, "hooks-exit slow");
        Assert.Equal(new DomainEnd(ShutdownReason.Poweroff, 3), run.End);
        Assert.StartsWith(
            "Main returns\nA hook (blocks, at exit) failed: it did not end within 0.3 s, nor when it was cancelled then.\n"
            + "A hook (heeds, at exit) failed: it was cancelled when its time was up.\n",
            run.Output);
        Assert.EndsWith($"{ExitLines}xenolith: exit code 3\n", run.Output);
    }

    [Fact]
    public async Task After_a_crash_none_runs()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "hooks-exit crash")).RequireCrash();
        Assert.DoesNotContain("registered", run.Output);
    }
}
