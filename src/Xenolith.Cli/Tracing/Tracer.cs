using System.Globalization;
using System.Text;

namespace Xenolith.Cli.Tracing;

/// <summary>What is asked of the tracer.</summary>
/// <param name="Domain">The domain's name or number.</param>
/// <param name="Categories">Bits of <see cref="Abi.TraceCategory"/>.</param>
internal sealed record TraceSettings(string Domain, uint Categories)
{
    /// <summary>Records that the domain keeps: 1 MiB.</summary>
    internal int Records { get; init; } = 32_768;

    /// <summary>How long; <see langword="null"/>: until it is ended, or the domain ends.</summary>
    internal TimeSpan? Duration { get; init; }

    /// <summary>Whether to wait for a program that does not offer to be traced yet.</summary>
    internal bool Wait { get; init; }

    /// <summary>The file's greatest size in MiB.</summary>
    internal int Limit { get; init; } = 1024;

    /// <summary>The tracer's arguments.</summary>
    internal string[] ToArguments() =>
    [
        Domain,
        Categories.ToString(CultureInfo.InvariantCulture),
        Records.ToString(CultureInfo.InvariantCulture),
        (Duration?.TotalSeconds ?? 0).ToString(CultureInfo.InvariantCulture),
        Wait ? "1" : "0",
        Limit.ToString(CultureInfo.InvariantCulture),
    ];
}

/// <summary>
/// The program <c>xenolith-tracer</c>, which this assembly carries: it maps pages and binds event channels, in whichever dom0 the domain has, and
/// needs no .NET there. Its own source tells its arguments, messages and exit codes.
/// </summary>
internal static class Tracer
{
    internal const int NoSuchDomain = 2;

    /// <summary>The program's bytes.</summary>
    internal static Stream OpenProgram() => typeof(Tracer).Assembly.GetManifestResourceStream("xenolith-tracer")!;

    /// <summary>Its messages: the first line, when it comes, tells that the domain records; the last what came of it.</summary>
    internal sealed class Messages(Action begun) : MemoryStream
    {
        private const string Begun = "tracing\n";

        /// <summary>Whether the domain has recorded anything.</summary>
        internal bool HasBegun { get; private set; }

        /// <summary>The last line.</summary>
        internal string Last => Text.TrimEnd('\n').Split('\n')[^1];

        /// <summary>What came of it: the last line, or all that was said if the tracer itself has failed.</summary>
        internal string Explain(int exitCode) => exitCode switch
        {
            >= 0 and <= NoSuchDomain => Last,
            _ => $"the tracer ended with code {exitCode}. {Text.Trim()}",
        };

        private string Text => Encoding.UTF8.GetString(ToArray());

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await base.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (HasBegun || !Text.StartsWith(Begun, StringComparison.Ordinal))
                return;
            HasBegun = true;
            begun();
        }
    }
}
