using System.Runtime.InteropServices;
using System.Text;
using CsCheck;
using Xenolith.Abi;

namespace Xenolith.Perfetto.Tests;

/// <summary>
/// What a trace looks like in Perfetto: every record has its place, and every file keeps the format's rules, whatever the records say.
/// </summary>
public sealed class PerfettoWriterTests
{
    private readonly List<TraceRecord> _records = [];
    private ulong _time = 1000;

    [Fact]
    public void An_empty_trace_names_the_domain()
    {
        PerfettoTrack process = Assert.Single(Write().Tracks);
        Assert.Equal(("hello", 7ul), (process.Name, process.Process));
    }

    [Fact]
    public void The_cpu_is_blocked_or_running_and_the_running_thread_is_shown_by_its_name()
    {
        Name(TraceKind.ThreadName, 12, "worker");
        Add(TraceKind.ThreadSwitch, thread: 1, detail: 12); // 1000
        Add(TraceKind.DomainBlock, thread: 12); // 1010
        Add(TraceKind.DomainWake, thread: 12, detail: 1); // 1020
        Add(TraceKind.EventReceived, thread: 12, detail: 3); // 1030: the kernel's own
        Add(TraceKind.EventSent, thread: 12, detail: 3); // 1040: so the thread runs again
        Add(TraceKind.ThreadSwitch, thread: 12, detail: 5, value: 1); // 1050
        Add(TraceKind.DomainBlock, thread: 5); // 1060
        PerfettoFile file = Write();
        Assert.Equal([("blocked", 1010ul, 1020ul), ("running", 1020ul, 1060ul), ("blocked", 1060ul, 1060ul)], Times(file.SlicesOf("CPU")));
        Assert.Equal([("worker", 1000ul, 1010ul), ("worker", 1040ul, 1050ul), ("thread 5", 1050ul, 1060ul)], Times(file.SlicesOf("running thread")));
        Assert.Equal(["received", "sent"], file.InstantsOf("event channels").Select(e => e.Name!));
        Assert.All(file.InstantsOf("event channels"), e => Assert.Equal(3, e.Arguments["port"]));
    }

    [Fact]
    public void A_suspension_is_a_time_in_which_neither_the_cpu_nor_a_thread_ran()
    {
        Add(TraceKind.ThreadSwitch, thread: 1, detail: 12); // 1000
        Add(TraceKind.DomainSuspend, thread: 12); // 1010
        Add(TraceKind.EventReceived, thread: 12, detail: 3); // 1020: the kernel's own
        Add(TraceKind.DomainResume, thread: 12, detail: 1); // 1030
        Add(TraceKind.DomainBlock, thread: 12); // 1040
        PerfettoFile file = Write();
        Assert.Equal([("suspended", 1010ul, 1030ul), ("running", 1030ul, 1040ul), ("blocked", 1040ul, 1040ul)], Times(file.SlicesOf("CPU")));
        Assert.Equal([("thread 12", 1000ul, 1010ul), ("thread 12", 1030ul, 1040ul)], Times(file.SlicesOf("running thread")));
        Assert.Equal(1, file.SlicesOf("CPU").Single(slice => slice.Begin == 1030).Arguments["resumed as it was"]);
    }

    [Fact]
    public void Collections_have_their_generation_and_pauses_a_track_of_their_own()
    {
        Add(TraceKind.GcSuspend, detail: 1);
        Add(TraceKind.GcStart, detail: 2); // in the background, to its end after the pause
        Add(TraceKind.GcResume);
        Add(TraceKind.GcSuspend, detail: 1);
        Add(TraceKind.GcStart, detail: 0);
        Add(TraceKind.GcEnd, detail: 0);
        Add(TraceKind.GcResume);
        Add(TraceKind.GcEnd, detail: 2);
        PerfettoFile file = Write();
        Assert.Equal([("collection, generation 0", 1040ul, 1050ul), ("collection, generation 2", 1010ul, 1070ul)], Times(file.SlicesOf("garbage collections")));
        Assert.Equal([("pause for a collection", 1000ul, 1020ul), ("pause for a collection", 1030ul, 1060ul)], Times(file.SlicesOf("pauses")));
    }

