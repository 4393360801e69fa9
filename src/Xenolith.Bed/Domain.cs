using System.Text;

namespace Xenolith.Bed;

/// <summary>
/// A domU of a <see cref="TestBed"/>. Disposing it destroys the domain if it is still there. All members may be used from any thread.
/// </summary>
public sealed class Domain : IAsyncDisposable
{
    internal Domain(TestBed bed, string name, int id)
    {
        Bed = bed;
        Name = name;
        Id = id;
    }

    /// <summary>The bed it runs in.</summary>
    public TestBed Bed { get; }

    /// <summary>The domain's name.</summary>
    public string Name { get; }

    /// <summary>The domain's id.</summary>
    public int Id { get; }

    /// <summary>What the guest wrote to its console.</summary>
    public GuestConsole Console { get; } = new();

    /// <summary>
    /// Waits until the domain has stopped and every byte that it wrote to its console is in <see cref="Console"/>. May be called any number of times.
    /// </summary>
    /// <param name="timeout">How long at most. Null: <see cref="BedOptions.Timeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BedTimeoutException">The domain still runs; the message shows the consoles.</exception>
    public Task<DomainEnd> WaitForShutdownAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Writes bytes to the guest's console, as if typed.</summary>
    public Task SendConsoleInputAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Writes text to the guest's console as UTF-8, as if typed.</summary>
    public Task SendConsoleInputAsync(string text, CancellationToken cancellationToken = default) => SendConsoleInputAsync(Encoding.UTF8.GetBytes(text), cancellationToken);

    /// <summary>Stops the domain's virtual CPUs (<c>xl pause</c>).</summary>
    public Task PauseAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Lets a paused domain go on (<c>xl unpause</c>).</summary>
    public Task UnpauseAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Asks the guest to power itself off (<c>control/shutdown</c> in xenstore). Returns when asked, not when done.</summary>
    public Task ShutdownAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Asks the guest to reboot (<c>control/shutdown</c> in xenstore). Returns when asked, not when done.</summary>
    public Task RebootAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Destroys the domain whatever it is doing (<c>xl destroy</c>). Nothing happens when it is gone already.</summary>
    public Task DestroyAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await DestroyAsync().ConfigureAwait(false);
}
