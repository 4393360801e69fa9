using Xenolith.Abi;

namespace Xenolith.Perfetto;

/// <summary>
/// Writes the records of a trace in Perfetto's own format, as they come: https://ui.perfetto.dev and <c>trace_processor</c> open what is there, even
/// if the writer was killed. The format is binary, of packets that stand for themselves, so nothing has to be kept until the end; and times are whole
/// nanoseconds, which the JSON format that Perfetto opens as well has not.
/// </summary>
/// <remarks>
/// The records are not trusted: there are limits for all that grows with them (tracks, names, slices in each other), and a record that makes no sense
/// is left out and counted. For one thread at a time. docs/tracing.md tells what is shown where.
/// </remarks>
public sealed class PerfettoWriter : IDisposable
{
    private const int MostThreads = 4096, MostNames = 1024;
    private const ulong Key = 1; // of slices of which a track has one at a time
    private const string Gc = "gc", Scheduler = "scheduler", Timers = "timers", Events = "events", Grants = "grants", Store = "xenstore", Memory = "memory",
        Program = "program";
    private const string RunningThread = "running thread";

    private readonly PacketWriter _packets;
    private readonly int _domain;
    private readonly Track _process;
    private readonly NameTable _names = new();
    private readonly Dictionary<uint, Track> _threads = [], _counters = [];
    private readonly Dictionary<uint, Lanes> _activities = [];
    private readonly Dictionary<string, Track> _tracks = new(StringComparer.Ordinal);
    private readonly Lanes _requests;
    private uint _running; // the thread that the CPU runs, as far as is known
    private ulong _lost;

