using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xenolith.Abi;
using Xenolith.Memory;
using Xenolith.Simulation;
using Xenolith.Tests.Platform;
using Xenolith.Tracing;
using Xenolith.Xenstore;

namespace Xenolith.Hosting.Tests;

/// <summary>A .NET host in a domain: the toolstack's requests stop it.</summary>
public sealed class HostLifetimeTests : IAsyncDisposable
{
    private const string Node = "/local/domain/1/control/shutdown";

    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _zero, _domain;
    private readonly XenstoreClient _toolstack;
    private readonly EntryList _log = new();

    public HostLifetimeTests()
    {
        _zero = _hypervisor.CreateDomain();
        _toolstack = _zero.Platform.Xenstore;
        _domain = _hypervisor.CreateDomain();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _domain.Platform.DisposeAsync();
        await _zero.Platform.DisposeAsync();
        _hypervisor.Dispose();
    }

    [Theory]
    [InlineData("poweroff", ShutdownReason.Poweroff)]
    [InlineData("reboot", ShutdownReason.Reboot)]
    public async Task A_request_stops_the_host_and_decides_how_the_program_ends(string word, ShutdownReason reason)
    {
        Service service = new();
        using IHost host = Build(service);
        Task run = host.RunAsync(Cancellation);
        await service.Started.Task.WaitAsync(Cancellation);
        await _toolstack.WriteAsync(Node, word, Cancellation);
        await run;
        Assert.True(service.IsStopped);
        Assert.Equal("", await _toolstack.ReadAsync(Node, Cancellation));
        Assert.Equal(reason, _domain.ExitReason);
        Assert.True(_domain.IsAlive); // it ends when Main returns
    }

    [Fact]
    public async Task A_host_is_suspended_and_goes_on()
    {
        Service service = new();
        using IHost host = Build(service);
        Task run = host.RunAsync(Cancellation);
        await service.Started.Task.WaitAsync(Cancellation);
        TaskCompletionSource resumed = new();
        using IDisposable hook = _domain.Platform.Hooks.OnSuspend(null, (_, _) =>
        {
            resumed.SetResult();
            return default;
        });
        await _toolstack.WriteAsync(Node, "suspend", Cancellation);
        await resumed.Task.WaitAsync(Cancellation);
        Assert.Equal(1, _domain.Platform.Generation.Number);
        Assert.False(service.IsStopped);
        await _toolstack.WriteAsync(Node, "poweroff", Cancellation);
        await run;
        Assert.True(service.IsStopped);
    }

    [Fact]
    public async Task The_memory_of_a_host_follows_the_target_and_the_log_says_so()
    {
        Service service = new();
        using IHost host = Build(service);
        Task run = host.RunAsync(Cancellation);
        await SetTargetAsync(20 * 1024);
        await _log.WaitForAsync(entry => entry == "Information: The domain's memory is 20480 KiB of at most 32768 KiB, as asked for.");
        Assert.Equal(20ul << 20, _domain.Figures.Memory.Total);
        await SetTargetAsync(2 * 1024);
        await _log.WaitForAsync(entry => entry == "Warning: The domain's memory is 20480 KiB of at most 32768 KiB: 18432 KiB more than asked for are in use.");
        await _toolstack.WriteAsync(Node, "poweroff", Cancellation);
        await run;
        Assert.Equal(0, _hypervisor.Xenstored.WatchCount);
    }

    [Fact]
    public async Task A_target_that_is_missed_is_told_once_however_the_memory_comes_and_goes()
    {
        Service service = new();
        using IHost host = Build(service);
        Task run = host.RunAsync(Cancellation);
        await SetTargetAsync(2 * 1024);
        await _log.WaitForAsync(entry => entry.StartsWith("Warning: The domain's memory is 20480 KiB", StringComparison.Ordinal));
        _domain.Figures.Trimmable = 2ul << 20;
        _domain.Platform.Memory.Trim();
        await _domain.Platform.Memory.Balloon!.WaitAsync(status => status is { State: BalloonState.InUse, Current: 18 << 20 }, Cancellation);
        await SetTargetAsync(1024);
        await _log.WaitForAsync(entry => entry == "Warning: The domain's memory is 18432 KiB of at most 32768 KiB: 17408 KiB more than asked for are in use.");
        Assert.Equal(2, _log.Entries.Count(entry => entry.Contains("in use", StringComparison.Ordinal)));
        await _toolstack.WriteAsync(Node, "poweroff", Cancellation);
        await run;
    }

