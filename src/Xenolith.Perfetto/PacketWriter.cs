using Google.Protobuf;
using Xenolith.Perfetto.Format;

namespace Xenolith.Perfetto;

/// <summary>A row in Perfetto's window: slices that lie in each other, moments, or a number over time.</summary>
/// <param name="id">Its number in the file.</param>
internal sealed class Track(ulong id)
{
    internal ulong Id => id;

    /// <summary>The slices that have begun and not ended, the innermost last, each by what its end is known by.</summary>
    internal List<ulong> Open { get; } = [];
}

/// <summary>
/// Writes Perfetto's packets: every slice that is begun is ended, no end is without a beginning, times do not go back, and tracks are described
/// before they are used.
/// </summary>
internal sealed class PacketWriter : IDisposable
{
    private const int PacketField = 1, TagSize = 1; // of Perfetto's Trace
    private const int DeepestSlices = 128;
    private const uint Sequence = 1, IncrementalStateCleared = 1;

    private readonly CodedOutputStream _output;
    private readonly List<Track> _tracks = []; // with slices
    private readonly DebugAnnotation _first = new(), _second = new();
    private readonly TrackEvent _event = new();
    private readonly TracePacket _packet;
    private ulong _lastTrack;

    internal PacketWriter(Stream output)
    {
        _output = new CodedOutputStream(output, leaveOpen: true);
        _packet = new TracePacket { TrustedPacketSequenceId = Sequence, TrackEvent = _event };
    }

    /// <summary>Time of the last packet, in nanoseconds.</summary>
    internal ulong Time { get; private set; }

    /// <summary>Bytes written so far.</summary>
    internal long Length { get; private set; } // counted, because a pipe has no position

    public void Dispose() => _output.Dispose();

    internal void Flush() => _output.Flush();

    /// <summary>Time goes on, and never back: records of an interrupt may be nanoseconds before that which it met.</summary>
    internal void MoveTo(ulong time) => Time = Math.Max(Time, time);

    internal Track AddProcess(int id, string name)
    {
        Track track = NewTrack();
        Describe(new TrackDescriptor { Uuid = track.Id, Process = new ProcessDescriptor { Pid = id, ProcessName = name } }, isFirst: true);
        return track;
    }

    internal Track AddThread(int process, int thread, string? name)
    {
        Track track = NewTrack();
        DescribeThread(track, process, thread, name);
        return track;
    }

    /// <summary>Describes a thread once more, because its name is known now.</summary>
    internal void DescribeThread(Track track, int process, int thread, string? name)
    {
        ThreadDescriptor descriptor = new() { Pid = process, Tid = thread };
        if (name is not null)
            descriptor.ThreadName = name;
        Describe(new TrackDescriptor { Uuid = track.Id, Thread = descriptor });
    }

    /// <summary>A track of the process. Those of one name are shown as one, in as many lines as are needed.</summary>
    internal Track AddTrack(Track parent, string name)
    {
        Track track = NewTrack();
        Describe(new TrackDescriptor { Uuid = track.Id, ParentUuid = parent.Id, Name = name });
        return track;
    }

    internal Track AddCounter(Track parent, string name)
    {
        Track track = NewTrack();
        Describe(new TrackDescriptor { Uuid = track.Id, ParentUuid = parent.Id, Name = name, Counter = new CounterDescriptor() });
        return track;
    }

    /// <summary>Begins a slice within those that are open.</summary>
    /// <param name="track">Where.</param>
    /// <param name="key">What its end is known by.</param>
    /// <param name="category">Its category.</param>
    /// <param name="name">Its name.</param>
    /// <param name="argument">What is told with it.</param>
    /// <returns>False if there are too many in each other: the program forgets to end them, or is not honest.</returns>
    internal bool Begin(Track track, ulong key, string category, string name, Argument argument = default)
    {
        if (track.Open.Count == DeepestSlices)
            return false;
        track.Open.Add(key);
        Write(track, TrackEvent.Types.Type.SliceBegin, category, name, argument);
        return true;
    }

