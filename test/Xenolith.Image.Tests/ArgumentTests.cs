using Xenolith.Sdk.Toolstack;

namespace Xenolith.Image.Tests;

/// <summary>A domain's command line as the program sees it.</summary>
public sealed class ArgumentTests(ImageBed bed)
{
    [Fact]
    public async Task Quotes_and_backslashes_make_words()
    {
        ImageRun run = await bed.RunAsync(Images.Scenarios, """
            plain "two words" in"side a"word "" \"quoted\" "\"inside\" \\ \n" back\\slash a\ b 'single quotes'
            """);
        Assert.Equal(
            """
            argument [plain]
            argument [two words]
            argument [inside aword]
            argument []
            argument ["quoted"]
            argument ["inside" \ \n]
            argument [back\slash]
            argument [a b]
            argument ['single]
            argument [quotes']

            """,
            run.RequireSuccess().Output);
    }

    [Fact]
    public async Task Words_with_a_name_in_front_are_environment_variables_until_another_word_comes()
    {
        ImageRun run = await bed.RunAsync(Images.Scenarios, """
            FIRST=1 EMPTY= "QUOTED=two words" _X9="=\"=" 9=no AFTER=no -- LAST=no
            """);
        Assert.Equal(
            """
            argument [9=no]
            argument [AFTER=no]
            argument [--]
            argument [LAST=no]
            variable EMPTY []
            variable FIRST [1]
            variable QUOTED [two words]
            variable _X9 [="=]

            """,
            run.RequireSuccess().Output);
    }

    [Fact]
    public async Task Two_dashes_end_the_environment()
    {
        ImageRun run = await bed.RunAsync(Images.Scenarios, "A=1 -- B=2 -- c");
        Assert.Equal("argument [B=2]\nargument [--]\nargument [c]\nvariable A [1]\n", run.RequireSuccess().Output);
    }

    [Fact]
    public async Task Arguments_and_environment_arrive_as_in_a_Linux_process()
    {
        string[] arguments = ["--", "A=b", "", " ", "ünï ℂ 🦄", "\"", "\\", "\\\\\"", "a\"b c\\", "--x=\"y\"", "'", "$HOME", "*", "%d"];
        Dictionary<string, string> environment = new() { ["LANG"] = "", ["TEXT"] = "ä \"quoted\" \\ =", ["N_1"] = "1" };
        LinuxProcess process = await LinuxProcess.RunAsync(Images.Scenarios, arguments, environment);
        ImageRun run = (await bed.RunAsync(Images.Scenarios, GuestCommandLine.Join(environment, arguments))).RequireSuccess();
        Assert.Contains("argument [ünï ℂ 🦄]\n", process.Output);
        Assert.Equal(process.Output, run.Output);
    }

    [Theory]
    [InlineData("""one "two""", "has a double quote that is not closed, at byte 5")]
    [InlineData("""one two\""", "ends with a backslash that escapes nothing, at byte 8")]
    public async Task A_line_that_cannot_be_split_is_refused(string commandLine, string reason)
    {
        ImageRun run = (await bed.RunAsync(Images.Scenarios, commandLine)).RequireCrash();
        Assert.Equal($"xenolith: cannot start: the command line {reason}: change it where the domain is configured\n", run.Output);
    }

    [Fact]
    public async Task Too_many_words_are_refused()
    {
        ImageRun run = (await bed.RunAsync(Images.Scenarios, string.Join(' ', Enumerable.Repeat("a", 257)))).RequireCrash();
        Assert.Equal("xenolith: cannot start: the command line has too many words, at byte 513: change it where the domain is configured\n", run.Output);
    }
}
