// The command `xenolith`: parses the command line, runs a command, and turns failures into one message and an exit code. Standard
// output belongs to the command's result, and to a guest's console; everything else goes to standard error.

using System.CommandLine;
using System.CommandLine.Invocation;
using Xenolith.Bed;
using Xenolith.Cli;
using Xenolith.Cli.Commands;

RootCommand root = new("Builds .NET programs as Xen unikernels and runs them.")
{
    BuildCommand.Create(),
    RunCommand.Create(),
    TraceCommand.Create(),
    InspectCommand.Create(),
    SymbolizeCommand.Create(),
    BedCommand.Create(),
};

// A program's arguments are its own: no response files.
ParseResult command = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (command.Action is ParseErrorAction)
    return Report(ExitCode.Usage, $"{command.Errors[^1].Message} Try `xenolith {(command.CommandResult.Command is RootCommand ? "" : command.CommandResult.Command.Name + " ")}--help`.");

try
{
    return await command.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });
}
catch (CliException problem)
{
    return Report(problem.ExitCode, problem.Message);
}
catch (BedException problem)
{
    return Report(ExitCode.Unavailable, problem.Message);
}
catch (OperationCanceledException)
{
    return Report(ExitCode.Interrupted, "interrupted");
}
catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
{
    return Report(ExitCode.Unavailable, problem.Message);
}
catch (Exception problem)
{
    return Report(ExitCode.Internal, $"this is a defect in xenolith: {problem}");
}

static int Report(int exitCode, string message)
{
    Console.Error.WriteLine($"xenolith: {message}");
    return exitCode;
}
