using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Xenolith.Cli.Tests;

/// <summary>gdb on a domain.</summary>
[Collection(OutsideProject.Collection)]
public sealed class DebuggerTests(OutsideProject project)
{
    [Fact]
    public async Task Gdb_stops_in_the_program_and_in_the_kernel_and_the_program_then_ends_as_ever()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using Process run = Cli.Start(["run", project.Image, "--gdb", "--timeout", "120", "--", "x"]);
        string? line;
        do
            line = await run.StandardError.ReadLineAsync(cancellation);
        while (line is not null && !line.Contains("waits for: gdb", StringComparison.Ordinal));
        Match command = Regex.Match(line ?? "", "waits for: gdb -ex '(target remote [^']+)' '([^']+)'$");
        Assert.True(command.Success, line);
        int place = project.LineOf("Greeter.Greet");

        string output = await GdbAsync(
            command.Groups[2].Value,
            command.Groups[1].Value,
            "x/i $rip",
            $"break Program.cs:{place}",
            "continue",
            "backtrace",
            "stepi",
            "break xenolith_kernel_Xenolith_Kernel_Threads_Ending__Exit",
            "continue",
            "print code",
            "delete",
            "continue");

        Cli.Result end = await Cli.CompleteAsync(run);
        Assert.True((end.Output, end.ExitCode) == ("hello x\n", 0), $"{end.Output}{end.Errors}{output}");
        Assert.Contains("=> 0x", output.Split('\n').First(l => l.Contains("<xl_pvh_entry>", StringComparison.Ordinal) && l.Contains("=>", StringComparison.Ordinal)));
        Assert.Matches($@"#0 .*Program___Main__ .* at {Regex.Escape(project.Source)}:{place}\n", output);
        Assert.Matches(@"Breakpoint 2, xenolith_kernel_Xenolith_Kernel_Threads_Ending__Exit \(code=0\)", output);
        Assert.Contains("$1 = 0\n", output);
        Assert.Contains("[Inferior 1 (Remote target) exited normally]", output);
    }

    /// <summary>Runs gdb with these commands, and returns what it said.</summary>
    private static async Task<string> GdbAsync(string image, params string[] commands)
    {
        ProcessStartInfo start = new("gdb", ["-batch", "-nx", "-iex", "set debuginfod enabled off", .. commands.SelectMany(c => (string[])["-ex", c]), image])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process gdb = Process.Start(start)!;
        Task<string> errors = gdb.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await gdb.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await gdb.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output + await errors;
    }
}
