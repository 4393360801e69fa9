using System.Text.RegularExpressions;

namespace Xenolith.Image.Tests;

/// <summary>Abnormal ends: always a crash, with what happened and where on the console.</summary>
public sealed class CrashTests(ImageBed bed)
{
    [Theory]
    [InlineData("throw")]
    [InlineData("throw-in-thread")]
    public async Task An_unhandled_exception_shows_itself_and_the_methods_it_went_through(string scenario)
    {
        ImageRun run = (await bed.RunScenarioAsync(scenario)).RequireCrash();
        Assert.StartsWith("before the exceptionUnhandled exception. System.InvalidOperationException: the reason\n", run.Output);
        Assert.Equal(4, Regex.Count(run.Output, @"^   at Scenarios\.Endings\.ThrowDeeper\(Int32\)", RegexOptions.Multiline));
        Assert.Matches(new Regex(@"^   at Scenarios\.Endings\.Throw\(\)", RegexOptions.Multiline), run.Output);
        AssertEndsInBacktrace(run, "SIGABRT (abort)", "abort");
    }

    [Fact]
    public async Task FailFast_shows_its_message_and_the_method_that_called_it()
    {
        ImageRun run = (await bed.RunScenarioAsync("fail-fast")).RequireCrash();
        Assert.Contains("this cannot go on", run.Output);
        Assert.Matches(new Regex(@"^   at Scenarios\.Endings\.FailFast\(\)", RegexOptions.Multiline), run.Output);
        AssertEndsInBacktrace(run, "SIGABRT (abort)", "abort");
    }

    [Fact]
    public async Task An_abort_of_native_code_is_named_with_its_callers()
    {
        ImageRun run = (await bed.RunScenarioAsync("abort")).RequireCrash();
        Assert.StartsWith("before the abort\nxenolith: program ended by SIGABRT (abort)\n", run.Output);
        AssertEndsInBacktrace(run, "SIGABRT (abort)", "Scenarios_Endings__Abort");
    }

    [Fact]
    public async Task A_fault_in_native_code_is_named_with_its_address_and_callers()
    {
        ImageRun run = (await bed.RunScenarioAsync("fault-in-native-code")).RequireCrash();
        Assert.StartsWith("before the fault\nxenolith: program ended by SIGSEGV (bad memory access) at address 0xdead0000\n", run.Output);
        AssertEndsInBacktrace(run, "SIGSEGV (bad memory access) at address 0xdead0000", "strlen");
    }

    [Theory]
    [InlineData("overflow-stack")]
    [InlineData("overflow-stack-of-thread")]
    public async Task A_stack_overflow_is_a_crash_that_says_so(string scenario)
    {
        ImageRun run = (await bed.RunScenarioAsync(scenario)).RequireCrash();
        Assert.StartsWith("xenolith: program ended by SIGSEGV (stack overflow) at address 0x", run.Output);
        Assert.Contains("Scenarios_Endings__OverflowStack", run.Output);
    }

    [Fact]
    public async Task A_panic_of_the_kernel_names_the_functions_on_its_stack()
    {
        ImageRun run = (await bed.RunScenarioAsync("break-kernel")).RequireCrash();
        Assert.StartsWith("before the panic\nxenolith: kernel panic: page fault in the kernel (vector 14, ", run.Output);
        Assert.Contains("address 0xffffdeadbeef0000", run.Lines[1]);
        Assert.Contains("xl_platform_info", run.Output);
        Assert.Contains("Scenarios_Endings__BreakKernel", run.Output);
        Assert.All(run.Lines[1..], line => Assert.StartsWith("xenolith: ", line));
    }

    /// <summary>The kernel's lines come last: what ended the program, then the functions on the stack, one of them the given one.</summary>
    private static void AssertEndsInBacktrace(ImageRun run, string cause, string function)
    {
        int first = Array.FindIndex(run.Lines, line => line == $"xenolith: program ended by {cause}");
        Assert.True(first >= 0, run.Output);
        string[] frames = run.Lines[(first + 1)..];
        Assert.NotEmpty(frames);
        Assert.All(frames, frame => Assert.Matches(@"^xenolith:    at (\S.*\+)?0x[0-9a-f]+$", frame));
        Assert.Contains(frames, frame => frame.Contains(function, StringComparison.Ordinal));
    }
}
