using System.Globalization;
using System.Text;
using Xenolith.Abi;

namespace Xenolith.Xenstore;

/// <summary>Watches: begun, renewed on the next connection, told of events, ended.</summary>
internal sealed partial class XenstoreConnection
{
    private readonly Dictionary<string, WatchRegistration> _watches = new(StringComparer.Ordinal); // guarded by _lock
    private ulong _lastToken;

    /// <summary>Starts a watch. If the caller gives up, it is ended again.</summary>
    public async Task<WatchRegistration> StartWatchAsync(
        string path, Action<string> onEvent, Action<Exception?> onEnd, CancellationToken cancellationToken)
    {
        XenstorePath.Validate(path, allowSpecial: true);
        string token = "x" + Interlocked.Increment(ref _lastToken).ToString(CultureInfo.InvariantCulture);
        WatchRegistration watch = new(path, token, onEvent, onEnd);
        XenstoreRequest request = XenstoreRequest.ForWatch(XenstoreMessageType.Watch, watch, undo: reply => _ = UnwatchAsync(watch));
        lock (_lock)
            _watches.Add(token, watch); // before the request: the first event may overtake the reply's consumer
        bool started = false;
        try
        {
            XenstoreMessage reply = await SendAsync(request, cancellationToken);
            if (reply.Type == XenstoreMessageType.Error)
                throw request.Failure(reply);
            started = true;
            return watch;
        }
        finally
        {
            if (!started)
                Forget(watch);
        }
    }

    /// <summary>Ends a watch. Does not throw: if xenstored is gone, so is the watch.</summary>
    public Task EndWatchAsync(WatchRegistration watch) => Forget(watch) ? UnwatchAsync(watch) : Task.CompletedTask;

    /// <summary>Sets all watches up again, after xenstored was told to forget them.</summary>
    public void RenewWatches()
    {
        lock (_lock)
        {
            if (_serving is not null)
                EnqueueWatches();
        }
    }

    private void EnqueueWatches()
    {
        foreach (WatchRegistration watch in _watches.Values)
        {
            if (!watch.Established)
                continue;
            XenstoreRequest request = XenstoreRequest.ForWatch(XenstoreMessageType.Watch, watch);
            Enqueue(request);
            _ = RenewAsync(watch, request);
        }
    }

    private async Task RenewAsync(WatchRegistration watch, XenstoreRequest request)
    {
        try
        {
            XenstoreMessage reply = await request.Task;
            if (reply.Type != XenstoreMessageType.Error)
                return;
            if (XenstoreRequest.Error(reply).Error == XenstoreError.EEXIST)
                watch.Raise(watch.Path); // a daemon that has kept the watch does not send the first event again
            else if (Forget(watch))
                watch.End(request.Failure(reply));
        }
        catch (Exception exception) when (exception is XenstoreException or ObjectDisposedException)
        {
            // The connection was lost again: the next one renews the watch, or the end of all ends it.
        }
    }

    private bool Forget(WatchRegistration watch)
    {
        lock (_lock)
            return _watches.Remove(watch.Token);
    }

    private async Task UnwatchAsync(WatchRegistration watch)
    {
        Forget(watch);
        try
        {
            // On a later connection there is nothing to end: a watch that is forgotten is not renewed.
            XenstoreRequest request = XenstoreRequest.ForWatch(XenstoreMessageType.Unwatch, watch, Generation);
            await SendAsync(request, CancellationToken.None);
        }
        catch (Exception exception) when (exception is XenstoreException or ObjectDisposedException)
        {
            // xenstored ends the watches of a connection that ends.
        }
    }

    private void DispatchEvent(in XenstoreMessage message)
    {
        XenstorePayloadReader reader = new(message.Payload.Span);
        if (!reader.TryReadWatchEvent(out ReadOnlySpan<byte> path, out ReadOnlySpan<byte> token))
            throw new XenstoreProtocolException("The peer sent a watch event without a path and a token. The connection is closed.");
        Trace(TraceKind.XenstoreWatch, message.Type, 0);
        WatchRegistration? watch;
        lock (_lock)
        {
            _watchEvents++;
            _watches.TryGetValue(Encoding.UTF8.GetString(token), out watch);
        }
        watch?.Raise(Encoding.UTF8.GetString(path)); // none: the watch was ended while the event was on its way
    }
}
