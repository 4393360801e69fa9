using System.Globalization;
using Xenolith.Abi;

namespace Xenolith.Image.Tests;

/// <summary>Traces that a program takes of its own domain.</summary>
public sealed class TracingTests(ImageBed bed)
{
    [Fact]
    public async Task A_trace_has_what_the_kernel_the_collector_the_libraries_and_the_program_did()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "trace", memory: 64)).RequireSuccess();
        Assert.Equal("recorded 16384 0", run.Lines[0]);
        Assert.Equal("lost 0", run.Lines[^1]);
        List<Record> records = [.. run.Lines[1..^1].Select(Record.Parse)];

        // Steps follow one another, and each has its own in it.
        Assert.Equal(Enumerable.Range(1, 5).Select(step => (long)step), records.Where(r => r.Kind == TraceKind.UserBegin).Select(r => r.Value));
        Assert.Equal(Enumerable.Range(1, 5).Select(step => (long)step), records.Where(r => r.Kind == TraceKind.UserEnd).Select(r => r.Value));
        Assert.All(records.Where(r => r.Kind is TraceKind.UserBegin or TraceKind.UserEnd), r => Assert.Equal("step", r.Name));

        ushort[] collection = [TraceKind.GcSuspend, TraceKind.GcStart, TraceKind.GcEnd, TraceKind.GcResume];
        Record[] collected = [.. Step(1).Where(r => collection.Contains(r.Kind))];
        Assert.Equal([.. collection, .. collection], collected.Select(r => r.Kind));
        Assert.Equal((0u, 0u, 2u, 2u), (collected[1].Detail, collected[2].Detail, collected[5].Detail, collected[6].Detail));
        Assert.True(IsSorted(collected.Select(r => r.Time)));

        Record[] waited = [.. Step(2)];
        Assert.InRange(waited[^1].Time - waited[0].Time, 399_000_000, 60_000_000_000);
        int block = Array.FindIndex(waited, r => r.Kind == TraceKind.DomainBlock), wake = Array.FindIndex(waited, r => r.Kind == TraceKind.DomainWake);
        Assert.InRange(block, 0, wake - 1);
        Assert.Contains(waited[block..wake], r => r.Kind is TraceKind.TimerFired or TraceKind.EventReceived);
        Assert.Contains(waited, r => r.Kind == TraceKind.TimerFired);
        Assert.Contains(waited, r => r.Kind == TraceKind.ThreadSwitch && r.Detail != r.Thread);

        Record[] stored = [.. Step(3)];
        Record asked = Assert.Single(stored, r => r.Kind == TraceKind.XenstoreRequest), answered = Assert.Single(stored, r => r.Kind == TraceKind.XenstoreReply);
        Assert.Equal((2u, 2u, asked.Value), (asked.Detail, answered.Detail, answered.Value)); // XS_READ
        Assert.InRange(answered.Time, asked.Time, long.MaxValue);
        Assert.Contains(stored, r => r.Kind == TraceKind.EventSent && r.Time > asked.Time && r.Time < answered.Time);

        Record[] notified = [.. Step(4)];
        Record sent = notified.First(r => r.Kind == TraceKind.EventSent);
        Assert.Contains(notified, r => r.Kind == TraceKind.EventReceived && r.Detail != sent.Detail && r.Time >= sent.Time);

        Assert.Equal(
            [TraceKind.GrantAccess, TraceKind.GrantMap, TraceKind.GrantUnmap, TraceKind.GrantEnd],
            Step(5).Where(r => r.Kind >> 4 == TraceKind.GrantAccess >> 4).Select(r => r.Kind));
        Assert.Single(Step(5).Where(r => r.Kind is TraceKind.GrantAccess or TraceKind.GrantMap or TraceKind.GrantEnd).Select(r => r.Detail).Distinct());

        Record begun = Assert.Single(records, r => r.Kind == TraceKind.UserAsyncBegin), ended = Assert.Single(records, r => r.Kind == TraceKind.UserAsyncEnd);
        Assert.Equal(("work", "work", begun.Value), (begun.Name, ended.Name, ended.Value));
        Record counter = Assert.Single(records, r => r.Kind == TraceKind.UserCounter);
        Assert.Equal((-7, "level of the überlong name"), (counter.Value, counter.Name));

        Record instant = Assert.Single(records, r => r.Kind == TraceKind.UserInstant);
        Assert.NotEqual(begun.Thread, instant.Thread);
        Assert.Contains(records, r => r.Kind == TraceKind.ThreadStart && r.Detail == instant.Thread);
        Assert.Contains(records, r => r.Kind == TraceKind.ThreadEnd && r.Thread == instant.Thread);
        Assert.Contains(records, r => r.Kind == TraceKind.PageFault);

        IEnumerable<Record> Step(long step) => records
            .SkipWhile(r => r.Kind != TraceKind.UserBegin || r.Value != step).TakeWhile(r => r.Kind != TraceKind.UserBegin || r.Value == step);
    }

    [Fact]
    public async Task A_reader_that_waits_for_events_keeps_up_with_a_ring_that_is_filled_many_times()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "trace-follow", memory: 64)).RequireSuccess();
        string[] words = run.Lines[0].Split(' ');
        long read = long.Parse(words[1], CultureInfo.InvariantCulture), lost = long.Parse(words[3], CultureInfo.InvariantCulture);
        Assert.Equal((100_000, "0"), (read + lost, words[5]));
        Assert.InRange(read, 50_000, 100_000);
        Assert.InRange(int.Parse(words[7], CultureInfo.InvariantCulture), 5, 1000);
        Assert.StartsWith("The domain is being traced already.", run.Lines[1]);
        Assert.Equal("again 32768", run.Lines[2]);
    }

    [Fact]
    public async Task An_image_without_event_sources_says_what_to_do()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "trace-listen", memory: 64)).RequireSuccess();
        Assert.Contains("<EventSourceSupport>true</EventSourceSupport>", Assert.Single(run.Lines));
    }

    [Fact]
    public async Task With_event_sources_a_listener_hears_of_what_the_platform_did_and_a_trace_has_what_sources_wrote()
    {
        ImageRun run = (await bed.RunAsync(Images.EventSources, memory: 64)).RequireSuccess();
        Assert.DoesNotContain("an event of another time", run.Lines);
        Assert.Equal("traced Own/Happened 42", run.Lines[^1]);
        // A kind of each category, with its keyword.
        (string Event, uint Keyword, int Kind)[] expected =
        [
            ("GarbageCollection", TraceCategory.Gc, TraceKind.GcStart),
            ("Scheduler", TraceCategory.Scheduler, TraceKind.DomainBlock),
            ("Timer", TraceCategory.Timers, TraceKind.TimerFired),
            ("EventChannel", TraceCategory.Events, TraceKind.EventReceived),
            ("Grant", TraceCategory.Grants, TraceKind.GrantAccess),
            ("Xenstore", TraceCategory.Xenstore, TraceKind.XenstoreReply),
            ("PageFault", TraceCategory.PageFaults, TraceKind.PageFault),
            ("User", TraceCategory.User, TraceKind.UserCounter),
        ];
        foreach ((string name, uint keyword, int kind) in expected)
        {
            string expectedStart = FormattableString.Invariant($"{name} Informational {keyword} kind={kind} thread=");
            Assert.Contains(run.Lines, line => line.StartsWith(expectedStart, StringComparison.Ordinal));
        }
        Assert.EndsWith(" value=-7 name=mine", Assert.Single(run.Lines, line => line.StartsWith("User ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Tracepoints_cost_next_to_nothing_without_a_trace()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        // Where a nanosecond is an instruction.
        await using TestBed counting = await TestBed.StartAsync(new BedOptions { Deterministic = true }, cancellation);
        await using Domain domain = await counting.CreateDomainAsync(new() { ImagePath = Images.Platform, CommandLine = "trace-cost", Memory = 64 }, cancellation);
        ImageRun run = (await ImageBed.CompleteAsync(domain)).RequireSuccess();
        Dictionary<string, double> cost = run.Lines.Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture));
        foreach ((string operation, double instructions) in cost)
            TestContext.Current.TestOutputHelper!.WriteLine($"{operation} {instructions}");
        Assert.InRange(cost["plain-instant"] - cost["plain-nothing"], 0, 16);
        Assert.InRange(cost["traced-instant"] - cost["traced-nothing"], 20, 400);
        Assert.InRange(cost["traced-notify"] - cost["plain-notify"], 20, 1000);
    }

    private static bool IsSorted(IEnumerable<long> values) => values.SequenceEqual(values.Order());

    private sealed record Record(ushort Kind, uint Thread, uint Detail, long Value, long Time, string Name)
    {
        internal static Record Parse(string line)
        {
            string[] words = line.Split(' ', 6);
            return new(
                ushort.Parse(words[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), uint.Parse(words[1], CultureInfo.InvariantCulture),
                uint.Parse(words[2], CultureInfo.InvariantCulture), long.Parse(words[3], CultureInfo.InvariantCulture),
                long.Parse(words[4], CultureInfo.InvariantCulture), words[5]);
        }
    }
}
