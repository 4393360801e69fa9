using System.Text;
using Xenolith.Bed.Protocol;

namespace Xenolith.Bed;

/// <summary>dom0's view of xenstore. A missing key is null, not an error.</summary>
public sealed class BedXenstore
{
    private readonly TestBed _bed;

    internal BedXenstore(TestBed bed) => _bed = bed;

    /// <summary>A key's value as UTF-8; null when there is no such key.</summary>
    public Task<string?> ReadAsync(string path, CancellationToken cancellationToken = default) =>
        _bed.CallAsync($"reading {path}", Request(Operation.StoreRead, path), null, null, ReadValue, cancellationToken);

    /// <summary>Writes a key, making its parents.</summary>
    public Task WriteAsync(string path, string value, CancellationToken cancellationToken = default) =>
        _bed.CallAsync(
            $"writing {path}", Request(Operation.StoreWrite, path).Bytes(Encoding.UTF8.GetBytes(value)), null, null, static (ref MessageReader _) => true, cancellationToken);

    /// <summary>Removes a key and all below it. Nothing happens when there is none.</summary>
    public Task RemoveAsync(string path, CancellationToken cancellationToken = default) =>
        _bed.CallAsync($"removing {path}", Request(Operation.StoreRemove, path), null, null, static (ref MessageReader _) => true, cancellationToken);

    /// <summary>The names directly below a key; null when there is no such key.</summary>
    public Task<IReadOnlyList<string>?> ListAsync(string path, CancellationToken cancellationToken = default) =>
        _bed.CallAsync(
            $"listing {path}", Request(Operation.StoreList, path), null, null,
            static (ref MessageReader fields) => fields.Boolean() ? (IReadOnlyList<string>?)fields.Strings() : null, cancellationToken);

    /// <summary>Waits until a key's value (null when missing) satisfies a condition, and returns it. Nothing is polled: a watch wakes it.</summary>
    /// <exception cref="BedTimeoutException">It did not happen in time.</exception>
    public async Task<string?> WaitAsync(string path, Predicate<string?> predicate, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        MultiplexedChannel channel = await _bed.OpenAsync(Request(Operation.StoreWatch, path), cancellationToken).ConfigureAwait(false);
        try
        {
            return await _bed.WithinAsync($"waiting for {path}", timeout, cancel => WaitAsync(channel, predicate, cancel), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await TestBed.AbandonAsync(channel).ConfigureAwait(false);
        }
    }

    private static MessageWriter Request(Operation operation, string path) => new MessageWriter().Byte((byte)operation).String(path);

    private static string? ReadValue(ref MessageReader fields)
    {
        bool present = fields.Boolean();
        ReadOnlySpan<byte> value = fields.Bytes();
        return present ? Encoding.UTF8.GetString(value) : null;
    }

    private async Task<string?> WaitAsync(MultiplexedChannel channel, Predicate<string?> predicate, CancellationToken cancellationToken)
    {
        // Each message is one Data frame: the agent writes it at once and xenstore's values are far smaller than a frame.
        while (await channel.ReadAsync(StreamNumber.Output, cancellationToken).ConfigureAwait(false) is { IsEmpty: false } bytes)
        {
            string? value = Value(bytes);
            if (predicate(value))
                return value;
        }

        await _bed.ResultAsync(channel, static (ref MessageReader _) => true).ConfigureAwait(false);
        throw new BedException(_bed.Explain("xenstored ended the watch."));

        static string? Value(ReadOnlyMemory<byte> bytes)
        {
            MessageReader fields = new(bytes.Span);
            return ReadValue(ref fields);
        }
    }
}
