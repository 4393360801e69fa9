namespace Xenolith.Image.Tests;

/// <summary>Normal ends: always poweroff, with the exit code in xenstore and, unless it is 0, on the last line of the console.</summary>
public sealed class ExitTests(ImageBed bed)
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(-1)]
    public async Task An_exit_code_is_the_one_that_Linux_gives(int code)
    {
        LinuxProcess process = await LinuxProcess.RunAsync(Images.Scenarios, ["exit", $"{code}"]);
        ImageRun run = await bed.RunScenarioAsync("exit", $"{code}");
        Assert.Equal(code & 0xff, process.ExitCode);
        Assert.Equal(new DomainEnd(ShutdownReason.Poweroff, process.ExitCode), run.End);
        Assert.Equal(process.ExitCode == 0 ? "" : $"xenolith: exit code {process.ExitCode}\n", run.Output);
    }

    [Fact]
    public async Task The_line_of_the_exit_code_begins_after_output_that_ended_without_a_newline()
    {
        ImageRun run = await bed.RunScenarioAsync("exit", "7", "unfinished");
        Assert.Equal(new DomainEnd(ShutdownReason.Poweroff, 7), run.End);
        Assert.Equal("unfinished\nxenolith: exit code 7\n", run.Output);
    }

    [Fact]
    public async Task A_last_line_without_a_newline_is_not_lost()
    {
        ImageRun run = (await bed.RunScenarioAsync("write", "unfinished")).RequireSuccess();
        Assert.Equal("unfinished", run.Output);
    }
}
