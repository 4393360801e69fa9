using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Tracing;
using Xenolith.Abi;

namespace Xenolith.Tracing;

/// <summary>
/// The records of a trace as events of an <see cref="EventSource"/> named <see cref="SourceName"/>, for listeners within the program. One event for
/// each category, with a keyword of the category's name; each tells time, kind (<see cref="TraceKind"/>), thread, detail, value and the name, if the
/// record has one.
/// </summary>
/// <remarks>
/// Events come when somebody publishes a trace with <see cref="PublishAsync"/>, and only to those who listen. An image has event sources only with
/// <c>&lt;EventSourceSupport&gt;true&lt;/EventSourceSupport&gt;</c> in its project; docs/tracing.md tells what that costs.
/// </remarks>
[EventSource(Name = SourceName)]
public sealed class XenolithEventSource : EventSource
{
    /// <summary>The source's name.</summary>
    public const string SourceName = "Xenolith";

    private const int BatchSize = 256; // 8 KiB; more come in the next

    private const int GarbageCollectionId = 1, SchedulerId = 2, TimerId = 3, EventChannelId = 4, GrantId = 5, XenstoreId = 6, PageFaultId = 7, UserId = 8, LostId = 9;

    private XenolithEventSource()
    {
    }

    /// <summary>The source.</summary>
    public static XenolithEventSource Log { get; } = new();

    /// <summary>Keywords: the categories of traces.</summary>
    public static class Keywords
    {
        /// <summary><see cref="TraceCategories.GarbageCollection"/>.</summary>
        public const EventKeywords GarbageCollection = (EventKeywords)TraceCategory.Gc;

        /// <summary><see cref="TraceCategories.Scheduler"/>.</summary>
        public const EventKeywords Scheduler = (EventKeywords)TraceCategory.Scheduler;

        /// <summary><see cref="TraceCategories.Timers"/>.</summary>
        public const EventKeywords Timers = (EventKeywords)TraceCategory.Timers;

        /// <summary><see cref="TraceCategories.Events"/>.</summary>
        public const EventKeywords Events = (EventKeywords)TraceCategory.Events;

        /// <summary><see cref="TraceCategories.Grants"/>.</summary>
        public const EventKeywords Grants = (EventKeywords)TraceCategory.Grants;

        /// <summary><see cref="TraceCategories.Xenstore"/>.</summary>
        public const EventKeywords Xenstore = (EventKeywords)TraceCategory.Xenstore;

        /// <summary><see cref="TraceCategories.PageFaults"/>.</summary>
        public const EventKeywords PageFaults = (EventKeywords)TraceCategory.PageFaults;

        /// <summary><see cref="TraceCategories.User"/>.</summary>
        public const EventKeywords User = (EventKeywords)TraceCategory.User;
    }

    /// <summary>Reads a trace and writes its records as events, until the trace is stopped and read to its end.</summary>
    /// <param name="session">The trace; nobody else reads it meanwhile.</param>
    /// <param name="latency">How long a record waits for others at most, unless half of the ring is full before. A second is a good choice.</param>
    /// <param name="cancellationToken">Ends the publishing; the trace goes on.</param>
    /// <exception cref="NotSupportedException">The image was built without event sources.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    [NonEvent]
    public async Task PublishAsync(TraceSession session, TimeSpan latency, CancellationToken cancellationToken = default)
    {
        if (!GetSources().Contains(this)) // without event sources none is entered
            throw new NotSupportedException("This image was built without event sources: put <EventSourceSupport>true</EventSourceSupport> into its project.");
        TraceNames names = new();
        TraceRecord[] records = new TraceRecord[BatchSize];
        while (true)
        {
            bool isRecording = session.IsRecording; // before the last look
            for (int count; (count = session.Read(records)) > 0;)
            {
                foreach (ref readonly TraceRecord record in records.AsSpan(0, count))
                    Publish(record, names);
            }
            if (!isRecording)
                return;
            await session.WaitAsync(latency, cancellationToken);
        }
    }

    /// <summary>A collection, or a pause for one.</summary>
    [Event(GarbageCollectionId, Keywords = Keywords.GarbageCollection)]
    private void GarbageCollection(long time, int kind, int thread, long detail, long value, string name) =>
        Write(GarbageCollectionId, time, kind, thread, detail, value, name);

