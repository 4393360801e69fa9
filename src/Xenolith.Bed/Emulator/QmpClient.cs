using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace Xenolith.Bed.Emulator;

/// <summary>QEMU's machine protocol: commands and their results, one JSON object a line (QEMU's docs/interop/qmp-spec).</summary>
internal sealed class QmpClient
{
    private readonly StreamReader _input;
    private readonly StreamWriter _output;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonElement>> _replies = new();
    private readonly TaskCompletionSource _migrated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _lock = new(1, 1);
    private int _lastId;

    public QmpClient(Stream stream)
    {
        _input = new(stream);
        _output = new(stream) { AutoFlush = true };
        Closed = ReceiveAsync();
    }

    /// <summary>Completes when QEMU has closed the connection: it has ended.</summary>
    public Task Closed { get; }

    /// <summary>Completes when a migration (of a snapshot, in or out) is done; fails when it failed. There can be one in a machine's life.</summary>
    public Task Migrated => _migrated.Task;

    /// <summary>Runs a command.</summary>
    /// <param name="command">Its name.</param>
    /// <param name="arguments">Its arguments as a JSON object.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<JsonElement> ExecuteAsync(string command, string arguments, CancellationToken cancellationToken)
    {
        string id = Interlocked.Increment(ref _lastId).ToString(CultureInfo.InvariantCulture);
        TaskCompletionSource<JsonElement> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _replies[id] = reply;
        await _lock.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _output.WriteLineAsync($$"""{"execute":"{{command}}","arguments":{{arguments}},"id":"{{id}}"}""").ConfigureAwait(false);
        }
        finally
        {
            _lock.Release();
        }

        return await reply.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (await _input.ReadLineAsync().ConfigureAwait(false) is string line)
            {
                using JsonDocument document = JsonDocument.Parse(line);
                Receive(document.RootElement);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or JsonException)
        {
            // As good as closed.
        }

        IOException end = new("QEMU has ended.");
        _migrated.TrySetException(end);
        _ = _migrated.Task.Exception;
        foreach (TaskCompletionSource<JsonElement> reply in _replies.Values)
            reply.TrySetException(end);
    }

    private void Receive(JsonElement message)
    {
        if (message.TryGetProperty("event", out JsonElement name))
        {
            if (name.GetString() == "MIGRATION")
            {
                string? status = message.GetProperty("data").GetProperty("status").GetString();
                if (status == "completed")
                    _migrated.TrySetResult();
                else if (status == "failed")
                    _migrated.TrySetException(new IOException("QEMU could not save or load the snapshot."));
            }
        }
        else if (message.TryGetProperty("id", out JsonElement id) && _replies.TryRemove(id.GetString()!, out TaskCompletionSource<JsonElement>? reply))
        {
            if (message.TryGetProperty("error", out JsonElement error))
                reply.SetException(new IOException($"QEMU: {error.GetProperty("desc").GetString()}"));
            else
                reply.SetResult(message.GetProperty("return").Clone());
        }
    }
}
