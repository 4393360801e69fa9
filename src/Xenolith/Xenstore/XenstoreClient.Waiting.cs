// Waiting for a condition instead of polling: what the condition reads is watched.

namespace Xenolith.Xenstore;

public sealed partial class XenstoreClient
{
    /// <summary>
    /// Waits until a condition on the store holds. The condition is evaluated at once, and again whenever something that it read may have changed.
    /// </summary>
    /// <param name="condition">
    /// Reads through its argument, which watches what is read. Not called twice at the same time. An exception ends the wait.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="XenstoreException">The connection has ended for good, or xenstored refused a watch.</exception>
    /// <remarks>The watches, one for each path that was read in any evaluation, end with the wait.</remarks>
    public async Task WaitAsync(Func<XenstoreReader, ValueTask<bool>> condition, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        XenstoreReader reader = new(this, Connection);
        try
        {
            while (true)
            {
                int generation = Connection.Generation;
                Signal changed = reader.Changed();
                try
                {
                    if (await condition(reader))
                        return;
                }
                catch (XenstoreDisconnectedException)
                {
                    // Evaluate again on the next connection, if there is to be one.
                    await Connection.WaitConnectedAsync(cancellationToken);
                    if (Connection.Generation == generation)
                        throw;
                    continue;
                }

                await changed.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            await reader.EndAsync();
        }
    }

    /// <summary>Waits until a node's value satisfies a condition.</summary>
    /// <param name="path">The node, which need not exist.</param>
    /// <param name="condition">Is given the value, or <see langword="null"/> if there is no such node.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The value that satisfied it.</returns>
    public async Task<string?> WaitForValueAsync(string path, Func<string?, bool> condition, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        string? value = null;
        await WaitAsync(
            async reader => condition(value = await reader.ReadAsync(path, cancellationToken)),
            cancellationToken);
        return value;
    }
}

/// <summary>
/// Reads the store for <see cref="XenstoreClient.WaitAsync"/>, watching every path before it is read for the first time. Of use until the wait has
/// ended.
/// </summary>
public sealed class XenstoreReader
{
    private readonly XenstoreClient _client;
    private readonly XenstoreConnection _connection;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<WatchRegistration>> _watches = new(StringComparer.Ordinal);
    private Signal _changed = new();
    private bool _ended;

    internal XenstoreReader(XenstoreClient client, XenstoreConnection connection)
    {
        _client = client;
        _connection = connection;
    }

    /// <inheritdoc cref="XenstoreOperations.ReadAsync"/>
    public async Task<string?> ReadAsync(string path, CancellationToken cancellationToken = default)
    {
        await WatchAsync(path, cancellationToken);
        return await _client.ReadAsync(path, cancellationToken);
    }

    /// <inheritdoc cref="XenstoreOperations.ExistsAsync"/>
    public async Task<bool> ExistsAsync(string path, CancellationToken cancellationToken = default)
    {
        await WatchAsync(path, cancellationToken);
        return await _client.ExistsAsync(path, cancellationToken);
    }

    /// <inheritdoc cref="XenstoreOperations.ListAsync"/>
    public async Task<IReadOnlyList<string>?> ListAsync(string path, CancellationToken cancellationToken = default)
    {
        await WatchAsync(path, cancellationToken);
        return await _client.ListAsync(path, cancellationToken);
    }

    /// <inheritdoc cref="XenstoreOperations.GetPermissionsAsync"/>
    public async Task<XenstorePermissions?> GetPermissionsAsync(string path, CancellationToken cancellationToken = default)
    {
        await WatchAsync(path, cancellationToken);
        return await _client.GetPermissionsAsync(path, cancellationToken);
    }

    /// <summary>Happens when something that was read may have changed since this call. Fails when that cannot be known any more.</summary>
    internal Signal Changed()
    {
        lock (_lock)
        {
            if (_changed.HasHappened)
                _changed = new Signal();
            return _changed;
        }
    }

    private async Task WatchAsync(string path, CancellationToken cancellationToken)
    {
        Task<WatchRegistration>? watch;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            if (!_watches.TryGetValue(path, out watch) || watch.IsFaulted || watch.IsCanceled)
                _watches[path] = watch = _connection.StartWatchAsync(path, OnEvent, OnEnd, cancellationToken);
        }

        await watch.WaitAsync(cancellationToken);
    }

    private void OnEvent(string path)
    {
        lock (_lock)
            _changed.Set();
    }

    private void OnEnd(Exception? exception)
    {
        lock (_lock)
        {
            _changed.Set(exception ?? new ObjectDisposedException(nameof(XenstoreClient)));
        }
    }

    /// <summary>Ends the watches. Nothing can be read any more.</summary>
    internal async Task EndAsync()
    {
        Task<WatchRegistration>[] watches;
        lock (_lock)
        {
            _ended = true;
            watches = [.. _watches.Values];
            _watches.Clear();
        }

        foreach (Task<WatchRegistration> watch in watches)
        {
            try
            {
                await _connection.EndWatchAsync(await watch);
            }
            catch (Exception exception) when (exception is XenstoreException or OperationCanceledException or ObjectDisposedException or ArgumentException)
            {
                // It never began.
            }
        }
    }
}
