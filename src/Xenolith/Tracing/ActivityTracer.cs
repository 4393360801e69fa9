using System.Buffers.Binary;
using System.Diagnostics;

namespace Xenolith.Tracing;

/// <summary>
/// Records activities (<see cref="ActivitySource"/>), the libraries' and the program's, in the domain's traces: as <see cref="TraceName.BeginAsync"/>
/// and
/// <see cref="TraceName.EndAsync"/> with the activity's operation name and its span's number.
/// </summary>
/// <remarks>Without a trace it asks for no activity: sources whose only listener this is make none. Safe from any thread.</remarks>
public sealed class ActivityTracer : IDisposable
{
    private readonly DomainTracing _tracing;
    private readonly ActivityListener _listener;

    /// <summary>Begins to listen.</summary>
    /// <param name="tracing">Whose traces.</param>
    /// <param name="sources">The names of the sources; none: all.</param>
    public ActivityTracer(DomainTracing tracing, params string[] sources)
    {
        string[] names = [.. sources];
        _tracing = tracing;
        _listener = new ActivityListener
        {
            ShouldListenTo = source => names.Length == 0 || names.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => Sample(),
            SampleUsingParentId = (ref ActivityCreationOptions<string> _) => Sample(),
            ActivityStarted = activity =>
            {
                if (_tracing.IsOn(TraceCategories.User))
                    _tracing.GetName(activity.OperationName).BeginAsync(Number(activity));
            },
            ActivityStopped = activity =>
            {
                if (_tracing.IsOn(TraceCategories.User))
                    _tracing.GetName(activity.OperationName).EndAsync(Number(activity));
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Listens no more.</summary>
    public void Dispose() => _listener.Dispose();

    private static long Number(Activity activity)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        activity.SpanId.CopyTo(bytes);
        return BinaryPrimitives.ReadInt64BigEndian(bytes); // so that in hexadecimal it reads as the span's identifier does
    }

    private ActivitySamplingResult Sample() => _tracing.IsOn(TraceCategories.User) ? ActivitySamplingResult.PropagationData : ActivitySamplingResult.None;
}