    /// <summary>Begins a file.</summary>
    /// <param name="output">Where to; stays open.</param>
    /// <param name="domain">The domain's number.</param>
    /// <param name="name">Its name.</param>
    public PerfettoWriter(Stream output, ushort domain, string name)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(name);
        _packets = new PacketWriter(output);
        _domain = domain;
        _process = _packets.AddProcess(domain, name);
        _requests = new Lanes(_packets, _process, "xenstore requests");
    }

    /// <summary>Records written so far, but for those that tell names.</summary>
    public long Records { get; private set; }

    /// <summary>Records that the domain had to overwrite, as it says; no more than a <see cref="long"/> can tell.</summary>
    public long Lost => (long)Math.Min(_lost, long.MaxValue);

    /// <summary>Records that make no sense, or for which there is no room.</summary>
    public long Skipped { get; private set; }

    /// <summary>Bytes of the file so far.</summary>
    public long Length => _packets.Length;

    /// <summary>Writes records, in their order.</summary>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public void Write(ReadOnlySpan<TraceRecord> records)
    {
        foreach (ref readonly TraceRecord record in records)
            Write(in record);
        _packets.Flush();
    }

    /// <summary>Ends what is still open, and the file.</summary>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public void Dispose()
    {
        _packets.EndAll();
        _packets.Dispose();
    }

    private void Write(in TraceRecord record)
    {
        if (record.Kind is TraceKind.Name or TraceKind.NameText or TraceKind.ThreadName)
        {
            if (!_names.Add(record, out bool isThread))
                Skipped++;
            if (isThread && _threads.TryGetValue(record.Detail, out Track? thread))
                _packets.DescribeThread(thread, _domain, (int)record.Detail, _names.GetThread(record.Detail));
            return;
        }
        if (record.Time > long.MaxValue)
        {
            Skipped++;
            return;
        }
        _packets.MoveTo(record.Time);
        NoteRunning(record);
        if (TryWrite(record))
            Records++;
        else
            Skipped++;
    }

    private bool TryWrite(in TraceRecord record) => (record.Kind >> 4) switch
    {
        TraceKind.Lost >> 4 => WriteLost(record),
        TraceKind.GcStart >> 4 => WriteGc(record),
        TraceKind.ThreadSwitch >> 4 => WriteScheduler(record),
        TraceKind.UserBegin >> 4 => WriteProgram(record),
        TraceKind.XenstoreRequest >> 4 => WriteXenstore(record),
        _ => WriteMoment(record),
    };

    private bool WriteLost(in TraceRecord record)
    {
        if (record.Kind != TraceKind.Lost)
            return false;
        _lost = record.Value > ulong.MaxValue - _lost ? ulong.MaxValue : _lost + record.Value;
        // Ends are among what is lost: nobody knows how long the slices went on.
        _packets.EndAll();
        _requests.Forget();
        foreach (Lanes activity in _activities.Values)
            activity.Forget();
        _running = 0;
        _packets.Instant(Get("lost records"), Scheduler, "records lost", new Argument("records", record.Value));
        return true;
    }

    private bool WriteGc(in TraceRecord record)
    {
        Track collections = Get("garbage collections"), pauses = Get("pauses");
        switch (record.Kind)
        {
            case TraceKind.GcStart:
                return _packets.Begin(collections, Key + record.Detail, Gc, GcName(record.Detail), new Argument("generation", record.Detail));
            case TraceKind.GcEnd:
                _packets.End(collections, Key + record.Detail);
                return true;
            case TraceKind.GcSuspend:
                _packets.EndAll(pauses);
                return _packets.Begin(pauses, Key, Gc, record.Detail == 1 ? "pause for a collection" : "pause", new Argument("reason", record.Detail));
            case TraceKind.GcResume:
                _packets.End(pauses, Key);
                return true;
            default:
                return false;
        }
    }

    private static string GcName(uint generation) => generation switch
    {
        0 => "collection, generation 0",
        1 => "collection, generation 1",
        2 => "collection, generation 2",
        _ => "collection",
    };

    private bool WriteScheduler(in TraceRecord record)
    {
        switch (record.Kind)
        {
            case TraceKind.ThreadSwitch:
                Run(Get(RunningThread), record.Detail);
                return true;
            case TraceKind.ThreadStart:
                if (GetThread(record.Detail) is null || GetThread(record.Thread) is not { } maker)
                    return false;
                _packets.Instant(maker, Scheduler, "thread started", new Argument("thread", record.Detail));
                return true;
            case TraceKind.ThreadEnd:
                if (GetThread(record.Thread) is not { } ending)
                    return false;
                _packets.Instant(ending, Scheduler, "thread ended");
                _packets.Close(ending); // another thread may get the number
                _threads.Remove(record.Thread);
                _names.ForgetThread(record.Thread);
                return true;
            case TraceKind.DomainBlock:
                Run(Get(RunningThread), 0);
                return WriteCpu("blocked", default);
            case TraceKind.DomainWake:
                return WriteCpu("running", new Argument("woken by the timer", record.Detail));
            default:
                return false;
        }
    }

    private bool WriteCpu(string state, Argument argument)
    {
        Track cpu = Get("CPU");
        _packets.EndAll(cpu);
        return _packets.Begin(cpu, Key, Scheduler, state, argument);
    }

    /// <summary>Who runs after the CPU has woken is not told, if it is the thread that ran before: the next thing that it does tells it.</summary>
    private void NoteRunning(in TraceRecord record)
    {
        if (_running == 0 && record.Thread != 0 && _tracks.TryGetValue(RunningThread, out Track? running)
            && record.Kind is not (TraceKind.Lost or TraceKind.ThreadSwitch or TraceKind.DomainBlock or TraceKind.DomainWake or TraceKind.EventReceived or TraceKind.TimerFired))
        {
            Run(running, record.Thread);
        }
    }

    private void Run(Track track, uint thread)
    {
        _packets.EndAll(track);
        _running = thread;
        if (thread != 0)
            _packets.Begin(track, Key, Scheduler, _names.GetThread(thread) ?? $"thread {thread}", new Argument("thread", thread));
    }

    private bool WriteProgram(in TraceRecord record)
    {
        string name = _names.Get(record.Detail);
        Argument value = record.Value == 0 ? default : new Argument(record.Kind == TraceKind.UserEnd ? "value at the end" : "value", record.Value, ArgumentKind.Signed);
        switch (record.Kind)
        {
            case TraceKind.UserBegin:
                return GetThread(record.Thread) is { } begun && _packets.Begin(begun, record.Detail, Program, name, value);
            case TraceKind.UserEnd:
                if (GetThread(record.Thread) is { } ended)
                    _packets.End(ended, record.Detail, value);
                return true;
            case TraceKind.UserInstant:
                _packets.Instant(GetThread(record.Thread) ?? _process, Program, name, value);
                return true;
            case TraceKind.UserCounter:
                if (!_counters.TryGetValue(record.Detail, out Track? counter))
                {
                    if (_counters.Count == MostNames)
                        return false;
                    _counters.Add(record.Detail, counter = _packets.AddCounter(_process, name));
                }
                _packets.Counter(counter, (long)record.Value);
                return true;
            case TraceKind.UserAsyncBegin:
                if (!_activities.TryGetValue(record.Detail, out Lanes? lanes))
                {
                    if (_activities.Count == MostNames)
                        return false;
                    _activities.Add(record.Detail, lanes = new Lanes(_packets, _process, name));
                }
                return lanes.Begin(record.Value, Program, name, new Argument("id", record.Value));
            case TraceKind.UserAsyncEnd:
                if (_activities.TryGetValue(record.Detail, out Lanes? known))
                    known.End(record.Value);
                return true;
            default:
                return false;
        }
    }

    private bool WriteXenstore(in TraceRecord record)
    {
        switch (record.Kind)
        {
            case TraceKind.XenstoreRequest:
                return _requests.Begin(record.Value, Store, RequestName(record.Detail), new Argument("request", record.Value));
            case TraceKind.XenstoreReply:
                _requests.End(record.Value, record.Detail == (uint)XenstoreMessageType.Error ? new Argument("is an error", 1) : default);
                return true;
            case TraceKind.XenstoreWatch:
                _packets.Instant(Get("xenstore watches"), Store, "watch fired");
                return true;
            default:
                return false;
        }
    }

    private static string RequestName(uint type) =>
        type <= int.MaxValue && Enum.IsDefined((XenstoreMessageType)type) ? Enum.GetName((XenstoreMessageType)type)! : "request";

    /// <summary>What is only a moment.</summary>
    private bool WriteMoment(in TraceRecord record)
    {
        (string track, string category, string name, Argument first, Argument second) = record.Kind switch
        {
            TraceKind.TimerFired => ("timer", Timers, "timer fired", new Argument("set for", record.Value), default),
            TraceKind.EventReceived => ("event channels", Events, "received", new Argument("port", record.Detail), default),
            TraceKind.EventSent => ("event channels", Events, "sent", new Argument("port", record.Detail), default(Argument)),
            TraceKind.GrantAccess => ("grants", Grants, "granted", new Argument("reference", record.Detail), new Argument("domain", record.Value)),
            TraceKind.GrantEnd => ("grants", Grants, "ended", new Argument("reference", record.Detail), new Argument("error", record.Value)),
            TraceKind.GrantMap => ("grants", Grants, "mapped", new Argument("pages", record.Count), new Argument("domain", record.Value)),
            TraceKind.GrantUnmap => ("grants", Grants, "unmapped", new Argument("pages", record.Count), default),
            TraceKind.GrantCopy => ("grants", Grants, "copied", new Argument("pieces", record.Count), new Argument("bytes", record.Value)),
            TraceKind.PageFault => ("page faults", Memory, "page fault", new Argument("address", record.Value, ArgumentKind.Address), new Argument("error code", record.Detail)),
            _ => ("", "", "", default, default),
        };
        if (name.Length == 0)
            return false;
        _packets.Instant(Get(track), category, name, first, second);
        return true;
    }

    /// <summary>The track of that name, made when it is first needed: a file shows no empty ones.</summary>
    private Track Get(string name)
    {
        if (!_tracks.TryGetValue(name, out Track? track))
            _tracks.Add(name, track = _packets.AddTrack(_process, name));
        return track;
    }

    private Track? GetThread(uint thread)
    {
        if (_threads.TryGetValue(thread, out Track? track))
            return track;
        if (thread is 0 or > int.MaxValue || _threads.Count == MostThreads)
            return null;
        track = _packets.AddThread(_domain, (int)thread, _names.GetThread(thread));
        _threads.Add(thread, track);
        return track;
    }
}
