// Waiting for a condition instead of polling: what the condition reads is watched.

namespace Xenolith.Xenstore;

public sealed partial class XenstoreClient
{
    /// <summary>
    /// Waits until a condition on the store holds. The condition is evaluated at once, and again whenever something that it read may have changed.
    /// </summary>
    /// <param name="condition">Reads through its argument, which watches what is read. Not called twice at the same time. An exception ends the wait.</param>
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
                Task changed = reader.Changed();
                try
                {
                    if (await condition(reader).ConfigureAwait(false))
                        return;
                }
                catch (XenstoreDisconnectedException)
                {
                    // Evaluate again on the next connection, if there is to be one.
                    await Connection.WaitConnectedAsync(cancellationToken).ConfigureAwait(false);
                    if (Connection.Generation == generation)
                        throw;
                    continue;
                }

                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await reader.EndAsync().ConfigureAwait(false);
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
            async reader => condition(value = await reader.ReadAsync(path, cancellationToken).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false);
        return value;
    }
}

/// <summary>
/// Reads the store for <see cref="XenstoreClient.WaitAsync"/>, watching every path before it is read for the first time. Of use until the wait has ended.
/// </summary>
public sealed class XenstoreReader
{
    private readonly XenstoreClient _client;
    private readonly XenstoreConnection _connection;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<WatchRegistration>> _watches = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _ended;

    internal XenstoreReader(XenstoreClient client, XenstoreConnection connection)
    {
        _client = client;
        _connection = connection;
    }

    /// <inheritdoc cref="XenstoreOperations.ReadAsync"/>
    public async Task<string?> ReadAsync(string path, CancellationToken cancellationToken = default)
    {
        await WatchAsync(path, cancellationToken).ConfigureAwait(false);
        return await _client.ReadAsync(path, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="XenstoreOperations.ExistsAsync"/>
    public async Task<bool> ExistsAsync(string path, CancellationToken cancellationToken = default)
    {
        await WatchAsync(path, cancellationToken).ConfigureAwait(false);
        return await _client.ExistsAsync(path, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="XenstoreOperations.ListAsync"/>
    public async Task<IReadOnlyList<string>?> ListAsync(string path, CancellationToken cancellationToken = default)
    {
        await WatchAsync(path, cancellationToken).ConfigureAwait(false);
        return await _client.ListAsync(path, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="XenstoreOperations.GetPermissionsAsync"/>
    public async Task<XenstorePermissions?> GetPermissionsAsync(string path, CancellationToken cancellationToken = default)
    {
        await WatchAsync(path, cancellationToken).ConfigureAwait(false);
        return await _client.GetPermissionsAsync(path, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Completes when something that was read may have changed since this call. Faults when that cannot be known any more.</summary>
    internal Task Changed()
    {
        lock (_lock)
        {
            if (_changed.Task.IsCompletedSuccessfully)
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _changed.Task;
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

        await watch.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private void OnEvent(string path)
    {
        lock (_lock)
            _changed.TrySetResult();
    }

    private void OnEnd(Exception? exception)
    {
        lock (_lock)
        {
            _changed.TrySetException(exception ?? new ObjectDisposedException(nameof(XenstoreClient)));
            _ = _changed.Task.Exception;
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
                await _connection.EndWatchAsync(await watch.ConfigureAwait(false)).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is XenstoreException or OperationCanceledException or ObjectDisposedException or ArgumentException)
            {
                // It never began.
            }
        }
    }
}
