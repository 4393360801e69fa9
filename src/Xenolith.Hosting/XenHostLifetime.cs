using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xenolith.Abi;
using Xenolith.Lifecycle;
using Xenolith.Memory;
using Xenolith.Tracing;
using Xenolith.Xenstore;

namespace Xenolith.Hosting;

/// <summary>
/// The lifetime of a host that runs as a domain: listens for requests of the toolstack while the host's services run, and stops the host at the
/// first; lets the toolstack save and migrate the domain, has its memory follow the toolstack's target, and lets tools in dom0 trace it. The last
/// request decides whether the end of the program is a poweroff or a reboot.
/// </summary>
/// <remarks>
/// How long the services may take is <c>HostOptions.ShutdownTimeout</c>, as ever. When they exceed it, stopping the host ends with an exception;
/// a program that does not catch it ends its domain as crashed. Use <see cref="XenHostingExtensions.UseXen{TBuilder}"/> to register it.
/// </remarks>
public sealed partial class XenHostLifetime : IHostLifetime, IDisposable
{
    private readonly XenPlatform _platform;
    private readonly DomainLifecycle _lifecycle;
    private readonly XenHostOptions _options;
    private readonly IHostApplicationLifetime _application;
    private readonly ILogger<XenHostLifetime> _logger;
    private readonly CancellationTokenSource _stop = new();
    private CancellationTokenRegistration _started;
    // By the one task that follows the target: whether the memory was told of, and the last target that was missed.
    private bool _isMemoryTold;
    private (BalloonState, long) _missed;
    private Task _listening = Task.CompletedTask;

    /// <summary>Creates it.</summary>
    /// <param name="platform">The domain.</param>
    /// <param name="application">The host.</param>
    /// <param name="logger">Where requests and the memory's changes are told.</param>
    /// <param name="options">What to do; <see langword="null"/> for all of it.</param>
    public XenHostLifetime(
        XenPlatform platform, IHostApplicationLifetime application, ILogger<XenHostLifetime> logger, IOptions<XenHostOptions>? options = null)
    {
        ArgumentNullException.ThrowIfNull(platform);
        ArgumentNullException.ThrowIfNull(application);
        ArgumentNullException.ThrowIfNull(logger);
        _platform = platform;
        _lifecycle = platform.Lifecycle;
        _options = options?.Value ?? new XenHostOptions();
        _application = application;
        _logger = logger;
    }

    /// <summary>Lets the host start, and listens from the moment at which it has: a request from before waits in xenstore.</summary>
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        // Stopping a host that has not started would make its start fail.
        _started = _application.ApplicationStarted.UnsafeRegister(static self => ((XenHostLifetime)self!).Listen(), this);
        return Task.CompletedTask;
    }

    /// <summary>Called by the host when its services have stopped: ends listening.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _stop.Cancel();
        try
        {
            await _listening.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The time is up before xenstored has answered. The program ends, and what was advertised with it.
        }
    }

    /// <summary>Ends listening.</summary>
    public void Dispose()
    {
        _started.Dispose();
        _lifecycle.RequestIgnored -= LogIgnored;
        _stop.Cancel();
    }

    private void Listen()
    {
        _lifecycle.RequestIgnored += LogIgnored;
        _listening = ListenAsync();
    }

    private async Task ListenAsync()
    {
        try
        {
            await using IAsyncDisposable suspension = await _lifecycle.AllowSuspendAsync(_stop.Token);
            await using MemoryBalloon? balloon = await TryFollowMemoryAsync();
            await using TraceService? tracing = _options.AllowTracing ? await TryAllowTracingAsync() : null;
            await foreach (ShutdownRequest request in _lifecycle.RequestsAsync(cancellationToken: _stop.Token))
            {
                LogRequest(request);
                _lifecycle.SetExitReason(request == ShutdownRequest.Reboot ? ShutdownReason.Reboot : ShutdownReason.Poweroff);
                _application.StopApplication();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception exception) when (exception is XenstoreException or ObjectDisposedException or PlatformNotSupportedException)
        {
            LogDeaf(exception);
        }
    }

    /// <returns><see langword="null"/> if the program follows by itself, or xenstored refuses what is needed: the host goes on without.</returns>
    private async Task<MemoryBalloon?> TryFollowMemoryAsync()
    {
        if (_options.Memory is not { } options || _platform.Memory.Balloon is not null)
            return null;
        try
        {
            MemoryBalloon balloon = await _platform.Memory.FollowTargetAsync(options, _stop.Token);
            balloon.Changed += LogMemory;
            return balloon;
        }
        catch (XenstoreException exception)
        {
            LogUnfollowed(exception);
            return null;
        }
    }

    private void LogMemory(BalloonStatus status)
    {
        switch (status.State)
        {
            case BalloonState.Reached when _isMemoryTold: // not at the start, where nothing has changed
                LogMemoryReached(status);
                _missed = default;
                break;
            case BalloonState.InUse or BalloonState.Refused when _missed != (status.State, status.Target): // not each time that it is a little nearer
                LogMemoryMissed(status);
                _missed = (status.State, status.Target);
                break;
            case BalloonState.NoTarget when status.Error is not null:
                LogMemoryMissed(status);
                break;
        }
        _isMemoryTold |= status.State != BalloonState.Reached;
    }

    /// <returns><see langword="null"/> if xenstored refuses what is needed: the host goes on without.</returns>
    private async Task<TraceService?> TryAllowTracingAsync()
    {
        try
        {
            return await _platform.Tracing.AllowRemoteAsync(cancellationToken: _stop.Token);
        }
        catch (XenstoreException exception)
        {
            LogUntraceable(exception);
            return null;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "The toolstack asks for {Request}. The host stops.")]
    private partial void LogRequest(ShutdownRequest request);

    [LoggerMessage(2, LogLevel.Warning, "The toolstack asks for \"{Word}\", which this program does not do.")]
    private partial void LogIgnored(string word);

    [LoggerMessage(3, LogLevel.Error, "There is no way to xenstored any more: requests of the toolstack are not heard.")]
    private partial void LogDeaf(Exception exception);

    [LoggerMessage(4, LogLevel.Information, "The domain's memory is {Status}.")]
    private partial void LogMemoryReached(BalloonStatus status);

    [LoggerMessage(5, LogLevel.Warning, "The domain's memory is {Status}.")]
    private partial void LogMemoryMissed(BalloonStatus status);

    [LoggerMessage(7, LogLevel.Warning, "The domain's memory cannot follow the toolstack's target.")]
    private partial void LogUnfollowed(Exception exception);

    [LoggerMessage(6, LogLevel.Warning, "Traces cannot be offered to tools in dom0.")]
    private partial void LogUntraceable(Exception exception);
}
