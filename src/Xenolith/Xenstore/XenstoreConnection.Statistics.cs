namespace Xenolith.Xenstore;

/// <summary>Counters, guarded by the connection's lock.</summary>
internal sealed partial class XenstoreConnection
{
    private long _requests, _errors, _watchEvents;

    /// <summary>The counters now.</summary>
    public XenstoreStatistics GetStatistics()
    {
        lock (_lock)
            return new XenstoreStatistics(_requests, _errors, _pending.Count, _watches.Count, _watchEvents, _generation);
    }
}
