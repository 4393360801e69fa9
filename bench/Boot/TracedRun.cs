using Xenolith.Bed;

namespace Xenolith.Bench.Boot;

/// <summary>Runs a domain to its end while xentrace records it.</summary>
internal static class TracedRun
{
    /// <summary>Large enough, in pages, for the records of a boot that xentrace has not fetched yet.</summary>
    private const int BufferPages = 256;

    public static async Task<ExitTrace> RunAsync(TestBed bed, DomainOptions options, uint events, CancellationToken cancellationToken)
    {
        await using Domain domain = await bed.CreateDomainAsync(options with { Paused = true }, cancellationToken);
        string trace = $"/tmp/{domain.Name}.trace";
        string process = $"/run/{domain.Name}.xentrace";
        string command = $"echo $$ >{process}; exec /usr/lib/xen-4.17/bin/xentrace -D -S {BufferPages} -e 0x{events:x} {trace}";
        Task<CommandResult> tracing = bed.RunShellAsync(command, cancellationToken);

        // dom0's own switches are in the trace as soon as it records.
        await bed.RunShellAsync($"until [ -s {trace} ]; do usleep 10000; done", cancellationToken);
        await domain.UnpauseAsync(cancellationToken);
        await domain.WaitForShutdownAsync(cancellationToken: cancellationToken);
        await bed.RunShellAsync($"kill -INT $(cat {process})", cancellationToken);
        await tracing;

        using MemoryStream records = new();
        await bed.DownloadAsync(trace, records, cancellationToken);
        return ExitTrace.Read(records.ToArray(), domain.Id);
    }
}
