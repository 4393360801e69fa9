namespace Xenolith.Cli.Tests;

/// <summary>What the tool says to commands that cannot work.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(64, "frobnicate", "frobnicate")]
    [InlineData(64, "project|image", "run")]
    [InlineData(64, "--memory must be a number above 0", "run", ".", "--memory", "lots")]
    [InlineData(64, "--vcpus must be a number above 0", "run", ".", "--vcpus", "0")]
    [InlineData(64, "--timeout must be a number of seconds", "run", ".", "--timeout", "-1")]
    [InlineData(64, "--gdb is for domains", "run", ".", "--process", "--gdb")]
    [InlineData(64, "--trace is for domains", "run", ".", "--process", "--trace", "file")]
    [InlineData(64, "--trace-categories takes some of: gc, scheduler, ", "run", ".", "--trace-categories", "gc,nonsense")]
    [InlineData(64, "domain", "trace")]
    [InlineData(64, "--duration must be a number of seconds", "trace", "web", "--duration", "0")]
    [InlineData(64, "--categories takes some of: gc, scheduler, ", "trace", "web", "--categories", "")]
    [InlineData(64, "--buffer must be a number from 4 to 65536", "trace", "web", "--buffer", "3")]
    [InlineData(64, "--limit must be a number from 1 to ", "trace", "web", "--limit", "much")]
    [InlineData(69, "/no/where/file cannot be written: ", "trace", "web", "--output", "/no/where/file")]
    [InlineData(66, "there is no file or folder /no/where", "symbolize", "/no/where")]
    [InlineData(66, "there is no file or folder /no/where", "run", "/no/where")]
    [InlineData(66, "there is no file /no/where.xen", "inspect", "/no/where.xen")]
    [InlineData(67, "/etc/passwd: not an ELF file", "run", "/etc/passwd")]
    [InlineData(67, "/bin/ls is not an image that Xen can start", "run", "/bin/ls")]
    public async Task A_command_that_cannot_work_ends_with_one_message_and_a_code_of_its_own(int exitCode, string message, params string[] arguments)
    {
        Cli.Result result = await Cli.RunAsync(arguments);

        Assert.Equal((exitCode, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("xenolith: ", result.Errors);
        Assert.Contains(message, result.Errors);
        Assert.Single(result.Errors.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task A_trace_without_Xen_says_where_traces_are_taken_and_leaves_the_file_as_it_was()
    {
        _directory.Write("old.pftrace", "an earlier trace");
        foreach (string file in (string[])["old.pftrace", "new.pftrace"])
        {
            Cli.Result result = await Cli.RunAsync("trace", "web", "--output", _directory.Combine(file));
            Assert.Equal((69, ""), (result.ExitCode, result.Output));
            Assert.Equal(
                "xenolith: there is no Xen here: traces are taken in dom0; for a program in the test bed use `xenolith run PROJECT --trace FILE`\n", result.Errors);
        }
        Assert.Equal("an earlier trace", await File.ReadAllTextAsync(_directory.Combine("old.pftrace"), TestContext.Current.CancellationToken));
        Assert.False(File.Exists(_directory.Combine("new.pftrace")));
    }

    [Fact]
    public async Task Help_names_every_command()
    {
        Cli.Result result = await Cli.RunAsync("--help");

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.All((string[])["build", "run", "trace", "inspect", "symbolize", "bed"], command => Assert.Contains($"  {command} ", result.Output));
    }

    [Fact]
    public async Task A_project_that_does_not_compile_shows_the_compilers_errors()
    {
        _directory.Write("Bad.csproj", """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>""");
        _directory.Write("Program.cs", "int number = \"text\";");

        Cli.Result result = await Cli.RunAsync("run", _directory.Path, "--process");

        Assert.Equal((65, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"xenolith: Bad does not build:\n{_directory.Combine("Program.cs")}(1,14): error CS0029: ", result.Errors);
        Assert.Equal(2, result.Errors.TrimEnd('\n').Split('\n').Length);
    }

    [Fact]
    public async Task A_project_for_frameworks_that_are_too_old_is_refused()
    {
        _directory.Write("Old.csproj", """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFrameworks>net8.0;net9.0</TargetFrameworks></PropertyGroup></Project>""");
        _directory.Write("Program.cs", "");

        Cli.Result result = await Cli.RunAsync("build", _directory.Path);

        Assert.Equal(65, result.ExitCode);
        Assert.Contains("net8.0, net9.0: an image needs net10.0 or later", result.Errors);
    }
}
