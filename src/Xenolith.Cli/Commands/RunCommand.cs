using System.CommandLine;
using System.CommandLine.Parsing;
using Xenolith.Cli.Building;
using Xenolith.Cli.Running;
using Xenolith.Cli.Tracing;

namespace Xenolith.Cli.Commands;

/// <summary><c>xenolith run</c>: runs a project or an image as a domain of the test bed, or as a Linux process.</summary>
internal static class RunCommand
{
    internal static Command Create()
    {
        Argument<string> target = new("project|image") { Description = "A project file or its folder, which is built first; or an image (.xen)." };
        Argument<string[]> arguments = new("args") { Description = "The program's arguments, after `--`.", Arity = ArgumentArity.ZeroOrMore };
        Option<int?> memory = new("--memory", "-m") { Description = "The domain's memory in MiB [default: as the project says, else 64].", HelpName = "MiB" };
        Option<int?> maximum = new("--max-memory") { Description = "The memory in MiB that the domain can have [default: as the project says, else no more].", HelpName = "MiB" };
        Option<int?> virtualCpus = new("--vcpus") { Description = "The number of virtual CPUs [default: as the project says, else 1].", HelpName = "N" };
        Option<string[]> environment = new("--env", "-e") { Description = "An environment variable of the program. May be repeated.", HelpName = "NAME=value", DefaultValueFactory = _ => [] };
        Option<double?> timeout = new("--timeout") { Description = "Stop the program after so many seconds, with exit code 124.", HelpName = "S" };
        Option<bool> cold = new("--cold") { Description = "Boot the hypervisor from nothing instead of from its snapshot." };
        Option<bool> process = new("--process") { Description = "Run the same image as a Linux process, where there is no QEMU." };
        Option<bool> debugger = new("--gdb") { Description = "Wait for gdb before the program's first instruction, and say how to connect it." };
        Option<string?> trace = new("--trace") { Description = "Trace the program, if it offers to be traced, into a file that Perfetto opens.", HelpName = "FILE" };
        Option<string> categories = TraceCategories.CreateOption("--trace-categories");
        RequirePositive(memory);
        RequirePositive(maximum);
        RequirePositive(virtualCpus);
        timeout.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is not (> 0 and <= 1e6))
                result.AddError("--timeout must be a number of seconds above 0.");
        });

        Command command = new("run", "Runs a .NET project or an image on a real Xen in the test bed, and ends with the program's exit code.")
        {
            target, arguments, memory, maximum, virtualCpus, environment, timeout, cold, process, debugger, trace, categories,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(process) && result.GetValue(debugger))
                result.AddError("--gdb is for domains: run the image under `gdb --args` as a process.");
            if (result.GetValue(process) && result.GetValue(trace) is not null)
                result.AddError("--trace is for domains, and a process is none.");
        });
        command.SetAction(async (result, cancellation) =>
        {
            RunOptions options = new()
            {
                Image = await ImageFile.OfAsync(result.GetRequiredValue(target), cancellation).ConfigureAwait(false),
                Arguments = result.GetValue(arguments) ?? [],
                Environment = [.. result.GetRequiredValue(environment).Select(ParseVariable)],
                Memory = result.GetValue(memory),
                MaximumMemory = result.GetValue(maximum),
                VirtualCpus = result.GetValue(virtualCpus),
                Timeout = result.GetValue(timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                ColdBoot = result.GetValue(cold),
                Debugger = result.GetValue(debugger),
                Trace = result.GetValue(trace),
                TraceCategories = TraceCategories.Parse(result.GetRequiredValue(categories)),
            };
            return result.GetValue(process)
                ? await ProcessRunner.RunAsync(options, cancellation).ConfigureAwait(false)
                : await DomainRunner.RunAsync(options, cancellation).ConfigureAwait(false);
        });
        return command;
    }

    private static KeyValuePair<string, string> ParseVariable(string text) => text.Split('=', 2) is [{ Length: > 0 } name, string value]
        ? new(name, value)
        : throw new CliException(ExitCode.Usage, $"--env takes NAME=value, not `{text}`");

    private static void RequirePositive(Option<int?> option) => option.Validators.Add(result =>
    {
        if (result.Tokens is [Token token] && (!int.TryParse(token.Value, out int value) || value < 1))
            result.AddError($"{option.Name} must be a number above 0.");
    });
}
