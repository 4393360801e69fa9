using System.CommandLine;
using Xenolith.Abi;
using Xenolith.Cli.Tracing;

namespace Xenolith.Cli.Commands;

/// <summary><c>xenolith trace</c>: traces a running domain, from dom0.</summary>
internal static class TraceCommand
{
    private const int RecordsPerKibibyte = 1024 / TraceRecord.Bytes, DefaultBuffer = 1024, SmallestBuffer = 4, LargestBuffer = 64 * 1024;

    internal static Command Create()
    {
        Argument<string> domain = new("domain") { Description = "The domain's name or number, as `xl list` shows it." };
        Option<string?> output = new("--output", "-o") { Description = "The file [default: DOMAIN.pftrace].", HelpName = "FILE" };
        Option<double?> duration = new("--duration", "-d") { Description = "End after so many seconds [default: at Ctrl+C, or when the domain ends].", HelpName = "S" };
        Option<string> categories = TraceCategories.CreateOption("--categories", "-c");
        Option<int> buffer = new("--buffer", "-b") { Description = "What the domain keeps until it is fetched, in memory of its own.", HelpName = "KiB", DefaultValueFactory = _ => DefaultBuffer };
        Option<int> limit = new("--limit") { Description = "End when the file is so large.", HelpName = "MiB", DefaultValueFactory = _ => 1024 };
        Option<bool> wait = new("--wait") { Description = "Wait for a program that does not offer to be traced yet." };
        duration.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is not (> 0 and <= 1e6))
                result.AddError("--duration must be a number of seconds above 0.");
        });
        RequireRange(buffer, SmallestBuffer, LargestBuffer);
        RequireRange(limit, 1, 1 << 20);

        Command command = new("trace", "Traces a running domain into a file that Perfetto opens. Works in dom0; for a program in the test bed use `xenolith run --trace`.")
        {
            domain, output, duration, categories, buffer, limit, wait,
        };
        command.SetAction((result, cancellation) =>
        {
            TraceSettings settings = new(result.GetRequiredValue(domain), TraceCategories.Parse(result.GetRequiredValue(categories)))
            {
                Records = result.GetValue(buffer) * RecordsPerKibibyte,
                Duration = result.GetValue(duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                Wait = result.GetValue(wait),
                Limit = result.GetValue(limit),
            };
            return LocalTrace.RunAsync(settings, result.GetValue(output) ?? DefaultFile(settings.Domain), cancellation);
        });
        return command;
    }

    /// <summary>A name in this folder, whatever the domain is called.</summary>
    private static string DefaultFile(string domain) =>
        string.Concat(domain.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_')) + ".pftrace";

    private static void RequireRange(Option<int> option, int least, int most) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token] && (!int.TryParse(token.Value, out int value) || value < least || value > most))
            result.AddError($"{option.Name} must be a number from {least} to {most}.");
    });
}
