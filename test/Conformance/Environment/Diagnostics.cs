// What a program tells of itself: metrics, event sources, activities.
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;

namespace Conformance;

internal static class Diagnostics
{
    internal static void Metrics()
    {
        using Meter meter = new("Conformance", "1.0");
        Counter<long> counter = meter.CreateCounter<long>("requests", "{request}", "Requests.");
        Histogram<double> histogram = meter.CreateHistogram<double>("duration", "s");
        UpDownCounter<int> level = meter.CreateUpDownCounter<int>("level");
        meter.CreateObservableGauge("answer", () => 42);
        List<string> seen = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "Conformance")
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => seen.Add($"{i.Name} {value} {(tags.Length > 0 ? tags[0] : default)}"));
        listener.SetMeasurementEventCallback<int>((i, value, _, _) => seen.Add($"{i.Name} {value}"));
        listener.SetMeasurementEventCallback<double>((i, value, _, _) => seen.Add($"{i.Name} {value}"));
        listener.Start();
        counter.Add(3, new KeyValuePair<string, object?>("kind", "test"));
        histogram.Record(0.25);
        level.Add(-1);
        listener.RecordObservableInstruments();
        foreach (string line in seen)
            Console.WriteLine(line);
        long collections = 0;
        using MeterListener runtime = new();
        runtime.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "System.Runtime")
                l.EnableMeasurementEvents(instrument);
        };
        runtime.SetMeasurementEventCallback<long>((i, value, _, _) => collections += i.Name == "dotnet.gc.collections" ? value : 0);
        runtime.Start();
        GC.Collect();
        runtime.RecordObservableInstruments();
        Console.WriteLine($"the runtime's own: {collections > 0}");
    }

    internal static void Events()
    {
        using Listener listener = new();
        listener.EnableEvents(ConformanceEventSource.Log, EventLevel.Informational);
        ConformanceEventSource.Log.Started("first", 1);
        ConformanceEventSource.Log.Detail("not wanted");
        listener.DisableEvents(ConformanceEventSource.Log);
        ConformanceEventSource.Log.Started("second", 2);
        foreach (string line in listener.Seen)
            Console.WriteLine(line);
    }

    internal static void Activities()
    {
        using ActivitySource source = new("Conformance");
        List<string> seen = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = s => s.Name == "Conformance",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = a => seen.Add($"{a.OperationName} {a.Kind} {a.GetTagItem("key")} parent {a.Parent?.OperationName}, took time {a.Duration >= TimeSpan.Zero}, ids {a.TraceId.ToString().Length} {a.SpanId.ToString().Length}"),
        };
        ActivitySource.AddActivityListener(listener);
        using (Activity? outer = source.StartActivity("outer", ActivityKind.Server))
        {
            outer?.SetTag("key", "value");
            using Activity? inner = source.StartActivity("inner");
        }
        foreach (string line in seen)
            Console.WriteLine(line);
    }

    [EventSource(Name = "Conformance")]
    private sealed class ConformanceEventSource : EventSource
    {
        internal static readonly ConformanceEventSource Log = new();

        [Event(1, Level = EventLevel.Informational, Message = "{0} {1}")]
        internal void Started(string name, int number) => WriteEvent(1, name, number);

        [Event(2, Level = EventLevel.Verbose)]
        internal void Detail(string text) => WriteEvent(2, text);
    }

    private sealed class Listener : EventListener
    {
        internal List<string> Seen { get; } = [];

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventSource.Name == "Conformance")
                Seen.Add($"{eventData.EventName} {eventData.Level} {string.Join(' ', eventData.Payload!)}");
        }
    }
}
