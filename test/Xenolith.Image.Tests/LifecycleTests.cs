namespace Xenolith.Image.Tests;

/// <summary>What the toolstack asks of a domain, and how the domain ends then. The details are tested over the simulation.</summary>
public sealed class LifecycleTests(ImageBed bed)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("shutdown", "PowerOff", ShutdownReason.Poweroff, 0)]
    [InlineData("shutdown", "PowerOff", ShutdownReason.Poweroff, 7)]
    [InlineData("reboot", "Reboot", ShutdownReason.Reboot, 0)]
    [InlineData("reboot", "Reboot", ShutdownReason.Reboot, 7)]
    public async Task What_xl_asks_for_is_heard_acknowledged_and_done(string command, string heard, ShutdownReason reason, int exitCode)
    {
        await using Domain domain = await StartAsync(Images.Platform, $"obey {exitCode}");
        await domain.Console.WaitForLineAsync("waiting", cancellationToken: Cancellation);
        await XlAsync(command, domain); // which waits for the acknowledgement
        ImageRun run = await ImageBed.CompleteAsync(domain);
        Assert.Equal(new DomainEnd(reason, exitCode), run.End);
        Assert.Equal($"waiting\n{heard}\n" + (exitCode == 0 ? "" : $"xenolith: exit code {exitCode}\n"), run.Output);
    }

    [Fact]
    public async Task A_domain_that_xl_reboots_comes_back()
    {
        DomainOptions options = new()
        {
            Name = "returning",
            ImagePath = Images.Platform,
            CommandLine = "obey 0",
            OnReboot = DomainEndAction.Restart,
            OnPoweroff = DomainEndAction.Destroy,
        };
        await using Domain first = await bed.Bed.CreateDomainAsync(options, Cancellation);
        await first.Console.WaitForLineAsync("waiting", cancellationToken: Cancellation);
        await XlAsync("reboot", first);
        Assert.Equal(ShutdownReason.Reboot, (await first.WaitForShutdownAsync(cancellationToken: Cancellation)).Reason);

        // xl names the new domain in xenstore before it starts it.
        await bed.Bed.Xenstore.WaitAsync($"/local/domain/{first.Id + 1}/console/tty", value => value is { Length: > 0 }, cancellationToken: Cancellation);
        await using Domain second = await bed.Bed.AttachDomainAsync(first.Name, Cancellation);
        Assert.Equal(first.Id + 1, second.Id);
        await second.Console.WaitForLineAsync("waiting", cancellationToken: Cancellation);
        await XlAsync("shutdown", second);
        Assert.Equal(ShutdownReason.Poweroff, (await second.WaitForShutdownAsync(cancellationToken: Cancellation)).Reason);
    }

    [Fact]
    public async Task Requests_are_advertised_while_they_are_heard_and_other_words_are_left_alone()
    {
        await using Domain domain = await StartAsync(Images.Platform, "listen");
        string control = $"/local/domain/{domain.Id}/control";
        await bed.Bed.Xenstore.WaitAsync($"{control}/feature-poweroff", value => value == "1", cancellationToken: Cancellation);
        await bed.Bed.Xenstore.WaitAsync($"{control}/feature-reboot", value => value == "1", cancellationToken: Cancellation);

        await bed.Bed.Xenstore.WriteAsync($"{control}/shutdown", "dance", Cancellation);
        await domain.Console.WaitForLineAsync("ignored dance", cancellationToken: Cancellation);
        Assert.Equal("dance", await bed.Bed.Xenstore.ReadAsync($"{control}/shutdown", Cancellation));
        await bed.Bed.Xenstore.WriteAsync($"{control}/shutdown", "reboot", Cancellation);
        await domain.Console.WaitForLineAsync("Reboot", cancellationToken: Cancellation);
        await XlAsync("shutdown", domain);

        ImageRun run = (await ImageBed.CompleteAsync(domain)).RequireSuccess();
        Assert.Equal("waiting\nignored dance\nReboot\nPowerOff\nwithdrawn: 0\n", run.Output);
    }

    [Fact]
    public async Task A_request_from_before_the_program_ran_is_heard()
    {
        await using Domain domain = await bed.Bed.CreateDomainAsync(
            new() { ImagePath = Images.Platform, CommandLine = "obey 0", Paused = true }, Cancellation);
        await domain.RebootAsync(Cancellation);
        await domain.UnpauseAsync(Cancellation);
        Assert.Equal(new DomainEnd(ShutdownReason.Reboot, 0), (await ImageBed.CompleteAsync(domain)).End);
    }

    [Theory]
    [InlineData("poweroff", 3, ShutdownReason.Poweroff)]
    [InlineData("reboot", 3, ShutdownReason.Reboot)]
    [InlineData("Reboot", 3, ShutdownReason.Reboot)] // by returning from Main
    [InlineData("Reboot", 0, ShutdownReason.Reboot)]
    public async Task A_program_ends_its_domain_as_it_says(string how, int exitCode, ShutdownReason reason)
    {
        ImageRun run = await bed.RunAsync(Images.Platform, $"end {how} {exitCode}");
        Assert.Equal(new DomainEnd(reason, exitCode), run.End);
        Assert.Equal("the end" + (exitCode == 0 ? "" : $"\nxenolith: exit code {exitCode}\n"), run.Output);
    }

    [Fact]
    public async Task A_program_that_crashes_its_domain_says_why()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "end crash")).RequireCrash();
        Assert.Contains("it had to be", run.Output);
        Assert.Contains("xenolith: program ended by SIGABRT", run.Output);
    }

    [Theory]
    [InlineData("poweroff")]
    [InlineData("reboot")]
    [InlineData("crash")]
    [InlineData("Reboot")]
    public async Task As_a_process_the_same_image_ends_no_machine(string how)
    {
        LinuxProcess process = await LinuxProcess.RunAsync(Images.Platform, ["end", how]);
        Assert.Equal((3, "not a domain\n"), (process.ExitCode, process.Output));
    }

    [Theory]
    [InlineData("shutdown", "PowerOff", ShutdownReason.Poweroff, 0.2)]
    [InlineData("reboot", "Reboot", ShutdownReason.Reboot, 0.2)]
    [InlineData("shutdown", "PowerOff", ShutdownReason.Poweroff, 3.0)]
    public async Task A_host_stops_in_order_however_long_it_takes_and_then_the_domain_ends(string command, string heard, ShutdownReason reason, double lastWork)
    {
        await using Domain domain = await StartAsync(Images.GracefulShutdown, FormattableString.Invariant($"0 {lastWork}"));
        await domain.Console.WaitForLineAsync("counting", cancellationToken: Cancellation);
        await XlAsync(command, domain);
        ImageRun run = await ImageBed.CompleteAsync(domain);
        Assert.Equal(new DomainEnd(reason, 0), run.End);
        Assert.Equal(4, run.Lines.Length);
        Assert.Equal("info: Counter counting", run.Lines[0]);
        Assert.Equal($"info: Xenolith.Hosting.XenHostLifetime[1] The toolstack asks for {heard}. The host stops.", run.Lines[1]);
        Assert.Matches("^info: Counter counted to [0-9]+$", run.Lines[2]);
        Assert.Equal("finished in order", run.Lines[3]);
    }

    [Fact]
    public async Task The_sample_ends_by_itself_when_nobody_asks()
    {
        ImageRun run = (await bed.RunAsync(Images.GracefulShutdown, "0.5")).RequireSuccess();
        Assert.Equal("info: Impatience nobody asks, so xenstore says \"poweroff\"", run.Lines[1]);
        Assert.Contains("The toolstack asks for PowerOff. The host stops.", run.Lines[2]);
        Assert.Equal("finished in order", run.Lines[^1]);
    }

    [Fact]
    public async Task The_sample_is_a_Linux_process_too()
    {
        LinuxProcess process = await LinuxProcess.RunAsync(Images.GracefulShutdown, ["0.1"]);
        Assert.Equal((0, ""), (process.ExitCode, process.Errors));
        Assert.EndsWith("finished in order\n", process.Output);
        Assert.DoesNotContain("XenHostLifetime", process.Output);
    }

    private Task<Domain> StartAsync(string image, string commandLine) =>
        bed.Bed.CreateDomainAsync(new() { ImagePath = image, CommandLine = commandLine }, Cancellation);

    private async Task XlAsync(string command, Domain domain)
    {
        CommandResult result = await bed.Bed.RunAsync("xl", command, domain.Name);
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
