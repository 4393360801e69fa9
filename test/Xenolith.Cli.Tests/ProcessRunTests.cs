namespace Xenolith.Cli.Tests;

/// <summary>Runs of an image as a Linux process, and what building leaves alone.</summary>
[Collection(OutsideProject.Collection)]
public sealed class ProcessRunTests(OutsideProject project)
{
    [Fact]
    public async Task A_project_that_never_heard_of_Xenolith_runs_and_stays_as_it_is()
    {
        string[] before = project.Directory.Listing();

        Cli.Result result = await Cli.RunAsync("run", project.Project, "--process", "--env", "GREETING=!", "--", "a", "b c", "--memory");

        Assert.Equal(("hello a|b c|--memory!\n", 0), (result.Output, result.ExitCode));
        Assert.Equal(before, project.Directory.Listing());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(255)]
    public async Task The_programs_exit_code_is_the_tools(int code)
    {
        Cli.Result result = await Cli.RunAsync("run", project.Image, "--process", "--", "exit", $"{code}");
        Assert.Equal(("leaving\n", code), (result.Output, result.ExitCode));
    }

    [Fact]
    public async Task A_crash_is_134() =>
        Assert.Equal(134, (await Cli.RunAsync("run", project.Image, "--process", "--", "throw")).ExitCode);

    [Fact]
    public async Task A_program_that_does_not_end_in_time_is_stopped()
    {
        Cli.Result result = await Cli.RunAsync("run", project.Image, "--process", "--timeout", "0.5", "--", "sleep");
        Assert.Equal((124, "xenolith: the program did not end within 0.5 s\n"), (result.ExitCode, result.Errors));
    }

    [Fact]
    public async Task An_image_is_inspected()
    {
        Cli.Result result = await Cli.RunAsync("inspect", project.Image);

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.Equal(["R-X", "R--", "RW-"], result.Output.Split('\n').Where(l => l.Contains("Load ")).Select(l => l.Split('│')[2].Trim()));
        Assert.Matches(@"PVH entry +0x2[0-9a-f]{5}", result.Output);
        Assert.Matches(@"│ Xen +│ +18 │", result.Output);
    }

    [Fact]
    public async Task Without_a_tool_that_is_needed_the_message_names_it()
    {
        using System.Diagnostics.Process process = Cli.Start(["run", project.Image, "--", "x"], path: "/nonexistent");
        Cli.Result result = await Cli.CompleteAsync(process);
        Assert.Equal(69, result.ExitCode);
        Assert.Contains("qemu", result.Errors, StringComparison.OrdinalIgnoreCase);
    }
}