    /// <summary>A thread or the domain's CPU.</summary>
    [Event(SchedulerId, Keywords = Keywords.Scheduler)]
    private void Scheduler(long time, int kind, int thread, long detail, long value, string name) => Write(SchedulerId, time, kind, thread, detail, value, name);

    /// <summary>Xen's timer.</summary>
    [Event(TimerId, Keywords = Keywords.Timers)]
    private void Timer(long time, int kind, int thread, long detail, long value, string name) => Write(TimerId, time, kind, thread, detail, value, name);

    /// <summary>An event sent or received.</summary>
    [Event(EventChannelId, Keywords = Keywords.Events)]
    private void EventChannel(long time, int kind, int thread, long detail, long value, string name) => Write(EventChannelId, time, kind, thread, detail, value, name);

    /// <summary>A grant.</summary>
    [Event(GrantId, Keywords = Keywords.Grants)]
    private void Grant(long time, int kind, int thread, long detail, long value, string name) => Write(GrantId, time, kind, thread, detail, value, name);

    /// <summary>A message to or from xenstored.</summary>
    [Event(XenstoreId, Keywords = Keywords.Xenstore)]
    private void Xenstore(long time, int kind, int thread, long detail, long value, string name) => Write(XenstoreId, time, kind, thread, detail, value, name);

    /// <summary>A page fault.</summary>
    [Event(PageFaultId, Keywords = Keywords.PageFaults)]
    private void PageFault(long time, int kind, int thread, long detail, long value, string name) => Write(PageFaultId, time, kind, thread, detail, value, name);

    /// <summary>The program's own.</summary>
    [Event(UserId, Keywords = Keywords.User)]
    private void User(long time, int kind, int thread, long detail, long value, string name) => Write(UserId, time, kind, thread, detail, value, name);

    /// <summary>Records are missing.</summary>
    [Event(LostId, Level = EventLevel.Warning)]
    private void Lost(long time, int kind, int thread, long detail, long value, string name) => Write(LostId, time, kind, thread, detail, value, name);

    [NonEvent]
    private void Publish(in TraceRecord record, TraceNames names)
    {
        if (names.Add(record) || !IsEnabled())
            return;
        string name = record.Kind >> 4 == TraceKind.UserBegin >> 4 ? names.Find(record.Detail) ?? "" : names.FindThread(record.Thread) ?? "";
        (long time, int kind, int thread, long detail, long value) = ((long)record.Time, record.Kind, (int)record.Thread, record.Detail, (long)record.Value);
        switch (1u << (record.Kind >> 4))
        {
            case TraceCategory.Gc:
                GarbageCollection(time, kind, thread, detail, value, name);
                break;
            case TraceCategory.Scheduler:
                Scheduler(time, kind, thread, detail, value, name);
                break;
            case TraceCategory.Timers:
                Timer(time, kind, thread, detail, value, name);
                break;
            case TraceCategory.Events:
                EventChannel(time, kind, thread, detail, value, name);
                break;
            case TraceCategory.Grants:
                Grant(time, kind, thread, detail, value, name);
                break;
            case TraceCategory.Xenstore:
                Xenstore(time, kind, thread, detail, value, name);
                break;
            case TraceCategory.PageFaults:
                PageFault(time, kind, thread, detail, value, name);
                break;
            case TraceCategory.User:
                User(time, kind, thread, detail, value, name);
                break;
            default:
                if (record.Kind == TraceKind.Lost)
                    Lost(time, kind, thread, detail, value, name);
                break;
        }
    }

    [NonEvent]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Numbers and a string: nothing of them can be trimmed.")]
    private unsafe void Write(int id, long time, int kind, int thread, long detail, long value, string name)
    {
        const int fields = 6;
        fixed (char* text = name) // stays where it is until the event is written
        {
            EventData* data = stackalloc EventData[fields];
            data[0] = new EventData { DataPointer = (nint)(&time), Size = sizeof(long) };
            data[1] = new EventData { DataPointer = (nint)(&kind), Size = sizeof(int) };
            data[2] = new EventData { DataPointer = (nint)(&thread), Size = sizeof(int) };
            data[3] = new EventData { DataPointer = (nint)(&detail), Size = sizeof(long) };
            data[4] = new EventData { DataPointer = (nint)(&value), Size = sizeof(long) };
            data[5] = new EventData { DataPointer = (nint)text, Size = (name.Length + 1) * sizeof(char) };
            WriteEventCore(id, fields, data);
        }
    }
}
