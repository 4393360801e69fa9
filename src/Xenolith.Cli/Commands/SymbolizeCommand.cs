using System.CommandLine;
using Xenolith.Cli.Symbolizing;

namespace Xenolith.Cli.Commands;

/// <summary><c>xenolith symbolize</c>: adds source files and lines to the stack traces in a console log.</summary>
internal static class SymbolizeCommand
{
    private const string StandardInput = "-";

    internal static Command Create()
    {
        Argument<string> target = new("project|image") { Description = "The image (.xen) that wrote the log, with its symbol file beside it; or the project that it is built of." };
        Argument<string> log = new("log") { Description = "A file with the console's output [default: standard input].", DefaultValueFactory = _ => StandardInput };
        Command command = new("symbolize", "Adds functions, source files and line numbers to the stack traces in a console log.") { target, log };
        command.SetAction(async (result, cancellation) =>
        {
            ImageSymbols image = ImageSymbols.Read(await ImageFile.OfAsync(result.GetRequiredValue(target), cancellation).ConfigureAwait(false));
            string text = await ReadAsync(result.GetRequiredValue(log), cancellation).ConfigureAwait(false);
            Console.Out.Write(await LogSymbolizer.AnnotateAsync(text, image, cancellation).ConfigureAwait(false));
            return 0;
        });
        return command;
    }

    private static async Task<string> ReadAsync(string path, CancellationToken cancellation)
    {
        if (path == StandardInput)
            return await Console.In.ReadToEndAsync(cancellation).ConfigureAwait(false);
        return File.Exists(path)
            ? await File.ReadAllTextAsync(path, cancellation).ConfigureAwait(false)
            : throw new CliException(ExitCode.NotFound, $"there is no file {path}");
    }
}
