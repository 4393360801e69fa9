using System.Globalization;
using Xenolith.Perfetto;

namespace Xenolith.Cli.Running;

/// <summary>What is said about a trace.</summary>
internal static class TraceReport
{
    /// <summary>A line or two for the user.</summary>
    internal static string Describe(string path, DomainTracerResult result)
    {
        string lost = result.Lost == 0 ? "none lost" : $"{result.Lost} lost (--buffer or fewer --categories help)";
        string why = result.End switch
        {
            TraceEnd.FileFull => "; the file was ended because it has reached its limit",
            TraceEnd.Broken => "; the domain broke the rules of the trace, so it was ended",
            _ => "",
        };
        string skipped = result.Skipped == 0 ? "" : $", {result.Skipped} that make no sense left out";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"xenolith: {path}: {result.Records} records, {lost}{skipped}, {result.Length / 1024.0:0.#} KiB{why}; open it in https://ui.perfetto.dev");
    }

    /// <summary>Reads the last line of the tracer's messages.</summary>
    /// <returns><see langword="null"/> if it is not a result.</returns>
    internal static DomainTracerResult? Parse(string line) =>
        line.Split(' ') is [string end, string records, string lost, string skipped, string length]
        && Enum.TryParse(end, out TraceEnd why) && Number(records, out long r) && Number(lost, out long l) && Number(skipped, out long s) && Number(length, out long n)
            ? new DomainTracerResult(why, r, l, s, n)
            : null;

    private static bool Number(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
