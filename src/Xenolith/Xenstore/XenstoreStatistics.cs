namespace Xenolith.Xenstore;

/// <summary>What a client of xenstored has done since it was made.</summary>
/// <param name="Requests">Requests sent, those that set watches up again after a new connection among them.</param>
/// <param name="Errors">Requests that xenstored refused; asking for what is not there is one.</param>
/// <param name="Pending">Requests under way.</param>
/// <param name="Watches">Watches set.</param>
/// <param name="WatchEvents">Watch events that arrived.</param>
/// <param name="Connections">Connections that there have been, this one included.</param>
public readonly record struct XenstoreStatistics(long Requests, long Errors, int Pending, int Watches, long WatchEvents, int Connections);
