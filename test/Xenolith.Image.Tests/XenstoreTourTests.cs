namespace Xenolith.Image.Tests;

/// <summary>The sample XenstoreTour.</summary>
public sealed class XenstoreTourTests(ImageBed bed)
{
    [Fact]
    public async Task It_shows_everything_and_leaves_nothing_behind()
    {
        ImageRun run = (await bed.RunAsync(Images.XenstoreTour)).RequireSuccess();
        Assert.Matches($"^This is domain {run.DomainId}, \"[^\"]+\"\\.$", run.Lines[0]);
        Assert.Equal(
            [
                "greeting: hello",
                "farewell: (none)",
                "data/tour has empty, greeting",
                $"permissions: n{run.DomainId},r0",
                "counter: 8",
                "data/tour/door is not there",
                "data/tour/door is closed",
                "data/tour/door is open",
                "both ends are connected",
                "name: EACCES",
                "removed: True, again: False",
            ],
            run.Lines[1..]);
    }

    [Fact]
    public async Task Outside_Xen_it_says_how_to_start_it()
    {
        LinuxProcess process = await LinuxProcess.RunAsync(Images.XenstoreTour, []);
        Assert.Equal((2, ""), (process.ExitCode, process.Output));
        Assert.Contains("./xenolith run samples/XenstoreTour", process.Errors);
    }

    [Fact]
    public async Task With_dotnet_run_on_a_machine_without_Xen_it_says_so_too()
    {
        string project = Path.GetFullPath(Path.Combine(Images.XenstoreTour, "../../../../../..")); // of bin/Release/net10.0/linux-x64/publish
        Dictionary<string, string> environment = new() { ["MSBUILDDISABLENODEREUSE"] = "1" };
        foreach (string name in (string[])["PATH", "HOME", "DOTNET_ROOT"])
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
                environment[name] = value;
        }
        LinuxProcess process = await LinuxProcess.RunAsync("dotnet", ["run", "--configuration", "Release", "--project", project], environment);
        Assert.Equal((2, ""), (process.ExitCode, process.Output));
        Assert.Contains("./xenolith run samples/XenstoreTour", process.Errors);
    }
}
