using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xenolith.Hosting.Logging;

namespace Xenolith.Hosting.Tests;

/// <summary>Which entries reach the console.</summary>
public sealed class LogFilterTests
{
    [Fact]
    public void Warnings_and_worse_are_shown_unless_the_program_says_otherwise() =>
        Assert.Equal([LogLevel.Warning, LogLevel.Error, LogLevel.Critical], Shown(_ => { }));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_minimum_level_counts_wherever_it_is_set(bool before) => Assert.Equal(
        [LogLevel.Debug, LogLevel.Information, LogLevel.Warning, LogLevel.Error, LogLevel.Critical],
        before ? Shown(logging => logging.SetMinimumLevel(LogLevel.Debug).AddXenConsole()) : Shown(logging => logging.AddXenConsole().SetMinimumLevel(LogLevel.Debug)));

    [Fact]
    public void A_filter_of_a_category_counts() => Assert.Equal(
        [LogLevel.Critical], Shown(logging => logging.AddFilter("Shop", LogLevel.Critical).AddXenConsole()));

    [Theory]
    [InlineData("Logging:LogLevel:Default")]
    [InlineData("Logging:LogLevel:Shop")]
    [InlineData("Logging:XenConsole:LogLevel:Default")]
    public void A_configured_level_counts(string key) => Assert.Equal(
        [LogLevel.Information, LogLevel.Warning, LogLevel.Error, LogLevel.Critical], Shown(_ => { }, (key, "Information")));

    [Fact]
    public void Adding_it_twice_writes_once() =>
        Assert.Single(Providers(logging => logging.AddXenConsole().AddXenConsole()).OfType<XenConsoleLoggerProvider>());

    [Fact]
    public void The_framework_s_own_console_can_be_left_out() =>
        Assert.IsType<XenConsoleLoggerProvider>(Assert.Single(Providers(logging => logging.ClearProviders().AddXenConsole())));

    [Fact]
    public void Options_are_set_where_it_is_added()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.AddXenConsole(options => options.IncludeScopes = true);
        using IHost host = builder.Build();
        Assert.True(host.Services.GetRequiredService<IOptions<XenConsoleLoggerOptions>>().Value.IncludeScopes);
    }

    private static LogLevel[] Shown(Action<ILoggingBuilder> configure, params (string Key, string Value)[] configuration)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(configuration.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)));
        builder.Logging.ClearProviders();
        configure(builder.Logging);
        builder.Logging.AddXenConsole();
        using IHost host = builder.Build();
        ILogger logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Shop.Orders");
        return [.. Enum.GetValues<LogLevel>().Where(level => level != LogLevel.None && logger.IsEnabled(level))];
    }

    private static IEnumerable<ILoggerProvider> Providers(Action<ILoggingBuilder> configure)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        configure(builder.Logging);
        using IHost host = builder.Build();
        return [.. host.Services.GetServices<ILoggerProvider>()];
    }
}
