// Watches: a handle per watch, its bounded queue of events, and the record by which the connection finds and renews it.

namespace Xenolith.Xenstore;

/// <summary>A node has changed, or may have.</summary>
/// <param name="Path">The node: the watched one or one below it; relative if the watch was given a relative path.</param>
/// <param name="IsOverflow">
/// Whether more nodes changed than the reader left room for. <paramref name="Path"/> is then the watched path, and everything below it may have
/// changed.
/// </param>
public readonly record struct XenstoreWatchEvent(string Path, bool IsOverflow = false);

/// <summary>
/// A watch, from <see cref="XenstoreClient.WatchAsync"/> until it is disposed. The first event comes at once, with the watched path; later ones tell
/// that a node was written, made, removed or got other permissions. After the connection was renewed, an event with the watched path tells that
/// anything may have changed meanwhile.
/// </summary>
/// <remarks>
/// <para>Events that the reader has not taken yet are kept, each path once: an event says that a node changed, not how often. At most
/// <see cref="XenstoreClientOptions.WatchEventCapacity"/> paths are kept; then one event stands for all.</para>
/// <para>Dispose of it, for example by <c>await using</c>. One that is forgotten is ended by the garbage collector, some time later. All members may
/// be used from any thread; each event goes to one of several readers.</para>
/// </remarks>
public sealed class XenstoreWatch : IAsyncEnumerable<XenstoreWatchEvent>, IAsyncDisposable
{
    private readonly XenstoreConnection _connection;
    private readonly WatchRegistration _registration;
    private readonly WatchEventQueue _queue;
    private int _disposed;

    internal XenstoreWatch(XenstoreConnection connection, WatchRegistration registration, WatchEventQueue queue)
    {
        _connection = connection;
        _registration = registration;
        _queue = queue;
    }

    /// <summary>Ends a watch whose handle was lost.</summary>
    ~XenstoreWatch()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _ = _connection.EndWatchAsync(_registration);
    }

    /// <summary>The watched path, as given.</summary>
    public string Path => _registration.Path;

    /// <summary>Whether an event waits to be read, or the watch has ended.</summary>
    internal bool HasEvent => _queue.IsReady;

    /// <summary>Waits for the next event.</summary>
    /// <exception cref="ObjectDisposedException">The watch, or its client, was disposed.</exception>
    /// <exception cref="XenstoreException">The connection has ended for good, or xenstored refused to renew the watch.</exception>
    public async ValueTask<XenstoreWatchEvent> ReadAsync(CancellationToken cancellationToken = default) =>
        await ReadOrEndAsync(cancellationToken) ?? throw new ObjectDisposedException(nameof(XenstoreWatch));

    /// <summary>Enumerates the events until the watch is disposed. Ending the enumeration does not end the watch.</summary>
    /// <exception cref="XenstoreException">As for <see cref="ReadAsync"/>.</exception>
    public async IAsyncEnumerator<XenstoreWatchEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        while (await ReadOrEndAsync(cancellationToken) is XenstoreWatchEvent change)
            yield return change;
    }

    /// <summary>Ends the watch and waits until xenstored has confirmed it, or is gone. Readers end.</summary>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _queue.End(null);
        await _connection.EndWatchAsync(_registration);
    }

    private async ValueTask<XenstoreWatchEvent?> ReadOrEndAsync(CancellationToken cancellationToken)
    {
        XenstoreWatchEvent? change = await _queue.TakeAsync(cancellationToken);
        GC.KeepAlive(this);
        return change;
    }
}

/// <summary>A watch as the connection knows it.</summary>
internal sealed class WatchRegistration(string path, string token, Action<string> onEvent, Action<Exception?> onEnd)
{
    public string Path => path;

    public string Token => token;

    /// <summary>Whether xenstored has confirmed it, so that it is renewed on the next connection. Guarded by the connection's lock.</summary>
    public bool Established { get; set; }

    /// <summary>Called in the receiving loop; quick.</summary>
    public void Raise(string changed) => onEvent(changed);

    /// <summary>No event will come any more, because of an exception if there is one.</summary>
    public void End(Exception? exception) => onEnd(exception);
}

/// <summary>Changed paths that wait for a reader: each once, a bounded number.</summary>
internal sealed class WatchEventQueue(string watchedPath, int capacity)
{
    private readonly Lock _lock = new();
    private readonly Queue<string> _paths = new();
    private readonly HashSet<string> _queued = new(StringComparer.Ordinal);
    private Signal _changed = new();
    private bool _overflow;
    private bool _ended;
    private Exception? _exception;

    /// <summary>Whether <see cref="TakeAsync"/> would return, or throw, at once.</summary>
    public bool IsReady
    {
        get
        {
            lock (_lock)
                return _ended || _overflow || _paths.Count > 0;
        }
    }

    public void Add(string path)
    {
        lock (_lock)
        {
            if (_ended || _overflow || !_queued.Add(path))
                return;
            if (_paths.Count == capacity)
            {
                _overflow = true;
                _paths.Clear();
                _queued.Clear();
            }
            else
            {
                _paths.Enqueue(path);
            }

            Wake();
        }
    }

    /// <summary>
    /// Ends the queue: by the owner (no exception; what is queued is dropped) or by the connection (what is queued can still be read).
    /// </summary>
    public void End(Exception? exception)
    {
        lock (_lock)
        {
            if (_ended)
                return;
            _ended = true;
            _exception = exception;
            if (exception is null)
            {
                _overflow = false;
                _paths.Clear();
            }

            Wake();
        }
    }

    /// <summary>The next event; null if the owner has ended the queue.</summary>
    public async ValueTask<XenstoreWatchEvent?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Signal changed;
            lock (_lock)
            {
                if (_overflow)
                {
                    _overflow = false;
                    return new XenstoreWatchEvent(watchedPath, IsOverflow: true);
                }

                if (_paths.TryDequeue(out string? path))
                {
                    _queued.Remove(path);
                    return new XenstoreWatchEvent(path);
                }

                if (_exception is not null)
                    throw _exception;
                if (_ended)
                    return null;
                changed = _changed;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private void Wake()
    {
        _changed.Set();
        _changed = new Signal();
    }
}
