using System.Globalization;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Xenbus;
using Xenolith.Xenstore;

namespace Xenolith.Consoles;

/// <summary>
/// A console of another domain that this domain serves, as a domain that collects logs does. This domain has the back end: it reads what the other
/// writes, and writes what the other reads.
/// </summary>
/// <remarks><inheritdoc cref="ConsoleStream" path="/remarks"/>
/// <para>The toolstack makes the nodes of both ends, <c>backend/console/FRONT-DOMAIN/N</c> here. A connection lasts until either end closes it; for
/// the next one of the same front end, call <see cref="ServeAsync"/> again. The primary console of a domain has no such nodes and is not served
/// here.</para>
/// </remarks>
public sealed class XenConsoleBackend : ConsoleStream
{
    private const string DeviceType = "console";
    private const string Folder = "backend/console";

    private XenConsoleBackend(XenPlatform platform, XenbusDevice device, int id, string? name, XenConsoleOptions options)
        : base(platform, device, $"console {id}{(name is null ? "" : $" \"{name}\"")} of domain {device.OtherDomain}", options)
    {
        Id = id;
        Name = name;
    }

    /// <summary>The domain whose console it is.</summary>
    public ushort FrontendDomain => Device.OtherDomain;

    /// <summary>Its number there, from 1.</summary>
    public int Id { get; }

    /// <summary>Its name; <see langword="null"/> if it has none.</summary>
    public string? Name { get; }

    /// <summary>The consoles that this domain is to serve, by domain and number.</summary>
    public static async Task<IReadOnlyList<XenConsoleBackendInfo>> ListAsync(XenPlatform platform, CancellationToken cancellationToken = default)
    {
        XenstoreClient store = platform.Xenstore;
        List<XenConsoleBackendInfo> consoles = [];
        foreach (string domainNode in await store.ListAsync(Folder, cancellationToken) ?? [])
        {
            if (!ushort.TryParse(domainNode, NumberStyles.None, CultureInfo.InvariantCulture, out ushort domain))
                continue;
            foreach (string node in await store.ListAsync($"{Folder}/{domainNode}", cancellationToken) ?? [])
            {
                if (!int.TryParse(node, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id <= 0)
                    continue;
                string path = XenbusDevice.BackendPath(DeviceType, domain, id);
                string? name = await store.ReadAsync($"{path}/name", cancellationToken);
                string? state = await store.ReadAsync($"{path}/state", cancellationToken);
                consoles.Add(new XenConsoleBackendInfo(domain, id, name, XenbusDevice.ParseState(state)));
            }
        }
        return [.. consoles.OrderBy(console => console.FrontendDomain).ThenBy(console => console.Id)];
    }

    /// <summary>Serves a console: offers it and waits until its front end has connected.</summary>
    /// <param name="platform">The domain.</param>
    /// <param name="frontendDomain">The domain whose console it is; this domain's own number is allowed.</param>
    /// <param name="id">The number of the console there, from 1.</param>
    /// <param name="options">Limits; null: <see cref="XenConsoleOptions.Default"/>.</param>
    /// <param name="cancellationToken">Gives up. A front end may never come.</param>
    /// <exception cref="XenConsoleNotFoundException">The toolstack has made no such console for this domain to serve.</exception>
    /// <exception cref="InvalidOperationException">It is served already.</exception>
    /// <exception cref="IOException">The front end closed it at once, or what it wrote makes no sense (<see cref="XenbusException"/>).</exception>
    /// <exception cref="XenException">The page or the port that the front end names is not for this domain.</exception>
    public static async Task<XenConsoleBackend> ServeAsync(
        XenPlatform platform, ushort frontendDomain, int id, XenConsoleOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        options ??= XenConsoleOptions.Default;
        XenstoreClient store = platform.Xenstore;
        if (options.WaitForDevice)
        {
            string path = XenbusDevice.BackendPath(DeviceType, frontendDomain, id);
            await store.WaitAsync(reader => new ValueTask<bool>(reader.ExistsAsync(path, cancellationToken)), cancellationToken);
        }
        XenbusDevice device = await XenbusDevice.FindBackendAsync(platform, DeviceType, frontendDomain, id, cancellationToken)
            ?? throw new XenConsoleNotFoundException($"There is no console {id} of domain {frontendDomain} for this domain to serve.");
        XenConsoleBackend console = new(platform, device, id, await device.ReadAsync("name", cancellationToken), options);
        // A front end that has ended its last connection begins the next one by itself, with this state.
        XenbusState theirs = XenbusState.Closed;
        while (theirs is XenbusState.Closed or XenbusState.Closing)
            theirs = await device.WaitForOtherThanAsync(theirs, cancellationToken);
        await console.ConnectAsync(XenbusHandshake.ForBackend(device, new Driver(console)), cancellationToken);
        return console;
    }

    /// <summary>What the back end does in the handshake: it maps the page and connects to the port.</summary>
    private sealed class Driver(XenConsoleBackend console) : IXenbusDriver
    {
        private ForeignMapping? _page;
        private EventChannel? _channel;

        public ValueTask PublishAsync(CancellationToken cancellationToken) => default; // there is nothing to choose from

        public async ValueTask ConnectAsync(CancellationToken cancellationToken)
        {
            XenPlatform platform = console.Platform;
            ushort frontend = console.FrontendDomain;
            uint reference = await console.Device.ReadOtherNumberAsync("ring-ref", cancellationToken);
            uint port = await console.Device.ReadOtherNumberAsync("port", cancellationToken);
            _page = platform.Grants.Map(new ForeignGrant(frontend, reference), GrantAccess.ReadWrite);
            _channel = platform.EventChannels.BindInterdomain(frontend, port);
            console.Attach(ConsoleRing.ForBackend(_page, _channel));
        }

        public ValueTask ReleaseAsync()
        {
            console.Detach();
            _channel?.Dispose();
            ((IDisposable?)_page)?.Dispose();
            return default;
        }
    }
}