    [Fact]
    public void What_the_program_says_is_on_its_threads_under_its_names()
    {
        Name(TraceKind.ThreadName, 3, "main thread with a long name");
        Name(TraceKind.Name, 0, "request");
        Name(TraceKind.Name, 1, "größe"); // cut and put together in the middle of letters
        Name(TraceKind.Name, 2, "a name of exactly 24 byt");
        Add(TraceKind.UserBegin, thread: 3, detail: 0, value: 42);
        Add(TraceKind.UserBegin, thread: 3, detail: 2);
        Add(TraceKind.UserInstant, thread: 4, detail: 0, value: unchecked((ulong)-5));
        Add(TraceKind.UserCounter, thread: 3, detail: 1, value: 100);
        Add(TraceKind.UserCounter, thread: 3, detail: 1, value: unchecked((ulong)-100));
        Add(TraceKind.UserEnd, thread: 3, detail: 2);
        Add(TraceKind.UserEnd, thread: 3, detail: 0, value: 43);
        PerfettoFile file = Write();
        PerfettoSlice[] slices = [.. file.SlicesOf("main thread with a long name")];
        Assert.Equal([("a name of exactly 24 byt", 1), ("request", 0)], slices.Select(slice => (slice.Name, slice.Depth)));
        Assert.Equal((42, 43), (slices[1].Arguments["value"], slices[1].Arguments["value at the end"]));
        Assert.Equal((7ul, 3ul), file.Track("main thread with a long name").Thread);
        Assert.Equal([100L, -100L], file.CountersOf("größe").Select(e => e.Value!.Value));
        Assert.Equal(-5, Assert.Single(file.Events, e => e.Type == 3).Arguments["value"]);
    }

    [Fact]
    public void Requests_to_xenstored_overlap_without_disturbing_each_other()
    {
        Add(TraceKind.XenstoreRequest, detail: (uint)XenstoreMessageType.Read, value: 1);
        Add(TraceKind.XenstoreRequest, detail: (uint)XenstoreMessageType.Write, value: 2);
        Add(TraceKind.XenstoreReply, detail: (uint)XenstoreMessageType.Read, value: 1);
        Add(TraceKind.XenstoreRequest, detail: (uint)XenstoreMessageType.Rm, value: 3);
        Add(TraceKind.XenstoreReply, detail: (uint)XenstoreMessageType.Error, value: 2);
        Add(TraceKind.XenstoreReply, detail: (uint)XenstoreMessageType.Rm, value: 3);
        Add(TraceKind.XenstoreReply, detail: (uint)XenstoreMessageType.Read, value: 99); // asked before the trace
        Add(TraceKind.XenstoreWatch);
        PerfettoFile file = Write();
        Assert.Equal([("Read", 1000ul, 1020ul), ("Write", 1010ul, 1040ul), ("Rm", 1030ul, 1050ul)], Times(file.SlicesOf("xenstore requests").OrderBy(slice => slice.Begin)));
        Assert.Equal(2, file.Tracks.Count(track => track.Name == "xenstore requests"));
        Assert.Single(file.SlicesOf("xenstore requests"), slice => slice.Arguments.ContainsKey("is an error"));
        Assert.Single(file.InstantsOf("xenstore watches"));
    }

    [Fact]
    public void Activities_that_go_on_in_other_threads_overlap_too()
    {
        Name(TraceKind.Name, 9, "download");
        Add(TraceKind.UserAsyncBegin, thread: 1, detail: 9, value: 100);
        Add(TraceKind.UserAsyncBegin, thread: 2, detail: 9, value: 101);
        Add(TraceKind.UserAsyncEnd, thread: 2, detail: 9, value: 100);
        Add(TraceKind.UserAsyncEnd, thread: 1, detail: 9, value: 101);
        Assert.Equal([("download", 1000ul, 1020ul), ("download", 1010ul, 1030ul)], Times(Write().SlicesOf("download")));
    }