    /// <summary>Ends the innermost slice that is known by a key, and those within it.</summary>
    /// <returns>False if there is none: it began before the trace.</returns>
    internal bool End(Track track, ulong key, Argument argument = default)
    {
        int found = track.Open.LastIndexOf(key);
        if (found < 0)
            return false;
        EndFrom(track, found, argument);
        return true;
    }

    internal void EndAll(Track track) => EndFrom(track, 0, default);

    /// <summary>Ends what is open everywhere.</summary>
    internal void EndAll()
    {
        foreach (Track track in _tracks)
            EndAll(track);
    }

    /// <summary>Has the track no longer looked after: nothing comes on it any more.</summary>
    internal void Close(Track track)
    {
        EndAll(track);
        _tracks.Remove(track);
    }

    internal void Instant(Track track, string category, string name, Argument first = default, Argument second = default) =>
        Write(track, TrackEvent.Types.Type.Instant, category, name, first, second);

    internal void Counter(Track track, long value)
    {
        Begin(track, TrackEvent.Types.Type.Counter);
        _event.CounterValue = value;
        WritePacket(_packet);
    }

    private Track NewTrack()
    {
        Track track = new(++_lastTrack);
        _tracks.Add(track);
        return track;
    }

    private void EndFrom(Track track, int first, Argument argument)
    {
        for (int i = track.Open.Count; i > first; i--)
        {
            track.Open.RemoveAt(i - 1);
            Write(track, TrackEvent.Types.Type.SliceEnd, null, null, i == first + 1 ? argument : default);
        }
    }

    private void Describe(TrackDescriptor descriptor, bool isFirst = false)
    {
        TracePacket packet = new() { TrustedPacketSequenceId = Sequence, TrackDescriptor = descriptor };
        if (isFirst)
            packet.SequenceFlags = IncrementalStateCleared;
        WritePacket(packet);
    }

    private void Write(Track track, TrackEvent.Types.Type type, string? category, string? name, Argument first, Argument second = default)
    {
        Begin(track, type);
        if (category is not null)
            _event.Categories.Add(category);
        if (name is not null)
            _event.Name = name;
        Add(_first, first);
        Add(_second, second);
        WritePacket(_packet);
    }

    /// <summary>Makes the one event message anew that is used for all.</summary>
    private void Begin(Track track, TrackEvent.Types.Type type)
    {
        _packet.Timestamp = Time;
        _event.TrackUuid = track.Id;
        _event.Type = type;
        _event.Categories.Clear();
        _event.DebugAnnotations.Clear();
        _event.ClearName();
        _event.ClearCounterValue();
    }

    private void Add(DebugAnnotation annotation, Argument argument)
    {
        if (argument.Name is null)
            return;
        annotation.Name = argument.Name;
        annotation.ClearUintValue();
        annotation.ClearIntValue();
        annotation.ClearPointerValue();
        switch (argument.Kind)
        {
            case ArgumentKind.Signed:
                annotation.IntValue = (long)argument.Value;
                break;
            case ArgumentKind.Address:
                annotation.PointerValue = argument.Value;
                break;
            default:
                annotation.UintValue = argument.Value;
                break;
        }
        _event.DebugAnnotations.Add(annotation);
    }

    private void WritePacket(TracePacket packet)
    {
        int size = packet.CalculateSize();
        _output.WriteTag(PacketField, WireFormat.WireType.LengthDelimited);
        _output.WriteMessage(packet);
        Length += TagSize + CodedOutputStream.ComputeLengthSize(size) + size;
    }
}

internal enum ArgumentKind
{
    Unsigned,
    Signed,
    Address,
}

/// <summary>A number that is told with a slice or a moment.</summary>
/// <param name="Name">What it is; <see langword="null"/>: there is none.</param>
/// <param name="Value">The number.</param>
/// <param name="Kind">How it is shown.</param>
internal readonly record struct Argument(string? Name, ulong Value, ArgumentKind Kind = ArgumentKind.Unsigned);
