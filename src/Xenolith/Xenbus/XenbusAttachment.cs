using Xenolith.Xenstore;

namespace Xenolith.Xenbus;

/// <summary>
/// Keeps one end of a device attached: one connection after the other, for as long as the device is there, through resumes of the domain and whatever
/// the other end does. What a driver of a device is built on; use <see cref="XenbusFrontend"/> or <see cref="XenbusBackend"/>.
/// </summary>
/// <remarks>
/// <code>
///   each generation: wait for the device's nodes
///     each connection: an earlier one that was left in the middle is closed, and the other end lets go of it
///                      the other end is ready
///                      a new driver and XenbusHandshake run the connection until an end closes it, or the domain is resumed
///     until the device is removed, or this end is closed
/// </code>
/// <para>Each connection has a driver of its own (<see cref="IXenbusDriver"/>), so that nothing of one gets into the next; what outlives a
/// connection, as requests that are still to be answered, belongs to the maker of the drivers. At a resume everything of the driver's is stale before
/// <see cref="IXenbusDriver.ReleaseAsync"/> is called; what lies in pages of its own, as responses in a ring, can still be read there.</para>
/// <para>Tries follow changes of the other end's state, one a change: an end that keeps closing costs what it writes, and no more.</para>
/// </remarks>
public abstract class XenbusAttachment
{
    private readonly Func<XenbusDevice, IXenbusDriver> _createDriver;
    private readonly CancellationTokenSource _close = new();
    private readonly Lock _lock = new();
    private XenbusHandshake? _handshake;
    private Exception? _failure;

    private protected XenbusAttachment(XenPlatform platform, string path, Func<XenbusDevice, IXenbusDriver> createDriver)
    {
        Platform = platform;
        Path = path;
        _createDriver = createDriver;
    }

    /// <summary>This end's node, relative to the domain's home.</summary>
    public string Path { get; }

    /// <summary>This end's state in its present or last connection; <see cref="XenbusState.Unknown"/> before the first.</summary>
    public XenbusState State
    {
        get
        {
            lock (_lock)
                return _handshake?.State ?? XenbusState.Unknown;
        }
    }

    private protected XenPlatform Platform { get; }

    /// <summary>
    /// Asks for an orderly end: <see cref="RunAsync"/> returns when this end is closed, which takes the other end's consent. Safe from any thread.
    /// </summary>
    public void Close()
    {
        lock (_lock)
        {
            _close.Cancel();
            _handshake?.Close();
        }
    }

    /// <summary>
    /// As <see cref="Close"/>, because of an error that <see cref="RunAsync"/> throws in the end: the other end broke the protocol, say.
    /// </summary>
    /// <param name="error">The error; the first one counts.</param>
    public void Fail(Exception error)
    {
        lock (_lock)
            _failure ??= error;
        Close();
    }