    [Fact]
    public void Grants_timers_faults_and_threads_are_moments_with_their_numbers()
    {
        Add(TraceKind.GrantAccess, detail: 8, value: 3);
        Add(TraceKind.GrantEnd, detail: 8, value: 16);
        Add(TraceKind.TimerFired, value: 999);
        Add(TraceKind.PageFault, value: 0xdead_b000, detail: 2);
        Add(TraceKind.ThreadStart, thread: 1, detail: 2);
        Add(TraceKind.ThreadEnd, thread: 2);
        PerfettoFile file = Write();
        Assert.Equal([("granted", 8, 3)], file.InstantsOf("grants").Take(1).Select(e => (e.Name!, (int)e.Arguments["reference"], (int)e.Arguments["domain"])));
        Assert.Equal(16, file.InstantsOf("grants").Last().Arguments["error"]);
        Assert.Equal(999, Assert.Single(file.InstantsOf("timer")).Arguments["set for"]);
        Assert.Equal(0xdead_b000, Assert.Single(file.InstantsOf("page faults")).Arguments["address"]);
        Assert.Equal(["thread started", "thread ended"], file.Events.TakeLast(2).Select(e => e.Name!));
    }

    [Fact]
    public void A_gap_is_shown_and_counted_and_slices_do_not_reach_over_it()
    {
        Add(TraceKind.UserBegin, thread: 1, detail: 0); // 1000
        Add(TraceKind.XenstoreRequest, thread: 1, detail: 2, value: 1);
        Add(TraceKind.Lost, value: 500); // 1020
        Add(TraceKind.UserEnd, thread: 1, detail: 0);
        Add(TraceKind.XenstoreReply, thread: 1, detail: 2, value: 1);
        Add(TraceKind.Lost, value: ulong.MaxValue);
        PerfettoFile file = Write(out PerfettoWriter writer);
        Assert.Equal([1020ul, 1020ul], file.Slices.Select(slice => slice.End));
        Assert.Equal([500, -1], file.InstantsOf("lost records").Select(e => e.Arguments["records"]));
        Assert.Equal(long.MaxValue, writer.Lost);
    }

    [Fact]
    public void Slices_that_are_not_ended_in_turn_are_ended_with_those_around_them()
    {
        for (uint i = 0; i < 3; i++)
            Add(TraceKind.UserBegin, thread: 1, detail: i);
        Add(TraceKind.UserEnd, thread: 1, detail: 1); // 1030
        Add(TraceKind.UserEnd, thread: 1, detail: 2);
        Add(TraceKind.UserEnd, thread: 1, detail: 0); // 1050
        Assert.Equal([("name 2", 1030ul), ("name 1", 1030ul), ("name 0", 1050ul)], Write().Slices.Select(slice => (slice.Name, slice.End)));
    }

    [Fact]
    public void A_thread_that_gets_the_number_of_another_has_a_track_of_its_own()
    {
        Name(TraceKind.ThreadName, 5, "first");
        Add(TraceKind.UserInstant, thread: 5);
        Add(TraceKind.ThreadEnd, thread: 5);
        Add(TraceKind.UserInstant, thread: 5);
        PerfettoFile file = Write();
        Assert.Equal(2, file.Tracks.Where(track => track.Thread is (7, 5)).Select(track => track.Id).Distinct().Count());
    }

    [Fact]
    public void Times_that_go_back_are_held()
    {
        Add(TraceKind.UserInstant, thread: 1);
        _time = 500;
        Add(TraceKind.UserInstant, thread: 1);
        _time = ulong.MaxValue;
        Add(TraceKind.UserInstant, thread: 1);
        PerfettoFile file = Write(out PerfettoWriter writer);
        Assert.Equal([1000ul, 1000ul], file.Events.Select(e => e.Time));
        Assert.Equal((2, 1), (writer.Records, writer.Skipped));
    }

