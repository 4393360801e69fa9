using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xenolith;
using Xenolith.Hosting;

namespace Microsoft.Extensions.Hosting;

/// <summary>Lets the toolstack of a Xen host stop a .NET host.</summary>
public static class XenHostingExtensions
{
    /// <summary>
    /// Where the program runs as a domain of Xen, makes <c>xl shutdown</c> stop the host gracefully, after which the domain powers off when the
    /// program returns from <c>Main</c>, and <c>xl reboot</c> the same with a reboot; lets it save and migrate the domain; has the memory follow
    /// <c>xl mem-set</c>; lets tools in dom0 trace the program; and registers the <see cref="XenPlatform"/>. In a process of a Linux domain it
    /// registers the platform alone, and in any other process nothing, so that the host still ends by Ctrl+C and SIGTERM.
    /// </summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="platform">The domain, for example of a simulation; <see langword="null"/> for the one that this program is, if it is one.</param>
    /// <param name="configure">
    /// Says what of this to do; <see langword="null"/>: all. Configuration of <see cref="XenHostOptions"/> elsewhere counts as well.
    /// </param>
    /// <returns><paramref name="builder"/>.</returns>
    public static TBuilder UseXen<TBuilder>(this TBuilder builder, XenPlatform? platform = null, Action<XenHostOptions>? configure = null)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddXenLifetime(platform, configure);
        return builder;
    }

    /// <inheritdoc cref="UseXen{TBuilder}"/>
    public static IHostBuilder UseXen(this IHostBuilder builder, XenPlatform? platform = null, Action<XenHostOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.ConfigureServices((_, services) => services.AddXenLifetime(platform, configure));
    }

    /// <summary>As <see cref="UseXen{TBuilder}"/>, for a host that is built otherwise.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="platform">As there.</param>
    /// <param name="configure">As there.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddXenLifetime(this IServiceCollection services, XenPlatform? platform = null, Action<XenHostOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (platform is null)
        {
            if (!XenPlatform.IsSupported)
                return services;
            platform = XenPlatform.Current;
        }

        services.TryAddSingleton(platform);
        if (configure is not null)
            services.Configure(configure);
        if (!platform.IsWholeDomain)
            return services;
        // A host takes the last lifetime that is registered; its own, which waits for signals, comes first.
        return services.AddSingleton<IHostLifetime>(provider => new XenHostLifetime(
            platform, provider.GetRequiredService<IHostApplicationLifetime>(), provider.GetRequiredService<ILogger<XenHostLifetime>>(),
            provider.GetService<IOptions<XenHostOptions>>()));
    }
}
