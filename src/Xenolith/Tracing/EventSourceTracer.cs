using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;

namespace Xenolith.Tracing;

/// <summary>
/// Records what event sources write, the runtime's, the libraries' and the program's, in the domain's traces: as <see cref="TraceName.Instant"/>
/// named "source/event", with the first whole number of the event's payload.
/// </summary>
/// <remarks>
/// An image has event sources only with <c>&lt;EventSourceSupport&gt;true&lt;/EventSourceSupport&gt;</c> in its project; docs/tracing.md tells what
/// that costs. The source <see cref="XenolithEventSource"/> is left out, since it tells what is in a trace already. Safe from any thread.
/// </remarks>
public sealed class EventSourceTracer : EventListener
{
    private readonly DomainTracing _tracing;
    private readonly ConcurrentDictionary<(EventSource Source, int Id), TraceName> _names = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (EventLevel Level, EventKeywords Keywords)> _wanted = [];

    /// <summary>A listener that records nothing yet.</summary>
    /// <param name="tracing">Whose traces.</param>
    public EventSourceTracer(DomainTracing tracing) => _tracing = tracing;

    /// <summary>Records the events of a source, which may be made later.</summary>
    /// <param name="source">The source's name, such as "System.Net.Http".</param>
    /// <param name="level">How important events must be.</param>
    /// <param name="keywords">Which events; default: all.</param>
    public void Enable(string source, EventLevel level = EventLevel.Informational, EventKeywords keywords = EventKeywords.All)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        if (source == XenolithEventSource.SourceName)
            throw new ArgumentException($"The source {source} tells what is in a trace already.", nameof(source));
        lock (_lock)
            _wanted[source] = (level, keywords);
        foreach (EventSource existing in EventSource.GetSources())
        {
            if (existing.Name == source)
                EnableEvents(existing, level, keywords);
        }
    }

    /// <inheritdoc/>
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        base.OnEventSourceCreated(eventSource);
        if (_lock is null)
            return; // called by the base's constructor, when nothing is wanted yet
        (EventLevel Level, EventKeywords Keywords) wanted;
        lock (_lock)
        {
            if (!_wanted.TryGetValue(eventSource.Name, out wanted))
                return;
        }
        EnableEvents(eventSource, wanted.Level, wanted.Keywords);
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (!_tracing.IsOn(TraceCategories.User))
            return;
        (EventSource, int) key = (eventData.EventSource, eventData.EventId);
        if (!_names.TryGetValue(key, out TraceName? name))
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"{eventData.EventSource.Name}/{eventData.EventName ?? $"event {eventData.EventId}"}");
            name = _tracing.GetName(text);
            if (eventData.EventId != -1) // events without a number of their own differ by name only
                _names[key] = name;
        }
        name.Instant(FirstNumber(eventData.Payload));
    }

    private static long FirstNumber(IEnumerable<object?>? payload)
    {
        foreach (object? value in payload ?? [])
        {
            switch (value)
            {
                case int number:
                    return number;
                case long number:
                    return number;
                case uint number:
                    return number;
                case ulong number:
                    return (long)number;
                case ushort number:
                    return number;
            }
        }
        return 0;
    }
}
