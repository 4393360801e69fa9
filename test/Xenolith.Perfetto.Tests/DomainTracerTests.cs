using System.IO.Pipes;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Lifecycle;
using Xenolith.Simulation;
using Xenolith.Tracing;

namespace Xenolith.Perfetto.Tests;

/// <summary>From a program in one domain to a file in another.</summary>
public sealed class DomainTracerTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _zero;
    private readonly SimulatedDomain _traced;

    public DomainTracerTests()
    {
        _zero = _hypervisor.CreateDomain();
        _traced = _hypervisor.CreateDomain(name: "web");
    }

    public void Dispose() => _hypervisor.Dispose();

    [Fact]
    public void What_a_program_does_with_the_platform_is_in_the_file() => _hypervisor.Run(async () =>
    {
        await using TraceService service = await _traced.Platform.Tracing.AllowRemoteAsync();
        using MemoryStream file = new();
        DomainTracerResult result = default;
        TaskCompletionSource started = new();
        using CancellationTokenSource finish = new();
        Task tracing = Trace();
        await started.Task;

        TraceName work = _traced.Platform.Tracing.GetName("work");
        work.Begin();
        await _traced.Platform.Xenstore.WriteAsync("data/answer", "42");
        await using (SharedPages pages = await _traced.Platform.Grants.ShareAsync(0, 1, GrantAccess.ReadOnly))
        using (EventChannel channel = _traced.Platform.EventChannels.AllocateUnbound(0))
            channel.Notify();
        work.End();
        finish.Cancel();
        await tracing;

        Assert.Equal((TraceEnd.Finished, 0, 0, file.Length), (result.End, result.Lost, result.Skipped, result.Length));
        PerfettoFile perfetto = PerfettoFile.Read(file.ToArray());
        Assert.Equal("web", Assert.Single(perfetto.Tracks, track => track.Process == _traced.Id).Name);
        Assert.Contains(perfetto.Slices, slice => slice.Name == "work" && perfetto.Tracks.Any(track => track.Id == slice.Track && track.Thread is not null));
        Assert.Contains(perfetto.SlicesOf("xenstore requests"), slice => slice.Name == "Write");
        Assert.Contains(perfetto.InstantsOf("grants"), e => e.Name == "granted" && e.Arguments["domain"] == 0);
        Assert.Contains(perfetto.InstantsOf("event channels"), e => e.Name == "sent");
        Assert.StartsWith($"{result.Records} records, none lost, ", result.ToString());

        async Task Trace() => result = await DomainTracer.RunAsync(_zero.Platform, _traced.Id, "web", file, started: started.SetResult, finish: finish.Token);
    });

    [Fact]
    public void A_trace_ends_when_its_time_is_over_and_when_the_domain_ends() => _hypervisor.Run(async () =>
    {
        await using TraceService service = await _traced.Platform.Tracing.AllowRemoteAsync();
        DomainTracerOptions minute = new() { Duration = TimeSpan.FromMinutes(1) };
        long before = _hypervisor.Time.GetTimestamp();
        Assert.Equal(TraceEnd.Finished, (await DomainTracer.RunAsync(_zero.Platform, _traced.Id, "web", Stream.Null, minute)).End);
        Assert.InRange(_hypervisor.Time.GetElapsedTime(before), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1.1));

        Task<DomainTracerResult> tracing = DomainTracer.RunAsync(_zero.Platform, _traced.Id, "web", Stream.Null);
        await Task.Delay(TimeSpan.FromSeconds(1), _hypervisor.Time);
        _traced.Destroy();
        DomainTracerResult result = await tracing;
        Assert.Equal(TraceEnd.DomainEnded, result.End);
        Assert.Contains("; ended because the domain or its program has ended; ", result.ToString());
    });

    [Theory]
    [InlineData(SuspendOutcome.Resumed)]
    [InlineData(SuspendOutcome.Cancelled)]
    public void A_suspension_of_the_domain_ends_the_file_in_good_order_and_is_given_as_the_reason(SuspendOutcome outcome) => _hypervisor.Run(async () =>
    {
        await using TraceService service = await _traced.Platform.Tracing.AllowRemoteAsync();
        _traced.Suspension = new SimulatedSuspension(outcome, NewId: outcome == SuspendOutcome.Resumed ? (ushort)40 : null);
        using MemoryStream file = new();
        Task<DomainTracerResult> tracing = DomainTracer.RunAsync(_zero.Platform, _traced.Id, "web", file);
        await Task.Delay(TimeSpan.FromSeconds(1), _hypervisor.Time);
        TraceName name = _traced.Platform.Tracing.GetName("before");
        name.Instant();
        long before = _hypervisor.Time.GetTimestamp();
        Assert.Equal(outcome, await _traced.Platform.Lifecycle.SuspendAsync());
        Assert.Equal(TimeSpan.Zero, _hypervisor.Time.GetElapsedTime(before)); // the tool was no hindrance

        DomainTracerResult result = await tracing;
        Assert.Equal((TraceEnd.Suspended, file.Length), (result.End, result.Length));
        Assert.Contains("; ended because the domain was suspended (saved, migrated or checkpointed): it can be traced anew", result.ToString());
        Assert.Equal("before", Assert.Single(PerfettoFile.Read(file.ToArray()).Events, e => e.Name == "before").Name);
    });

    [Fact]
    public void A_file_does_not_grow_beyond_its_limit() => _hypervisor.Run(async () =>
    {
        await using TraceService service = await _traced.Platform.Tracing.AllowRemoteAsync();
        TraceName much = _traced.Platform.Tracing.GetName("much");
        using MemoryStream file = new();
        Task<DomainTracerResult> tracing = DomainTracer.RunAsync(_zero.Platform, _traced.Id, "web", file, new DomainTracerOptions { MaximumLength = 100_000 });
        while (!tracing.IsCompleted)
        {
            for (int i = 0; i < 1000; i++)
                much.Instant(i);
            await Task.Delay(TimeSpan.FromMilliseconds(100), _hypervisor.Time);
        }
        DomainTracerResult result = await tracing;
        Assert.Equal((TraceEnd.FileFull, file.Length), (result.End, result.Length));
        Assert.InRange(result.Length, 100_000, 1_000_000); // one more batch
        PerfettoFile.Read(file.ToArray());
    });

    [Fact]
    public void A_file_may_be_a_pipe() => _hypervisor.Run(async () =>
    {
        await using TraceService service = await _traced.Platform.Tracing.AllowRemoteAsync();
        using AnonymousPipeServerStream read = new(PipeDirection.In);
        using AnonymousPipeClientStream write = new(PipeDirection.Out, read.ClientSafePipeHandle);
        DomainTracerResult result = await DomainTracer.RunAsync(
            _zero.Platform, _traced.Id, "web", write, new DomainTracerOptions { Duration = TimeSpan.FromSeconds(1) });
        byte[] file = new byte[result.Length];
        read.ReadExactly(file);
        PerfettoFile.Read(file);
    });

    [Fact]
    public void A_file_that_cannot_be_written_ends_the_trace() => _hypervisor.Run(async () =>
    {
        await using TraceService service = await _traced.Platform.Tracing.AllowRemoteAsync();
        using FileStream full = new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        _traced.Platform.Tracing.GetName("event").Instant();
        Task<DomainTracerResult> tracing = DomainTracer.RunAsync(_zero.Platform, _traced.Id, "web", full);
        await Task.Delay(TimeSpan.FromSeconds(1), _hypervisor.Time);
        _traced.Platform.Tracing.GetName("event").Instant();
        await Assert.ThrowsAsync<IOException>(() => tracing);
        await Task.Delay(TimeSpan.FromSeconds(1), _hypervisor.Time);
        Assert.False(service.IsTracing);
    });

    [Fact]
    public void A_domain_is_found_by_its_name_and_by_its_number() => _hypervisor.Run(async () =>
    {
        SimulatedDomain confusing = _hypervisor.CreateDomain(name: "1");
        Assert.Equal((_traced.Id, "web"), await DomainTracer.FindAsync(_zero.Platform.Xenstore, "web"));
        Assert.Equal((_traced.Id, "web"), await DomainTracer.FindAsync(_zero.Platform.Xenstore, "1"));
        Assert.Equal((confusing.Id, "1"), await DomainTracer.FindAsync(_zero.Platform.Xenstore, "2"));
        Assert.Equal(
            TraceUnavailability.NoSuchDomain, (await Assert.ThrowsAsync<TraceUnavailableException>(() => DomainTracer.FindAsync(_zero.Platform.Xenstore, "we"))).Reason);
        Assert.Equal(
            TraceUnavailability.NotPermitted,
            (await Assert.ThrowsAsync<TraceUnavailableException>(() => TraceConnection.ConnectAsync(confusing.Platform, _traced.Id))).Reason);
    });
}