    [Fact]
    public async Task A_host_that_does_not_want_that_keeps_its_memory()
    {
        Service service = new();
        using IHost host = Build(service, configure: options => options.Memory = null);
        Task run = host.RunAsync(Cancellation);
        await service.Started.Task.WaitAsync(Cancellation);
        await SetTargetAsync(20 * 1024);
        await _toolstack.WriteAsync(Node, "poweroff", Cancellation);
        await run;
        Assert.Null(_domain.Platform.Memory.Balloon);
        Assert.Equal(32ul << 20, _domain.Figures.Memory.Total);
    }

    [Fact]
    public async Task A_request_from_before_the_start_stops_the_host_too()
    {
        await _toolstack.WriteAsync(Node, "reboot", Cancellation);
        using IHost host = Build(new Service());
        await host.RunAsync(Cancellation);
        Assert.Equal(ShutdownReason.Reboot, _domain.ExitReason);
    }

    [Fact]
    public async Task A_request_during_a_slow_start_waits_until_the_host_has_started()
    {
        Service service = new() { MayStart = new() };
        using IHost host = Build(service);
        Task run = host.RunAsync(Cancellation);
        await _toolstack.WriteAsync(Node, "poweroff", Cancellation);
        await service.Started.Task.WaitAsync(Cancellation);
        Assert.Equal("poweroff", await _toolstack.ReadAsync(Node, Cancellation));
        service.MayStart.SetResult();
        await run;
        Assert.True(service.IsStopped);
    }

    [Fact]
    public async Task Requests_are_advertised_from_the_start_to_the_end()
    {
        using IHost host = Build(new Service());
        await host.StartAsync(Cancellation);
        await _toolstack.WaitForValueAsync("/local/domain/1/control/feature-reboot", value => value == "1", Cancellation);
        await host.StopAsync(Cancellation);
        Assert.Equal("0", await _toolstack.ReadAsync("/local/domain/1/control/feature-poweroff", Cancellation));
        Assert.Equal(0, _hypervisor.Xenstored.WatchCount);
    }

    [Fact]
    public async Task A_tool_in_dom0_can_trace_the_host_while_it_runs()
    {
        using IHost host = Build(new Service());
        await host.StartAsync(Cancellation);
        await using (TraceConnection connection = await TraceConnection.ConnectAsync(
            _zero.Platform, _domain.Id, new TraceConnectionOptions { WaitForOffer = true }, Cancellation))
        {
            Assert.True(_domain.Platform.Tracing.IsRunning);
        }
        await host.StopAsync(Cancellation);
        Assert.Null(await _toolstack.ReadAsync("/local/domain/1/data/xenolith/trace/offer", Cancellation));
        Assert.False(_domain.Platform.Tracing.IsRunning);
    }

