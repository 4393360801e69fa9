using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Xenolith.Hosting.Logging;

namespace Microsoft.Extensions.Logging;

/// <summary>Sends log entries to the domain's console.</summary>
public static class XenConsoleLoggingExtensions
{
    /// <summary>
    /// Writes log entries to standard output, one line each, before the call that logs returns: what was logged before a crash is on the console.
    /// In a domain that is the Xen console, elsewhere the process's.
    /// </summary>
    /// <remarks>
    /// Quiet unless told otherwise: from <see cref="LogLevel.Warning"/> on, where the framework's own default is
    /// <see cref="LogLevel.Information"/>, because the console of a domain is a ring of 2 KiB that everybody who writes waits for. Any filter, any
    /// configured level and <c>SetMinimumLevel</c> come before this default. It applies to all providers.
    /// </remarks>
    /// <param name="builder">The logging builder; <c>ClearProviders</c> first removes the framework's own console logger, if there is one.</param>
    /// <param name="configure">Sets options; <see langword="null"/> for the defaults.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static ILoggingBuilder AddXenConsole(this ILoggingBuilder builder, Action<XenConsoleLoggerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (configure is not null)
            builder.Services.Configure(configure);
        SetDefaultLevel(builder.Services);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoggerProvider, XenConsoleLoggerProvider>(
            provider => new XenConsoleLoggerProvider(Console.OpenStandardOutput(), provider.GetRequiredService<IOptions<XenConsoleLoggerOptions>>().Value)));
        return builder;
    }

    /// <summary>Comes right behind the framework's own default, and so before all that a program sets, whatever the order of its calls.</summary>
    private static void SetDefaultLevel(IServiceCollection services)
    {
        int framework = 0;
        while (framework < services.Count && services[framework].ServiceType != typeof(IConfigureOptions<LoggerFilterOptions>))
            framework++;
        services.Insert(
            Math.Min(framework + 1, services.Count),
            ServiceDescriptor.Singleton<IConfigureOptions<LoggerFilterOptions>>(
                new ConfigureOptions<LoggerFilterOptions>(static options => options.MinLevel = LogLevel.Warning)));
    }
}
