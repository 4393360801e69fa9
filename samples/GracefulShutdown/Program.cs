// A host with a service that has something to finish. `xl shutdown` and `xl reboot` stop it gracefully; so do Ctrl+C and SIGTERM where the same
// program runs as a process. When nobody asks for some seconds (3, or the first argument; 0: it waits for ever), it asks itself. The second
// argument says how many seconds the service needs to finish; the host gives its services 30 (HostOptions.ShutdownTimeout).
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xenolith;

double patience = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 3;
TimeSpan lastWork = TimeSpan.FromSeconds(args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 0.2);

HostApplicationBuilder builder = Host.CreateApplicationBuilder();
builder.UseXen();
builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Information).AddXenConsole();
builder.Services.AddSingleton(services => new Counter(lastWork, services.GetRequiredService<ILogger<Counter>>()));
builder.Services.AddHostedService(services => services.GetRequiredService<Counter>());
if (patience > 0)
{
    builder.Services.AddHostedService(services => new Impatience(
        TimeSpan.FromSeconds(patience), services.GetRequiredService<IHostApplicationLifetime>(), services.GetRequiredService<ILogger<Impatience>>()));
}

Counter counter;
using (IHost host = builder.Build())
{
    counter = host.Services.GetRequiredService<Counter>();
    await host.RunAsync();
}
Console.WriteLine(counter.IsFinished ? "finished in order" : "cut off");
return counter.IsFinished ? 0 : 1;

/// <summary>Counts until it is asked to stop, and then finishes what it has begun.</summary>
internal sealed class Counter(TimeSpan lastWork, ILogger<Counter> logger) : BackgroundService
{
    public bool IsFinished { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        int count = 0;
        logger.LogInformation("counting");
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                count++;
        }
        catch (OperationCanceledException)
        {
            // Asked to stop: the token was cancelled.
        }

        await Task.Delay(lastWork, CancellationToken.None); // a real service drains a queue here, or writes a last record
        IsFinished = true;
        logger.LogInformation("counted to {Count}", count);
    }
}

/// <summary>Plays the toolstack: asks this domain to power off as `xl shutdown` does, by a word in xenstore.</summary>
internal sealed class Impatience(TimeSpan patience, IHostApplicationLifetime host, ILogger<Impatience> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(patience, stoppingToken);
        if (XenPlatform.IsSupported)
        {
            logger.LogInformation("nobody asks, so xenstore says \"poweroff\"");
            await XenPlatform.Current.Xenstore.WriteAsync("control/shutdown", "poweroff", stoppingToken);
        }
        else
        {
            logger.LogInformation("nobody asks, and there is no toolstack to be");
            host.StopApplication();
        }
    }
}
