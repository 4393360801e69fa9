using Xenolith.Abi;
using Xenolith.Rings;
using Xenolith.Xenbus;

namespace Xenolith.Consoles;

// The connection below the stream: the handshake, which runs in the background from opening to the end.
public abstract partial class ConsoleStream
{
    private readonly string _description;
    private readonly XenConsoleOptions _options;
    private readonly Generation _generation;
    private readonly CancellationTokenSource _stop; // gives up the handshake
    private XenbusHandshake? _handshake;
    private Task _run = Task.CompletedTask;

    /// <summary>This end's state.</summary>
    public XenbusState State => _handshake?.State ?? XenbusState.Initialising;

    private protected XenPlatform Platform { get; }

    private protected XenbusDevice Device { get; }

    /// <summary>
    /// Closes the console: waits until the other end has taken what was written and has let go of the shared page, each within its limit
    /// (<see cref="XenConsoleOptions"/>), and gives everything back. Does not throw because of what the other end does.
    /// </summary>
    public override async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _disposed = true;
        }
        using (CancellationTokenSource drainLimit = new(_options.DrainLimit, Platform.TimeProvider))
        {
            try
            {
                await DrainCoreAsync(drainLimit.Token);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or StaleHandleException)
            {
                // It is being closed all the same.
            }
        }
        BeginToClose();
        await _run;
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>As <see cref="DisposeAsync"/>, blocking the thread.</summary>
    /// <param name="disposing">Always true.</param>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Begins the handshake and waits until both ends are connected.</summary>
    private protected async Task ConnectAsync(XenbusHandshake handshake, CancellationToken cancellationToken)
    {
        IDisposable claim = Platform.DeviceClaims.Claim(Device.Path);
        _handshake = handshake;
        _run = RunAsync(claim);
        try
        {
            using (cancellationToken.UnsafeRegister(static state => ((ConsoleStream)state!).BeginToClose(), this))
                await handshake.WaitUntilConnectedAsync();
        }
        catch (OperationCanceledException)
        {
            await DisposeAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (_generation.IsOver)
                throw new StaleHandleException(_description);
            throw new IOException($"{this}: domain {Device.OtherDomain} closed it before it was connected.");
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>There is shared memory now.</summary>
    private protected void Attach(ConsoleRing ring)
    {
        lock (_lock)
            _ring = ring;
    }

    /// <summary>
    /// The shared memory is about to go. What the other end has written is kept for readers; everybody else finds the end. From the return of this
    /// method on nobody touches the memory.
    /// </summary>
    private protected void Detach()
    {
        ConsoleRing? ring;
        lock (_lock)
        {
            ring = _ring;
            if (_generation.IsOver)
                _error ??= new StaleHandleException(_description);
            if (ring is not null && _error is null)
            {
                byte[] rest = new byte[ConsoleInterface.OutSize]; // the larger of the two rings
                try
                {
                    _rest = rest.AsMemory(0, ring.ReadRest(rest));
                }
                catch (RingProtocolException error)
                {
                    _error = Broken(error);
                }
                catch (StaleHandleException)
                {
                    _error = new StaleHandleException(_description); // resumed at this very moment
                }
            }
            _ended = true;
            _ring = null;
        }
        ring?.Channel.Dispose(); // wakes those who wait
    }

    private void BeginToClose()
    {
        try
        {
            _handshake?.Close();
            _stop.CancelAfter(_options.CloseLimit);
        }
        catch (ObjectDisposedException)
        {
            // It is closed.
        }
    }

    private async Task RunAsync(IDisposable claim)
    {
        Exception? error = null;
        try
        {
            using (_generation.Ended.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _stop))
                await _handshake!.RunAsync(_stop.Token);
        }
        catch (Exception) when (_generation.IsOver)
        {
            error = new StaleHandleException(_description);
        }
        catch (OperationCanceledException)
        {
            await SayClosedAsync(); // the other end did not answer in time
        }
        catch (Exception failure)
        {
            error = failure;
            await SayClosedAsync();
        }
        End(error);
        claim.Dispose();
    }

    /// <summary>This end has let go without being asked to: the other would wait for it for ever.</summary>
    private async Task SayClosedAsync()
    {
        using CancellationTokenSource limit = new(_options.CloseLimit, Platform.TimeProvider);
        try
        {
            await Device.WriteAsync(XenbusState.Closed, limit.Token);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException or StaleHandleException)
        {
            // What is told of is why this end let go.
        }
    }
}
