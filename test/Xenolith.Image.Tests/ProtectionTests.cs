namespace Xenolith.Image.Tests;

/// <summary>Memory is protected, from the program too: most of these programs must die, and none may show that it went on.</summary>
public sealed class ProtectionTests(ImageBed bed)
{
    [Theory]
    [InlineData("write-code", "Scenarios_Protection__WriteCode")]
    [InlineData("write-constant", "Scenarios_Protection__WriteConstant")]
    [InlineData("execute-data", "Scenarios_Protection__ExecuteData")]
    [InlineData("write-protected", "Scenarios_Protection__WriteProtected")]
    [InlineData("use-unmapped", "Scenarios_Protection__UseUnmapped")]
    public async Task A_forbidden_access_ends_the_program(string scenario, string method)
    {
        ImageRun run = (await bed.RunScenarioAsync(scenario)).RequireCrash();
        Assert.DoesNotContain(run.Lines, line => line is "written" or "executed" || line.StartsWith("read ", StringComparison.Ordinal));
        Assert.Contains("xenolith: program ended by ", run.Output);
        Assert.True(run.Output.Contains(method, StringComparison.Ordinal) || run.Output.Contains(method.Replace("Scenarios_Protection__", "Scenarios.Protection.", StringComparison.Ordinal), StringComparison.Ordinal), run.Output);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("800000000000")] // not canonical: the CPU tells no address, which the runtime takes for null, as on Linux
    public async Task A_read_through_a_null_pointer_is_an_exception(string address)
    {
        LinuxProcess process = await LinuxProcess.RunAsync(Images.Scenarios, ["read", address]);
        ImageRun run = (await bed.RunScenarioAsync("read", address)).RequireSuccess();
        Assert.Equal("null reference\n", process.Output);
        Assert.Equal(process.Output, run.Output);
    }

    [Theory]
    [InlineData("2000")] // behind the null page
    [InlineData("fffff")] // below the image
    [InlineData("dead0000")]
    [InlineData("7ffffffff000")]
    public async Task An_address_where_nothing_is_ends_the_program(string address)
    {
        ImageRun run = (await bed.RunScenarioAsync("read", address)).RequireCrash();
        Assert.DoesNotContain(run.Lines, line => line.StartsWith("read ", StringComparison.Ordinal));
        Assert.Contains("Scenarios.Protection.Read(UInt64)", run.Output);
        Assert.Contains("xenolith: program ended by ", run.Output);
    }

    [Fact]
    public async Task Writable_and_executable_memory_is_refused()
    {
        ImageRun run = (await bed.RunScenarioAsync("writable-and-executable")).RequireSuccess();
        Assert.Equal("mmap errno 13\nmprotect errno 13\nmprotect to execute only done\nmprotect of code errno 13\n", run.Output);
    }

    [Fact]
    public async Task Protection_and_unmapping_take_effect_page_by_page_as_on_Linux()
    {
        LinuxProcess process = await LinuxProcess.RunAsync(Images.Scenarios, ["protect"]);
        ImageRun run = (await bed.RunScenarioAsync("protect")).RequireSuccess();
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("then: readable errno 14 readable\n", process.Output);
        Assert.Equal(process.Output, run.Output);
    }
}
