using System.Buffers.Binary;
using System.Text;

namespace Xenolith.Perfetto.Tests;

/// <summary>
/// A file in Perfetto's format, read without the code that wrote it: by the encoding of protocol buffers and the numbers of the fields in Perfetto's
/// own definition. <see cref="Check"/> requires what Perfetto's documentation requires of such a file.
/// </summary>
internal sealed class PerfettoFile
{
    private const int Begin = 1, End = 2, Instant = 3, Counter = 4;

    private PerfettoFile(List<PerfettoTrack> tracks, List<PerfettoEvent> events)
    {
        Tracks = tracks;
        Events = events;
    }

    internal List<PerfettoTrack> Tracks { get; }

    internal List<PerfettoEvent> Events { get; }

    /// <summary>The slices: each beginning with its end.</summary>
    internal List<PerfettoSlice> Slices { get; } = [];

    internal static PerfettoFile Read(ReadOnlySpan<byte> file)
    {
        List<PerfettoTrack> tracks = [];
        List<PerfettoEvent> events = [];
        bool isFirst = true;
        foreach (Field packet in Fields(file))
        {
            Assert.Equal(1, packet.Number); // Trace.packet, and nothing else
            Dictionary<int, List<Field>> fields = Group(packet.Bytes);
            Assert.NotEqual(0ul, One(fields, 10).Value); // trusted_packet_sequence_id: events without are dropped
            if (isFirst)
                Assert.Equal(1ul, One(fields, 13).Value); // sequence_flags: SEQ_INCREMENTAL_STATE_CLEARED
            isFirst = false;
            if (fields.TryGetValue(60, out List<Field>? descriptor))
                tracks.Add(ReadTrack(Assert.Single(descriptor).Bytes));
            else
                events.Add(ReadEvent(One(fields, 8).Value, One(fields, 11).Bytes));
        }
        PerfettoFile result = new(tracks, events);
        result.Check();
        return result;
    }

    internal PerfettoTrack Track(string name) => Tracks.Last(track => track.Name == name);

    internal IEnumerable<PerfettoSlice> SlicesOf(string track) => Slices.Where(slice => NameOf(slice.Track) == track);

    internal IEnumerable<PerfettoEvent> InstantsOf(string track) => Events.Where(e => e.Type == Instant && NameOf(e.Track) == track);

    internal IEnumerable<PerfettoEvent> CountersOf(string track) => Events.Where(e => e.Type == Counter && NameOf(e.Track) == track);

    private string? NameOf(ulong track) => Tracks.Last(t => t.Id == track).Name;

    private void Check()
    {
        Assert.All(Tracks, track => Assert.NotEqual(0ul, track.Id));
        // A track may be described again, when its name is known, but is the same thing then; and one thing has one track.
        Assert.All(Tracks.GroupBy(track => track.Id), same => Assert.Single(same.Select(track => (track.Parent, track.Process, track.Thread, track.IsCounter)).Distinct()));
        Assert.Single(Tracks, track => track.Process is not null);
        HashSet<ulong> described = [.. Tracks.Select(track => track.Id)];
        Assert.All(Tracks, track => Assert.True(track.Parent == 0 || described.Contains(track.Parent)));

        ulong last = 0;
        Dictionary<ulong, Stack<PerfettoEvent>> open = [];
        foreach (PerfettoEvent e in Events)
        {
            Assert.InRange(e.Time, last, (ulong)long.MaxValue);
            last = e.Time;
            Assert.Contains(e.Track, described);
            Assert.Equal(e.Type == Counter, Tracks.First(track => track.Id == e.Track).IsCounter);
            Stack<PerfettoEvent> stack = open.TryGetValue(e.Track, out Stack<PerfettoEvent>? known) ? known : open[e.Track] = new();
            switch (e.Type)
            {
                case Begin:
                    Assert.NotNull(e.Name);
                    stack.Push(e);
                    break;
                case End:
                    Assert.True(stack.TryPop(out PerfettoEvent? begin), "an end without a beginning");
                    Slices.Add(new PerfettoSlice(begin.Track, begin.Name!, begin.Time, e.Time, stack.Count, new(begin.Arguments.Concat(e.Arguments))));
                    break;
                case Instant:
                    Assert.NotNull(e.Name);
                    break;
                default:
                    Assert.Equal(Counter, e.Type);
                    Assert.NotNull(e.Value);
                    break;
            }
        }
        Assert.All(open.Values, stack => Assert.Empty(stack));
    }

