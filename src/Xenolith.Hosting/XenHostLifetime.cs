using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xenolith.Abi;
using Xenolith.Lifecycle;
using Xenolith.Xenstore;

namespace Xenolith.Hosting;

/// <summary>
/// The lifetime of a host that runs as a domain: listens for requests of the toolstack from the host's start until its services have stopped, and stops
/// the host at the first. The last request decides whether the end of the program is a poweroff or a reboot.
/// </summary>
/// <remarks>
/// How long the services may take is <c>HostOptions.ShutdownTimeout</c>, as ever. When they exceed it, stopping the host ends with an exception;
/// a program that does not catch it ends its domain as crashed. Use <see cref="XenHostingExtensions.UseXen{TBuilder}"/> to register it.
/// </remarks>
public sealed partial class XenHostLifetime : IHostLifetime, IDisposable
{
    private readonly DomainLifecycle _lifecycle;
    private readonly IHostApplicationLifetime _application;
    private readonly ILogger<XenHostLifetime> _logger;
    private readonly CancellationTokenSource _stop = new();
    private Task _listening = Task.CompletedTask;

    /// <summary>Creates it. It listens from <see cref="WaitForStartAsync"/> on.</summary>
    public XenHostLifetime(XenPlatform platform, IHostApplicationLifetime application, ILogger<XenHostLifetime> logger)
    {
        ArgumentNullException.ThrowIfNull(platform);
        ArgumentNullException.ThrowIfNull(application);
        ArgumentNullException.ThrowIfNull(logger);
        _lifecycle = platform.Lifecycle;
        _application = application;
        _logger = logger;
    }

    /// <summary>Begins to listen. A request that is there already stops the host before it has started.</summary>
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _lifecycle.RequestIgnored += LogIgnored;
        _listening = ListenAsync();
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
        _lifecycle.RequestIgnored -= LogIgnored;
        _stop.Cancel();
    }

    private async Task ListenAsync()
    {
        try
        {
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

    [LoggerMessage(1, LogLevel.Information, "The toolstack asks for {Request}. The host stops.")]
    private partial void LogRequest(ShutdownRequest request);

    [LoggerMessage(2, LogLevel.Warning, "The toolstack asks for \"{Word}\", which this program does not do.")]
    private partial void LogIgnored(string word);

    [LoggerMessage(3, LogLevel.Error, "There is no way to xenstored any more: requests of the toolstack are not heard.")]
    private partial void LogDeaf(Exception exception);
}
