namespace Xenolith.Tracing;

/// <summary>How a domain lets a tool in another domain trace it.</summary>
public sealed record TraceServiceOptions
{
    /// <summary>The defaults.</summary>
    public static TraceServiceOptions Default { get; } = new();

    /// <summary>
    /// The one domain that can read traces: whoever asks, the pages are granted to it and to nobody else. Default: 0, where toolstacks run.
    /// </summary>
    public ushort ReaderDomain { get; init; }

    /// <summary>
    /// The most records of <see cref="TraceSessionOptions.RecordCount"/> that a tool may have the domain keep. Default: 262,144, which take 8 MiB:
    /// memory that the program did not plan for should be little.
    /// </summary>
    public int MaximumRecords { get; init; } = 262_144;

    /// <summary>
    /// How long records are collected before the tool is told of them. Default: 100 ms. Each time costs an event, which is itself recorded.
    /// </summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>For the tool to come after it was answered. Default: 10 seconds, enough on a host that is busy.</summary>
    public TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For the tool to fetch the rest when the domain ends a trace. Default: 2 seconds; the end of the program waits for it.</summary>
    public TimeSpan CloseLimit { get; init; } = TimeSpan.FromSeconds(2);
}