    private static PerfettoTrack ReadTrack(ReadOnlyMemory<byte> bytes)
    {
        Dictionary<int, List<Field>> fields = Group(bytes);
        Dictionary<int, List<Field>>? process = fields.TryGetValue(3, out List<Field>? p) ? Group(p[0].Bytes) : null;
        Dictionary<int, List<Field>>? thread = fields.TryGetValue(4, out List<Field>? t) ? Group(t[0].Bytes) : null;
        string? name = fields.TryGetValue(2, out List<Field>? n) ? n[0].Text
            : process is not null ? One(process, 6).Text
            : thread!.TryGetValue(5, out List<Field>? threadName) ? threadName[0].Text : null;
        return new PerfettoTrack(
            One(fields, 1).Value, fields.TryGetValue(5, out List<Field>? parent) ? parent[0].Value : 0, name, process is null ? null : One(process, 1).Value,
            thread is null ? null : (One(thread, 1).Value, One(thread, 2).Value), fields.ContainsKey(8));
    }

    private static PerfettoEvent ReadEvent(ulong time, ReadOnlyMemory<byte> bytes)
    {
        Dictionary<int, List<Field>> fields = Group(bytes);
        Dictionary<string, long> arguments = [];
        foreach (Field annotation in fields.GetValueOrDefault(4) ?? [])
        {
            Dictionary<int, List<Field>> parts = Group(annotation.Bytes);
            arguments.Add(One(parts, 10).Text, (long)parts.Single(part => part.Key is 3 or 4 or 7).Value[0].Value);
        }
        return new PerfettoEvent(
            time, One(fields, 11).Value, (int)One(fields, 9).Value, fields.TryGetValue(23, out List<Field>? name) ? name[0].Text : null,
            fields.TryGetValue(30, out List<Field>? value) ? (long)value[0].Value : null, arguments);
    }

    private static Field One(Dictionary<int, List<Field>> fields, int number) =>
        fields.TryGetValue(number, out List<Field>? found) ? Assert.Single(found) : throw new Xunit.Sdk.XunitException($"field {number} is missing");

    private static Dictionary<int, List<Field>> Group(ReadOnlyMemory<byte> bytes) =>
        Fields(bytes.Span).GroupBy(field => field.Number).ToDictionary(group => group.Key, group => group.ToList());

    private static List<Field> Fields(ReadOnlySpan<byte> bytes)
    {
        List<Field> fields = [];
        while (!bytes.IsEmpty)
        {
            ulong tag = ReadNumber(ref bytes);
            int number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    fields.Add(new Field(number, ReadNumber(ref bytes), default));
                    break;
                case 1:
                    fields.Add(new Field(number, BinaryPrimitives.ReadUInt64LittleEndian(bytes), default));
                    bytes = bytes[8..];
                    break;
                case 2:
                    int length = checked((int)ReadNumber(ref bytes));
                    fields.Add(new Field(number, 0, bytes[..length].ToArray()));
                    bytes = bytes[length..];
                    break;
                default:
                    throw new Xunit.Sdk.XunitException($"wire type {tag & 7}");
            }
        }
        return fields;
    }

    private static ulong ReadNumber(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
                return value;
        }
    }

    private readonly record struct Field(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)
    {
        internal string Text => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Bytes.Span);
    }
}

internal sealed record PerfettoTrack(ulong Id, ulong Parent, string? Name, ulong? Process, (ulong Process, ulong Thread)? Thread, bool IsCounter);

internal sealed record PerfettoEvent(ulong Time, ulong Track, int Type, string? Name, long? Value, Dictionary<string, long> Arguments);

internal sealed record PerfettoSlice(ulong Track, string Name, ulong Begin, ulong End, int Depth, Dictionary<string, long> Arguments);
