// With event sources in the image: a trace's records as events for a listener in the program, and the events of a source of its own in a trace.
// Prints one line for each event: its name, level, keywords, and the payload as name=value, but for the time, which is only checked.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.Globalization;
using Xenolith;
using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Tracing;
using EventChannel = Xenolith.EventChannels.EventChannel;

XenPlatform platform = XenPlatform.Current;
DomainTracing tracing = platform.Tracing;
_ = await platform.Xenstore.ReadAsync("domid"); // connected before
long start = Stopwatch.GetTimestamp();
using (Listener listener = new())
{
    using (TraceSession session = tracing.Start(new TraceSessionOptions { Categories = TraceCategories.All, RecordCount = 32768 }))
    {
        Task publishing = XenolithEventSource.Log.PublishAsync(session, TimeSpan.FromMilliseconds(100));
        GC.Collect();
        _ = await platform.Xenstore.ReadAsync("domid");
        using (EventChannel here = platform.EventChannels.AllocateUnbound(DomainId.Self))
        using (EventChannel there = platform.EventChannels.BindInterdomain(DomainId.Self, here.Port))
        {
            EventCount seen = here.Count;
            there.Notify();
            await here.WaitAsync(seen);
        }
        await using (SharedPages pages = await platform.Grants.ShareAsync(DomainId.Self, 1, GrantAccess.ReadOnly))
            await Task.Delay(200); // until a timer fires
        tracing.GetName("mine").Counter(-7);
        session.Stop();
        await publishing;
    }
    long end = Stopwatch.GetTimestamp();
    foreach (EventWrittenEventArgs written in listener.Events)
    {
        if (written.Payload is not [long time, ..] || time < start || time > end)
            Console.WriteLine("an event of another time");
        Console.WriteLine(Format(written));
    }
}

using (Own own = new())
using (EventSourceTracer tracer = new(tracing))
using (TraceSession session = tracing.Start(new TraceSessionOptions { Categories = TraceCategories.User }))
{
    tracer.Enable(Own.SourceName);
    own.Happened("text", 42);
    session.Stop();
    TraceNames names = new();
    TraceRecord[] records = new TraceRecord[256];
    for (int count; (count = session.Read(records)) > 0;)
    {
        foreach (TraceRecord record in records.AsSpan(0, count))
        {
            if (!names.Add(record))
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"traced {names.Find(record.Detail)} {record.Value}"));
        }
    }
}
return 0;

static string Format(EventWrittenEventArgs written)
{
    IEnumerable<string> payload = written.PayloadNames!.Zip(written.Payload!).Skip(1)
        .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.First}={pair.Second}"));
    uint keyword = (uint)written.Keywords; // the bits above are .NET's
    return string.Create(CultureInfo.InvariantCulture, $"{written.EventName} {written.Level} {keyword} {string.Join(' ', payload)}");
}

/// <summary>Keeps what the platform's source writes.</summary>
internal sealed class Listener : EventListener
{
    internal ConcurrentQueue<EventWrittenEventArgs> Events { get; } = new();

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == XenolithEventSource.SourceName)
            EnableEvents(eventSource, EventLevel.Informational, EventKeywords.All);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData) => Events.Enqueue(eventData);
}

/// <summary>A source as programs and libraries have them.</summary>
[EventSource(Name = SourceName)]
internal sealed class Own : EventSource
{
    internal const string SourceName = "Own";

    [Event(1)]
    internal void Happened(string what, int number) => WriteEvent(1, what, number);
}
