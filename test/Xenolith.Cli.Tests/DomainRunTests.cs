using System.Diagnostics;
using Xenolith.Bed;

namespace Xenolith.Cli.Tests;

/// <summary>Runs of an image on a real Xen, in the test bed.</summary>
[Collection(OutsideProject.Collection)]
public sealed class DomainRunTests(OutsideProject project)
{
    [Fact]
    public async Task A_program_gets_its_arguments_and_environment_and_only_its_console_is_on_standard_output()
    {
        Cli.Result result = await Cli.RunAsync("run", project.Image, "--env", "GREETING=\"!\" \\", "--", "A=b", "c \"d\"", "");
        Assert.Equal(("hello A=b|c \"d\"|\"!\" \\\n", 0), (result.Output, result.ExitCode));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(255)]
    public async Task The_programs_exit_code_is_the_tools_and_its_line_stays_out_of_standard_output(int code)
    {
        Cli.Result result = await Cli.RunAsync("run", project.Image, "--", "exit", $"{code}");
        Assert.Equal(("leaving\n", code), (result.Output, result.ExitCode));
    }

    [Fact]
    public async Task A_program_that_does_not_allow_traces_runs_all_the_same_and_the_tool_says_so()
    {
        string file = Path.ChangeExtension(project.Image, ".pftrace");
        Cli.Result result = await Cli.RunAsync("run", project.Image, "--trace", file);
        Assert.Equal(("hello \n", 0), (result.Output, result.ExitCode));
        Assert.EndsWith("xenolith: there is no trace: the program did not call XenPlatform.Current.Tracing.AllowRemoteAsync() or UseXen()\n", result.Errors);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task The_console_is_the_programs_output_byte_for_byte()
    {
        Cli.Result expected = await Cli.RunAsync("run", project.Image, "--process", "--", "bytes", "20000");
        Cli.Result result = await Cli.RunAsync("run", project.Image, "--", "bytes", "20000");
        Assert.Equal(expected.OutputBytes, result.OutputBytes);
        Assert.Equal(20000, result.OutputBytes.Length);
    }

    [Fact]
    public async Task A_crash_is_134_and_shows_what_happened()
    {
        Cli.Result result = await Cli.RunAsync("run", project.Image, "--", "throw");
        Assert.Equal(134, result.ExitCode);
        Assert.Contains("System.InvalidOperationException: boom", result.Output);
        Assert.EndsWith("xenolith: the domain crashed\n", result.Errors);
    }

    [Fact]
    public async Task A_program_that_does_not_end_in_time_is_stopped()
    {
        Cli.Result result = await Cli.RunAsync("run", project.Image, "--timeout", "15", "--", "sleep");
        Assert.Equal(("sleeping\n", 124), (result.Output, result.ExitCode));
        Assert.EndsWith("xenolith: the program did not end within 15 s\n", result.Errors);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_run_that_is_seen_live()
    {
        using Process process = Cli.Start(["run", project.Image, "--", "sleep"]);
        byte[] line = new byte["sleeping\n".Length];
        await process.StandardOutput.BaseStream.ReadExactlyAsync(line, TestContext.Current.CancellationToken);
        Assert.Equal("sleeping\n"u8, line);

        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);

        Cli.Result result = await Cli.CompleteAsync(process);
        Assert.Equal(130, result.ExitCode);
        Assert.EndsWith("xenolith: interrupted\n", result.Errors);
    }

    [Fact]
    public async Task A_run_ends_when_nobody_reads_its_output_any_more()
    {
        using Process process = Cli.Start(["run", project.Image, "--", "endless"]);
        await process.StandardOutput.BaseStream.ReadExactlyAsync(new byte[100], TestContext.Current.CancellationToken);
        process.StandardOutput.Close();

        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(141, process.ExitCode);
        Assert.Contains("xenolith: standard output cannot be written", errors);
    }

    [Fact]
    public async Task The_generated_configuration_starts_the_image_unchanged()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using TestBed bed = await TestBed.StartAsync(cancellationToken: cancellation);
        await using Domain domain = await bed.CreateFromConfigAsync(
            await File.ReadAllTextAsync(Path.ChangeExtension(project.Image, ".xl"), cancellation),
            new Dictionary<string, string> { [Path.GetFileName(project.Image)] = project.Image },
            cancellationToken: cancellation);

        DomainEnd end = await domain.WaitForShutdownAsync(cancellationToken: cancellation);

        Assert.Equal((ShutdownReason.Poweroff, "The-App", "hello \n"), (end.Reason, domain.Name, domain.Console.Text));
    }

    [Fact]
    public async Task A_projects_settings_are_those_of_its_domain()
    {
        string configuration = Path.ChangeExtension(project.Image, ".xl");
        string before = File.ReadAllText(configuration);
        try
        {
            File.WriteAllText(configuration, before + "cmdline = \"from the configuration\"\n");
            Assert.Equal("hello from|the|configuration\n", (await Cli.RunAsync("run", project.Image)).Output);
        }
        finally
        {
            File.WriteAllText(configuration, before);
        }
    }
}
