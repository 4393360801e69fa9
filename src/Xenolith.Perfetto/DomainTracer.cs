using System.Globalization;
using Xenolith.Abi;
using Xenolith.Rings;
using Xenolith.Tracing;
using Xenolith.Xenstore;

namespace Xenolith.Perfetto;

/// <summary>How a domain is traced into a file.</summary>
public sealed record DomainTracerOptions
{
    /// <summary>What is asked of the domain.</summary>
    public TraceConnectionOptions Connection { get; init; } = TraceConnectionOptions.Default;

    /// <summary>How long it is traced; <see langword="null"/>: until it ends, or until it is said. Default: <see langword="null"/>.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>
    /// Bytes after which the file is ended: the domain decides how fast it grows, and must not fill a disk. Default: 1 GiB, more than Perfetto's
    /// window opens with ease.
    /// </summary>
    public long MaximumLength { get; init; } = 1L << 30;
}

/// <summary>Why a trace has ended.</summary>
public enum TraceEnd
{
    /// <summary>It was to end, or its time was over.</summary>
    Finished,

    /// <summary>The domain ended it: its program or it itself has ended.</summary>
    DomainEnded,

    /// <summary>
    /// The domain ended it, because it was about to be suspended: saved, migrated or checkpointed. It can be traced anew after that.
    /// </summary>
    Suspended,

    /// <summary>The file has reached <see cref="DomainTracerOptions.MaximumLength"/>.</summary>
    FileFull,

    /// <summary>The domain broke the rules of the ring. What came before is in the file.</summary>
    Broken,
}

/// <summary>What has come of a trace.</summary>
/// <param name="End">Why it has ended.</param>
/// <param name="Records">Records in the file.</param>
/// <param name="Lost">Records that the domain had to overwrite.</param>
/// <param name="Skipped">Records that made no sense.</param>
/// <param name="Length">Bytes of the file.</param>
public readonly record struct DomainTracerResult(TraceEnd End, long Records, long Lost, long Skipped, long Length)
{
    /// <summary>One line for a user.</summary>
    public override string ToString()
    {
        string lost = Lost == 0 ? "none lost" : $"{Lost} lost (a larger --buffer or fewer --categories help)";
        string skipped = Skipped == 0 ? "" : $", {Skipped} left out because they make no sense";
        string end = End switch
        {
            TraceEnd.DomainEnded => "; ended because the domain or its program has ended",
            TraceEnd.Suspended =>
                "; ended because the domain was suspended (saved, migrated or checkpointed): it can be traced anew when it runs again",
            TraceEnd.FileFull => "; ended because the file has reached its --limit",
            TraceEnd.Broken => "; ended because the domain broke the rules of the trace",
            _ => "",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{Records} records, {lost}{skipped}, {Length / 1024.0:0.#} KiB{end}; open it in https://ui.perfetto.dev");
    }
}

/// <summary>Traces another domain into a file for Perfetto.</summary>
public static class DomainTracer
{
    private const int RecordsAtOnce = 4096;

    /// <summary>Finds a domain.</summary>
    /// <param name="store">xenstore, as dom0 sees it.</param>
    /// <param name="domain">Its number, or the name that the toolstack gave it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TraceUnavailableException">There is none, or this is not dom0.</exception>
    public static async Task<(ushort Number, string Name)> FindAsync(XenstoreClient store, string domain, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        try
        {
            bool isNumber = ushort.TryParse(domain, NumberStyles.None, CultureInfo.InvariantCulture, out _);
            foreach (string number in await store.ListAsync("/local/domain", cancellationToken) ?? [])
            {
                string? name = await store.ReadAsync($"/local/domain/{number}/name", cancellationToken);
                if ((isNumber ? number : name) == domain && ushort.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out ushort found))
                    return (found, name ?? $"domain {number}");
            }
        }
        catch (XenstoreAccessDeniedException error)
        {
            throw new TraceUnavailableException(
                TraceUnavailability.NotPermitted, "This domain may not see the others: traces are taken in dom0.", error);
        }
        throw new TraceUnavailableException(TraceUnavailability.NoSuchDomain, $"There is no domain \"{domain}\": `xl list` shows those that are there.");
    }

    /// <summary>Traces a domain.</summary>
    /// <param name="platform">The domain of the tool.</param>
    /// <param name="domain">The domain that is traced.</param>
    /// <param name="name">Its name, for the file.</param>
    /// <param name="output">The file; stays open.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <param name="started">Called when the domain records.</param>
    /// <param name="finish">Ends the trace in good order: what was recorded until then is in the file.</param>
    /// <exception cref="TraceUnavailableException">The domain cannot be traced.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="finish"/> came before the trace began.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static async Task<DomainTracerResult> RunAsync(
        XenPlatform platform, ushort domain, string name, Stream output, DomainTracerOptions? options = null, Action? started = null,
        CancellationToken finish = default)
    {
        ArgumentNullException.ThrowIfNull(platform);
        options ??= new DomainTracerOptions();
        await using TraceConnection connection = await TraceConnection.ConnectAsync(platform, domain, options.Connection, finish);
        started?.Invoke();
        using CancellationTokenSource time = new(options.Duration ?? Timeout.InfiniteTimeSpan, platform.TimeProvider);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(time.Token, finish);
        using CancellationTokenRegistration registration = end.Token.UnsafeRegister(static connection => ((TraceConnection)connection!).Finish(), connection);
        PerfettoWriter writer = new(output, domain, name);
        TraceEnd why;
        using (writer)
        {
            why = await CopyAsync(connection, writer, options.MaximumLength);
            if (why == TraceEnd.DomainEnded && end.IsCancellationRequested)
                why = TraceEnd.Finished;
        }
        return new DomainTracerResult(why, writer.Records, writer.Lost, writer.Skipped, writer.Length);
    }

    private static async Task<TraceEnd> CopyAsync(TraceConnection connection, PerfettoWriter writer, long maximumLength)
    {
        TraceRecord[] records = new TraceRecord[RecordsAtOnce];
        try
        {
            while (await connection.ReadAsync(records) is int count and > 0)
            {
                writer.Write(records.AsSpan(0, count));
                if (writer.Length >= maximumLength)
                    return TraceEnd.FileFull;
            }
        }
        catch (RingProtocolException)
        {
            return TraceEnd.Broken;
        }
        return connection.WasSuspended ? TraceEnd.Suspended : TraceEnd.DomainEnded;
    }
}
