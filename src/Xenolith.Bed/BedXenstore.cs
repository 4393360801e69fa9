namespace Xenolith.Bed;

/// <summary>dom0's view of xenstore. A missing key is null, not an error.</summary>
public sealed class BedXenstore
{
    internal BedXenstore()
    {
    }

    /// <summary>A key's value as UTF-8; null when there is no such key.</summary>
    public Task<string?> ReadAsync(string path, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Writes a key, making its parents.</summary>
    public Task WriteAsync(string path, string value, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Removes a key and all below it. Nothing happens when there is none.</summary>
    public Task RemoveAsync(string path, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>The names directly below a key; null when there is no such key.</summary>
    public Task<IReadOnlyList<string>?> ListAsync(string path, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Waits until a key's value (null when missing) satisfies a condition, and returns it. Nothing is polled: a watch wakes it.</summary>
    /// <exception cref="BedTimeoutException">It did not happen in time.</exception>
    public Task<string?> WaitAsync(string path, Predicate<string?> predicate, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