    [Theory]
    [InlineData(TraceKind.Name, 0)]
    [InlineData(TraceKind.Name, 129)]
    [InlineData(TraceKind.NameText, 8)]
    [InlineData(0x1f, 0)]
    [InlineData(0x2f, 0)]
    [InlineData(0x6f, 0)]
    [InlineData(0x8f, 0)]
    [InlineData(0xff0, 0)]
    [InlineData(ushort.MaxValue, 0)]
    public void Records_that_make_no_sense_are_left_out_and_counted(ushort kind, ushort count)
    {
        Add(kind, count: count, thread: 1);
        Assert.Empty(Write(out PerfettoWriter writer).Events);
        Assert.Equal((0, 1), (writer.Records, writer.Skipped));
    }

    [Fact]
    public void What_grows_with_the_records_has_limits()
    {
        for (uint i = 1; i <= 10_000; i++)
        {
            Add(TraceKind.UserBegin, thread: 1, detail: i);
            Add(TraceKind.UserInstant, thread: i);
            Add(TraceKind.UserCounter, detail: i);
            Add(TraceKind.UserAsyncBegin, detail: i);
            Add(TraceKind.XenstoreRequest, detail: 2, value: i);
        }
        PerfettoFile file = Write(out PerfettoWriter writer);
        Assert.InRange(file.Tracks.Count, 5000, 8000);
        Assert.InRange(writer.Skipped, 20_000, 50_000);
    }

    [Fact]
    public void Every_file_keeps_the_rules_whatever_the_records_say()
    {
        Gen<ulong> numbers = Gen.Frequency((5, Gen.ULong[0, 4]), (1, Gen.ULong));
        Gen<TraceRecord> records = Gen.Select(
            numbers, Gen.Frequency((9, Gen.UShort[0, 0x8f]), (1, Gen.UShort)), Gen.Frequency((5, Gen.UShort[0, 20]), (1, Gen.UShort)), numbers, numbers, numbers,
            (time, kind, count, thread, detail, value) => new TraceRecord { Time = time, Kind = kind, Count = count, Thread = (uint)thread, Detail = (uint)detail, Value = value });
        records.Array[0, 200].Sample(all =>
        {
            using MemoryStream output = new();
            using (PerfettoWriter writer = new(output, 7, "any"))
                writer.Write(all);
            PerfettoFile.Read(output.ToArray());
        });
    }

    [Fact]
    public void Any_bytes_at_all_are_taken_as_records()
    {
        byte[] bytes = new byte[TraceRecord.Bytes * 100_000];
        new Random(1).NextBytes(bytes);
        using MemoryStream output = new();
        using (PerfettoWriter writer = new(output, 7, "any"))
            writer.Write(MemoryMarshal.Cast<byte, TraceRecord>(bytes));
        PerfettoFile.Read(output.ToArray());
    }

    private void Add(ushort kind, uint thread = 0, uint detail = 0, ulong value = 0, ushort count = 0)
    {
        _records.Add(new TraceRecord { Time = _time, Kind = kind, Count = count, Thread = thread, Detail = detail, Value = value });
        if (_time < long.MaxValue)
            _time += 10;
    }

    /// <summary>A name as a domain tells it: eight bytes a record.</summary>
    private void Name(ushort kind, uint id, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int at = 0; at < bytes.Length; at += 8)
        {
            byte[] piece = new byte[8];
            bytes.AsSpan(at, Math.Min(8, bytes.Length - at)).CopyTo(piece);
            _records.Add(new TraceRecord
            {
                Kind = at == 0 ? kind : TraceKind.NameText,
                Count = (ushort)(at == 0 ? bytes.Length : at),
                Detail = id,
                Thread = kind == TraceKind.ThreadName ? id : 0,
                Value = BitConverter.ToUInt64(piece),
            });
        }
    }

    private PerfettoFile Write() => Write(out _);

    private PerfettoFile Write(out PerfettoWriter writer)
    {
        using MemoryStream output = new();
        using (writer = new PerfettoWriter(output, 7, "hello"))
            writer.Write(CollectionsMarshal.AsSpan(_records));
        return PerfettoFile.Read(output.ToArray());
    }

    private static IEnumerable<(string Name, ulong Begin, ulong End)> Times(IEnumerable<PerfettoSlice> slices) =>
        slices.Select(slice => (slice.Name, slice.Begin, slice.End));
}
