using Xenolith.Perfetto.Tests;

namespace Xenolith.Image.Tests;

/// <summary>Traces that a tool in dom0 takes of a domain, as files for Perfetto.</summary>
public sealed class RemoteTracingTests(ImageBed bed)
{
    private const string UntilTheEnd = "0";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_trace_of_a_running_domain_has_what_it_did_and_the_domain_keeps_nothing_of_it()
    {
        await TracerProgram.UploadAsync(bed.Bed);
        await using Domain domain = await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.Platform, CommandLine = "trace-serve", Memory = 64 }, Cancel);
        await domain.Console.WaitForLineAsync("ready", cancellationToken: Cancel);

        (int exitCode, byte[] file, string said) = await TraceAsync(domain.Name, seconds: "3");
        Assert.True(exitCode == 0, said);
        PerfettoFile trace = PerfettoFile.Read(file);
        Assert.Equal((domain.Name, (ulong)domain.Id), trace.Tracks.Where(track => track.Process is not null).Select(track => (track.Name, track.Process!.Value)).Single());
        Assert.Contains(trace.SlicesOf("CPU"), slice => slice.Name == "blocked");
        Assert.Contains(trace.SlicesOf("CPU"), slice => slice.Name == "running");
        Assert.NotEmpty(trace.SlicesOf("running thread"));
        Assert.Contains(trace.SlicesOf("garbage collections"), slice => slice.Arguments["generation"] == 0);
        Assert.Contains(trace.SlicesOf("xenstore requests"), slice => slice.Name == "Write");
        Assert.NotEmpty(trace.InstantsOf("event channels"));
        Assert.Contains(trace.InstantsOf("grants"), moment => moment.Name == "granted");
        PerfettoEvent[] rounds = [.. trace.CountersOf("rounds")];
        Assert.InRange(rounds.Length, 3, 100);
        Assert.Equal(rounds.Select(e => e.Value), Enumerable.Range((int)rounds[0].Value!, rounds.Length).Select(value => (long?)value)); // none is missing
        Assert.Contains(trace.Slices, slice => slice.Name == "round" && trace.Tracks.Any(track => track.Id == slice.Track && track.Thread is not null));

        // The tool is killed: Linux tells the domain, and the next one is served.
        await domain.Console.WaitForLineAsync("trace 1 ends", cancellationToken: Cancel);
        using CancellationTokenSource kill = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task<(int, byte[], string)> killed = TraceAsync(domain.Name, UntilTheEnd, kill.Token);
        await domain.Console.WaitForLineAsync("trace 2 begins", cancellationToken: Cancel);
        (int code, _, string refusal) = await TraceAsync(domain.Name, "1");
        Assert.Equal(1, code);
        Assert.Contains("is being traced already", refusal);
        await kill.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => killed);
        await domain.Console.WaitForLineAsync("trace 2 ends", cancellationToken: Cancel);
        (exitCode, file, said) = await TraceAsync(domain.Name, seconds: "1");
        Assert.True(exitCode == 0, said);
        Assert.NotEmpty(PerfettoFile.Read(file).Events);

        await domain.SendConsoleInputAsync("end\n", Cancel);
        ImageRun run = (await ImageBed.CompleteAsync(domain)).RequireSuccess();
        Assert.Equal("left 0 0 False", run.Lines[^1]);
    }

    [Fact]
    public async Task The_tool_says_why_a_domain_is_not_traced()
    {
        await TracerProgram.UploadAsync(bed.Bed);
        await using Domain silent = await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.Platform, CommandLine = "obey", Paused = true }, Cancel);
        (int exitCode, byte[] file, string said) = await TraceAsync(silent.Name, "1");
        Assert.Equal((1, 0), (exitCode, file.Length));
        Assert.StartsWith($"Domain {silent.Id} does not offer to be traced", said);

        (exitCode, _, said) = await TraceAsync("nobody", "1");
        Assert.Equal((2, "There is no domain \"nobody\": `xl list` shows those that are there.\n"), (exitCode, said));
    }

    private Task<(int ExitCode, byte[] File, string Said)> TraceAsync(string domain, string seconds, CancellationToken? cancellation = null) =>
        TracerProgram.Start(bed.Bed, domain, seconds, cancellation: cancellation).CompleteAsync();
}
