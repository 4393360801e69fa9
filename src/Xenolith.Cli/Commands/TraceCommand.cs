using System.CommandLine;
using Xenolith.Cli.Running;
using Xenolith.Perfetto;
using Xenolith.Tracing;
using Xenolith.Xenstore;

namespace Xenolith.Cli.Commands;

/// <summary><c>xenolith trace</c>: traces a running domain, from dom0.</summary>
internal static class TraceCommand
{
    private const int RecordsPerKibibyte = 1024 / Abi.TraceRecord.Bytes, DefaultLimit = 1024, LargestBuffer = 64 * 1024;

    internal static Command Create()
    {
        Argument<string> domain = new("domain") { Description = "The domain's name or number, as `xl list` shows it." };
        Option<string?> output = new("--output", "-o") { Description = "The file [default: NAME.pftrace].", HelpName = "FILE" };
        Option<double?> duration = new("--duration", "-d") { Description = "End after so many seconds [default: at Ctrl+C, or when the domain ends].", HelpName = "S" };
        Option<string> categories = Categories("--categories", "-c");
        Option<int> buffer = new("--buffer", "-b") { Description = "What the domain keeps until it is fetched, in memory of its own.", HelpName = "KiB", DefaultValueFactory = _ => TraceConnectionOptions.Default.RecordCount / RecordsPerKibibyte };
        Option<int> limit = new("--limit") { Description = "End when the file is so large.", HelpName = "MiB", DefaultValueFactory = _ => DefaultLimit };
        Option<bool> wait = new("--wait") { Description = "Wait for a program that does not offer to be traced yet." };
        duration.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is not (> 0 and <= 1e6))
                result.AddError("--duration must be a number of seconds above 0.");
        });
        RequireRange(buffer, 4, LargestBuffer);
        RequireRange(limit, 1, 1 << 20);

        Command command = new("trace", "Traces a running domain into a file that Perfetto opens. Works in dom0; for a program in the test bed use `xenolith run --trace`.")
        {
            domain, output, duration, categories, buffer, limit, wait,
        };
        command.SetAction((result, cancellation) => RunAsync(
            result.GetRequiredValue(domain),
            result.GetValue(output),
            new DomainTracerOptions
            {
                Connection = new TraceConnectionOptions
                {
                    Categories = Parse(result.GetRequiredValue(categories)),
                    RecordCount = result.GetValue(buffer) * RecordsPerKibibyte,
                    WaitForOffer = result.GetValue(wait),
                },
                Duration = result.GetValue(duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                MaximumLength = (long)result.GetValue(limit) << 20,
            },
            cancellation));
        return command;
    }

    /// <summary>The option that says what is traced.</summary>
    internal static Option<string> Categories(params string[] names)
    {
        Option<string> option = new(names[0], names[1..]) { Description = $"What to trace, with commas: {TraceCategoryNames.All}.", HelpName = "LIST", DefaultValueFactory = _ => "default" };
        option.Validators.Add(result =>
        {
            if (!TraceCategoryNames.TryParse(result.GetValueOrDefault<string>(), out _))
                result.AddError($"{names[0]} takes some of: {TraceCategoryNames.All}.");
        });
        return option;
    }

    /// <summary>What a checked value means.</summary>
    internal static TraceCategories Parse(string categories) => TraceCategoryNames.TryParse(categories, out TraceCategories parsed)
        ? parsed
        : throw new CliException(ExitCode.Usage, $"`{categories}` names something that cannot be traced");

    private static async Task<int> RunAsync(string domain, string? output, DomainTracerOptions options, CancellationToken finish)
    {
        if (!OperatingSystem.IsLinux() || !XenPlatform.IsSupported)
            throw new CliException(ExitCode.Unavailable, "there is no Xen here: traces are taken in dom0; for a program in the test bed use `xenolith run PROJECT --trace FILE`");
        try
        {
            XenPlatform platform = XenPlatform.Current;
            if (platform.DomainId is not (null or 0))
                throw new CliException(ExitCode.Unavailable, $"this is domain {platform.DomainId}: traces are taken in dom0");
            (ushort number, string name) = await DomainTracer.FindAsync(platform.Xenstore, domain, finish).ConfigureAwait(false);
            using TraceFile file = new(output ?? $"{string.Concat(name.Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_'))}.pftrace");
            DomainTracerResult result = await DomainTracer.RunAsync(
                platform,
                number,
                name,
                file.Stream,
                options,
                () =>
                {
                    file.Begin();
                    Console.Error.WriteLine($"xenolith: tracing domain {number} into {file.Path}{(options.Duration is null ? "; Ctrl+C ends it" : "")}");
                },
                finish).ConfigureAwait(false);
            Console.Error.WriteLine(TraceReport.Describe(file.Path, result));
            return result.End == TraceEnd.Broken ? ExitCode.Unavailable : 0;
        }
        catch (TraceUnavailableException problem)
        {
            throw new CliException(problem.Reason == TraceUnavailability.NoSuchDomain ? ExitCode.NotFound : ExitCode.Unavailable, problem.Message);
        }
        catch (Exception problem) when (problem is XenException or PlatformNotSupportedException or XenstoreException)
        {
            throw new CliException(ExitCode.Unavailable, problem.Message);
        }
    }

    private static void RequireRange(Option<int> option, int least, int most) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token] && (!int.TryParse(token.Value, out int value) || value < least || value > most))
            result.AddError($"{option.Name} must be a number from {least} to {most}.");
    });
}