    /// <summary>Keeps this end attached until it is closed or the device is removed. A device that is not there yet is waited for.</summary>
    /// <param name="cancellationToken">
    /// Gives up at once, without waiting for the other end: the driver releases what it has, and the state stays as it is. For a clean end call
    /// <see cref="Close"/>.
    /// </param>
    /// <exception cref="InvalidOperationException">The device has a driver.</exception>
    /// <exception cref="XenbusException">Its nodes make no sense.</exception>
    /// <exception cref="XenstoreException">xenstored cannot be reached, or refused.</exception>
    /// <remarks>What a driver throws, and is not because of a resume, closes this end and is thrown here.</remarks>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using IDisposable claim = Platform.DeviceClaims.Claim(Path);
        while (true)
        {
            Generation generation = Platform.Generation;
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, generation.Ended);
            try
            {
                await AttachAsync(either.Token);
                break;
            }
            catch (Exception error) when (Platform.Generation != generation && IsOfResume(error))
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        if (_failure is not null)
            throw _failure;
    }

    /// <summary>Finds this end of the device.</summary>
    private protected abstract Task<XenbusDevice?> FindAsync(CancellationToken cancellationToken);

    /// <summary>Whether the other end is ready for a new connection.</summary>
    /// <param name="isNew">This end is as the toolstack made it; otherwise it has closed an earlier connection.</param>
    /// <param name="theirs">The other end's state.</param>
    /// <param name="isOnline">Whether the toolstack wants the back end to go on.</param>
    private protected abstract bool CanBegin(bool isNew, XenbusState theirs, bool isOnline);

    /// <summary>The path of the back end's own node.</summary>
    private protected abstract string BackendPathOf(XenbusDevice device);

    /// <summary>A connection of this end.</summary>
    private protected abstract XenbusHandshake CreateHandshake(XenbusDevice device, IXenbusDriver driver);

    /// <summary>What can come of a resume in the middle of anything.</summary>
    private static bool IsOfResume(Exception error) =>
        error is StaleHandleException or OperationCanceledException or ObjectDisposedException or XenException or XenstoreException or XenbusException;

    /// <summary>Serves one generation.</summary>
    private async Task AttachAsync(CancellationToken cancellationToken)
    {
        for (bool wasThere = false; ; wasThere = true)
        {
            if (await WaitForOtherAsync(wasThere, cancellationToken) is not { } device)
                return;
            XenbusHandshake handshake = CreateHandshake(device, _createDriver(device));
            lock (_lock)
            {
                _handshake = handshake;
                if (_close.IsCancellationRequested)
                    handshake.Close();
            }
            try
            {
                await ConnectAsync(device, handshake, cancellationToken);
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                await SayClosedAsync(device, cancellationToken);
                throw;
            }
            if (_close.IsCancellationRequested)
                return;
        }
    }

    /// <summary>Runs a connection to its end; one of a device that the toolstack takes away has ended at once.</summary>
    private static async Task ConnectAsync(XenbusDevice device, XenbusHandshake handshake, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bool isRemoved = false;
        Task removal = WatchAsync();
        try
        {
            await handshake.RunAsync(either.Token);
        }
        catch (OperationCanceledException) when (isRemoved && !cancellationToken.IsCancellationRequested)
        {
        }
        finally
        {
            either.Cancel();
            await removal;
        }

        async Task WatchAsync()
        {
            try
            {
                await device.WaitForRemovalAsync(either.Token);
                isRemoved = true;
                either.Cancel();
            }
            catch (Exception error) when (error is OperationCanceledException or XenstoreException or ObjectDisposedException)
            {
                // The connection has ended; or the handshake meets the same error.
            }
        }
    }

    /// <summary>Waits until the device is there and the other end ready, with no earlier connection left.</summary>
    /// <param name="wasThere">Whether the device was there before: if it is not any more, it was removed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/> if there is to be no connection any more.</returns>
    private async Task<XenbusDevice?> WaitForOtherAsync(bool wasThere, CancellationToken cancellationToken)
    {
        XenbusDevice? device = null;
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _close.Token);
        CancellationToken token = either.Token;
        try
        {
            await Platform.Xenstore.WaitAsync(
                async reader =>
                {
                    device = await reader.ExistsAsync(Path, token) ? await FindAsync(token) : null;
                    if (device is null)
                        return wasThere;
                    wasThere = true;
                    XenbusState ours = await XenbusDevice.ReadStateAsync(reader, Path, token);
                    bool isNew = ours is XenbusState.Initialising or XenbusState.Unknown;
                    if (!isNew && ours != XenbusState.Closed)
                        await device.WriteAsync(XenbusState.Closed, token); // left in the middle; the other end lets go of it
                    XenbusState theirs = await XenbusDevice.ReadStateAsync(reader, device.OtherPath, token);
                    return CanBegin(isNew, theirs, await IsOnlineAsync(reader, device, token));
                },
                token);
            return device;
        }
        catch (OperationCanceledException) when (_close.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            if (device is not null)
                await SayClosedAsync(device, cancellationToken);
            return null;
        }
    }

    /// <summary>Whether the back end is to serve further connections: a toolstack that removes the device says no.</summary>
    private async Task<bool> IsOnlineAsync(XenstoreReader reader, XenbusDevice device, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadAsync(XenstorePath.Combine(BackendPathOf(device), "online"), cancellationToken) != "0";
        }
        catch (XenstoreAccessDeniedException)
        {
            return true; // the back end has not let us look, or is gone
        }
    }

    /// <summary>This end has let go, or never began: the other would wait for it for ever.</summary>
    private static async Task SayClosedAsync(XenbusDevice device, CancellationToken cancellationToken)
    {
        try
        {
            await device.WriteAsync(XenbusState.Closed, cancellationToken);
        }
        catch (Exception error) when (error is XenstoreException or StaleHandleException or OperationCanceledException)
        {
            // What is told of is why this end let go.
        }
    }
}
