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
        using Process run = Cli.Start(["run", project.Image, "--gdb", "--timeout", "600", "--", "x"]);
        string? line;
        do
            line = await run.StandardError.ReadLineAsync(cancellation);
        while (line is not null && !line.Contains("waits for: gdb", StringComparison.Ordinal));
        Match command = Regex.Match(line ?? "", "waits for: gdb -ex '(target remote [^']+)' '([^']+)'$");
        Assert.True(command.Success, line);

        string output = await GdbAsync(
            command.Groups[2].Value,
            command.Groups[1].Value,
            "x/i $rip",
            "break *The_App_Program___Main__",
            "continue",
            "backtrace",
            "stepi",
            "break *xenolith_kernel_Xenolith_Kernel_Threads_Ending__Exit",
            "continue",
            "print code",
            "delete",
            "continue");

        Cli.Result end = await Cli.CompleteAsync(run);
        Assert.True((end.Output, end.ExitCode) == ("hello x\n", 0), $"{end.Output}{end.Errors}{output}");
        string[] said =
        [
            "=> 0x[0-9a-f]+ <xl_pvh_entry>:",
            @"#0 .*The_App_Program___Main__ \(args=",
            "#2 .*libc_start_main_stage2",
            @"Breakpoint 2, xenolith_kernel_Xenolith_Kernel_Threads_Ending__Exit \(code=0\) at /.*/Threads/Ending\.cs:\d+\n",
            @"\$1 = 0\n",
            @"\[Inferior 1 \(Remote target\) exited normally\]",
        ];
        Assert.All(said, expression => Assert.True(Regex.IsMatch(output, expression), output));
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