    [Fact]
    public async Task A_host_that_is_told_not_to_offers_no_traces()
    {
        using IHost host = Build(new Service(), configure: options => options.AllowTracing = false);
        await host.StartAsync(Cancellation);
        await _toolstack.WaitForValueAsync("/local/domain/1/control/feature-reboot", value => value == "1", Cancellation);
        Assert.Null(await _toolstack.ReadAsync("/local/domain/1/data/xenolith/trace/offer", Cancellation));
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task The_last_request_counts_also_while_the_host_stops()
    {
        Service service = new() { MayStop = new() };
        using IHost host = Build(service);
        Task run = host.RunAsync(Cancellation);
        await _toolstack.WriteAsync(Node, "reboot", Cancellation);
        await service.Stopping.Task.WaitAsync(Cancellation);
        await _toolstack.WriteAsync(Node, "poweroff", Cancellation);
        await _toolstack.WaitForValueAsync(Node, value => value == "", Cancellation);
        await _log.WaitForAsync(entry => entry.Contains("PowerOff", StringComparison.Ordinal));
        service.MayStop.SetResult();
        await run;
        Assert.Equal(ShutdownReason.Poweroff, _domain.ExitReason);
    }

    [Fact]
    public async Task A_service_that_takes_its_time_is_waited_for()
    {
        Service service = new() { MayStop = new() };
        using IHost host = Build(service);
        Task run = host.RunAsync(Cancellation);
        await _toolstack.WriteAsync(Node, "poweroff", Cancellation);
        await service.Stopping.Task.WaitAsync(Cancellation);
        Assert.False(run.IsCompleted);
        service.MayStop.SetResult();
        await run;
        Assert.True(service.IsStopped);
    }

    [Fact]
    public async Task A_service_that_takes_longer_than_the_host_s_timeout_is_given_up()
    {
        Service service = new() { MayStop = new() };
        using IHost host = Build(service, TimeSpan.FromMilliseconds(50));
        Task run = host.RunAsync(Cancellation);
        await _toolstack.WriteAsync(Node, "poweroff", Cancellation);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.False(service.IsStopped);
    }

    [Fact]
    public async Task A_host_that_stops_by_itself_powers_off()
    {
        using IHost host = Build(new Service());
        Task run = host.RunAsync(Cancellation);
        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await run;
        Assert.Equal(ShutdownReason.Poweroff, _domain.ExitReason);
    }

    [Fact]
    public async Task A_word_that_is_no_request_is_logged_and_the_host_goes_on()
    {
        using IHost host = Build(new Service());
        Task run = host.RunAsync(Cancellation);
        await _toolstack.WriteAsync(Node, "dance", Cancellation);
        await _log.WaitForAsync(entry => entry == "Warning: The toolstack asks for \"dance\", which this program does not do.");
        Assert.False(run.IsCompleted);
        await _toolstack.WriteAsync(Node, "poweroff", Cancellation);
        await run;
    }

    [Fact]
    public async Task A_host_whose_xenstored_is_gone_for_good_goes_on_and_says_so()
    {
        using IHost host = Build(new Service());
        await host.StartAsync(Cancellation);
        await _domain.Platform.DisposeAsync();
        await _log.WaitForAsync(entry => entry.StartsWith("Error: There is no way to xenstored", StringComparison.Ordinal));
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public void The_older_kind_of_builder_does_the_same()
    {
        using IHost host = new HostBuilder().UseXen(_domain.Platform).Build();
        Assert.IsType<XenHostLifetime>(host.Services.GetRequiredService<IHostLifetime>());
        Assert.Same(_domain.Platform, host.Services.GetRequiredService<XenPlatform>());
    }

    [Fact]
    public void Outside_of_Xen_nothing_changes()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        int services = builder.Services.Count;
        Assert.Same(builder, builder.UseXen());
        Assert.Equal(services, builder.Services.Count);
    }

    [Fact]
    public async Task In_a_process_of_a_Linux_domain_a_host_gets_the_platform_and_keeps_its_lifetime()
    {
        await using ProcessPlatform platform = new();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseXen(platform);
        Assert.Same(platform, Assert.Single(builder.Services, service => service.ServiceType == typeof(XenPlatform)).ImplementationInstance);
        Assert.DoesNotContain(builder.Services, service => service.ImplementationFactory?.Method.DeclaringType?.Assembly == typeof(XenHostLifetime).Assembly);
    }

    [Fact]
    public void In_a_process_nothing_reboots() =>
        Assert.Throws<PlatformNotSupportedException>(() => XenPlatform.Current.Lifecycle);

    private Task SetTargetAsync(int kibi) => _toolstack.WriteAsync("/local/domain/1/memory/target", $"{kibi}", Cancellation);

    private IHost Build(Service service, TimeSpan? shutdownTimeout = null, Action<XenHostOptions>? configure = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseXen(_domain.Platform, configure);
        builder.Logging.AddProvider(_log);
        builder.Services.AddSingleton<IHostedService>(service);
        if (shutdownTimeout is TimeSpan timeout)
            builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = timeout);
        return builder.Build();
    }

    /// <summary>Starts and stops when it may, at once unless told otherwise.</summary>
    private sealed class Service : IHostedService
    {
        public TaskCompletionSource Started { get; } = new();

        public TaskCompletionSource Stopping { get; } = new();

        public TaskCompletionSource? MayStart { get; init; }

        public TaskCompletionSource? MayStop { get; init; }

        public bool IsStopped { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            Started.SetResult();
            return MayStart is null ? Task.CompletedTask : MayStart.Task.WaitAsync(cancellationToken);
        }

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            Stopping.SetResult();
            if (MayStop is not null)
                await MayStop.Task.WaitAsync(cancellationToken);
            IsStopped = true;
        }
    }

    /// <summary>Keeps log entries, and lets a test wait for one.</summary>
    private sealed class EntryList : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _entries = new();
        private readonly SemaphoreSlim _added = new(0);

        public IEnumerable<string> Entries => _entries;

        public async Task WaitForAsync(Func<string, bool> predicate)
        {
            while (!_entries.Any(predicate))
                await _added.WaitAsync(Cancellation);
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            _entries.Enqueue($"{logLevel}: {formatter(state, exception)}");
            _added.Release();
        }

        public void Dispose()
        {
        }
    }
}
