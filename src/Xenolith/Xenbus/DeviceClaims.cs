namespace Xenolith.Xenbus;

/// <summary>Which devices of the domain have a driver at this moment: a second one on the same nodes would break the first.</summary>
internal sealed class DeviceClaims
{
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);

    /// <summary>Takes a device for one driver, until the result is disposed of.</summary>
    /// <param name="path">The device's own node.</param>
    /// <exception cref="InvalidOperationException">It has a driver.</exception>
    internal IDisposable Claim(string path)
    {
        lock (_paths)
        {
            if (!_paths.Add(path))
                throw new InvalidOperationException($"The device {path} is open already.");
        }
        return new Held(this, path);
    }

    private sealed class Held(DeviceClaims claims, string path) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            lock (claims._paths)
            {
                if (!_ended)
                    claims._paths.Remove(path);
                _ended = true;
            }
        }
    }
}
