using System.Globalization;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Xenbus;
using Xenolith.Xenstore;

namespace Xenolith.Consoles;

/// <summary>
/// A further console of this domain, beside the primary one that <see cref="Console"/> writes to: a stream of bytes to a program in another domain,
/// as libxl's <c>channel=</c> makes it. This domain has the front end.
/// </summary>
/// <example>
/// <code>
/// await using XenConsole agent = await XenConsole.OpenAsync(XenPlatform.Current, "org.example.agent", cancellationToken: stop);
/// using StreamReader reader = new(agent, leaveOpen: true);
/// while (await reader.ReadLineAsync(stop) is { } line)
///     await agent.WriteAsync(Encoding.UTF8.GetBytes($"got {line}\n"), stop);
/// </code>
/// </example>
/// <remarks><inheritdoc cref="ConsoleStream" path="/remarks"/>
/// <para>Source: Xen, io/console.h and docs/misc/console.txt: nodes <c>device/console/N</c> with N from 1.</para>
/// </remarks>
public sealed class XenConsole : ConsoleStream
{
    private const string DeviceType = "console";
    private const string Folder = "device/console";

    private XenConsole(XenPlatform platform, XenbusDevice device, XenConsoleInfo info, XenConsoleOptions options)
        : base(platform, device, Describe(info), options)
    {
        Id = info.Id;
        Name = info.Name;
    }

    /// <summary>Its number, from 1.</summary>
    public int Id { get; }

    /// <summary>Its name; <see langword="null"/> if it has none.</summary>
    public string? Name { get; }

    /// <summary>The domain that serves it.</summary>
    public ushort BackendDomain => Device.OtherDomain;

    /// <summary>The further consoles of this domain, by number.</summary>
    public static Task<IReadOnlyList<XenConsoleInfo>> ListAsync(XenPlatform platform, CancellationToken cancellationToken = default) =>
        ListAsync(platform.Xenstore, cancellationToken);

    /// <summary>Opens a console by its name and waits until its back end has connected.</summary>
    /// <param name="platform">The domain.</param>
    /// <param name="name">The name; of several consoles with it, the one with the lowest number is taken.</param>
    /// <param name="options">Limits; null: <see cref="XenConsoleOptions.Default"/>.</param>
    /// <param name="cancellationToken">Gives up. A back end may never come.</param>
    /// <exception cref="XenConsoleNotFoundException">There is none of that name.</exception>
    /// <exception cref="InvalidOperationException">It is open already.</exception>
    /// <exception cref="IOException">The back end closed it at once, or what stands in xenstore makes no sense
    /// (<see cref="XenbusException"/>).</exception>
    public static Task<XenConsole> OpenAsync(
        XenPlatform platform, string name, XenConsoleOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return OpenAsync(platform, console => console.Name == name, $"named \"{name}\"", options, cancellationToken);
    }

    /// <summary>Opens a console by its number and waits until its back end has connected.</summary>
    /// <param name="platform">The domain.</param>
    /// <param name="id">The number, from 1; console 0 is the primary one, which the kernel serves.</param>
    /// <param name="options">Limits; null: <see cref="XenConsoleOptions.Default"/>.</param>
    /// <param name="cancellationToken">Gives up. A back end may never come.</param>
    /// <exception cref="XenConsoleNotFoundException">There is none of that number.</exception>
    /// <exception cref="InvalidOperationException">It is open already.</exception>
    /// <exception cref="IOException">The back end closed it at once, or what stands in xenstore makes no sense
    /// (<see cref="XenbusException"/>).</exception>
    public static Task<XenConsole> OpenAsync(
        XenPlatform platform, int id, XenConsoleOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return OpenAsync(platform, console => console.Id == id, $"with the number {id}", options, cancellationToken);
    }

    private static async Task<XenConsole> OpenAsync(
        XenPlatform platform, Func<XenConsoleInfo, bool> isWanted, string wanted, XenConsoleOptions? options, CancellationToken cancellationToken)
    {
        options ??= XenConsoleOptions.Default;
        XenstoreClient store = platform.Xenstore;
        if (options.WaitForDevice)
        {
            await store.WaitAsync(
                async reader =>
                {
                    await reader.ListAsync(Folder, cancellationToken); // watches everything below
                    return (await ListAsync(store, cancellationToken)).Any(isWanted);
                },
                cancellationToken);
        }
        IReadOnlyList<XenConsoleInfo> all = await ListAsync(store, cancellationToken);
        if (all.FirstOrDefault(isWanted) is not { } info
            || await XenbusDevice.FindFrontendAsync(platform, DeviceType, info.Id, cancellationToken) is not { } device)
        {
            string others = all.Count == 0 ? "This domain has no further consoles." : $"There are: {string.Join(", ", all.Select(Describe))}.";
            throw new XenConsoleNotFoundException($"There is no console {wanted}. {others}");
        }
        XenConsole console = new(platform, device, info, options);
        await console.ConnectAsync(XenbusHandshake.ForFrontend(device, new Driver(console)), cancellationToken);
        return console;
    }

    private static async Task<IReadOnlyList<XenConsoleInfo>> ListAsync(XenstoreClient store, CancellationToken cancellationToken)
    {
        List<XenConsoleInfo> consoles = [];
        foreach (string node in await store.ListAsync(Folder, cancellationToken) ?? [])
        {
            string path = $"{Folder}/{node}";
            string? backend = await store.ReadAsync($"{path}/backend-id", cancellationToken);
            if (int.TryParse(node, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id > 0
                && ushort.TryParse(backend, NumberStyles.None, CultureInfo.InvariantCulture, out ushort domain))
            {
                string? name = await store.ReadAsync($"{path}/name", cancellationToken);
                string? state = await store.ReadAsync($"{path}/state", cancellationToken);
                consoles.Add(new XenConsoleInfo(id, name, domain, XenbusDevice.ParseState(state)));
            }
        }
        return [.. consoles.OrderBy(console => console.Id)];
    }

    private static string Describe(XenConsoleInfo info) => info.Name is null ? $"console {info.Id}" : $"console {info.Id} \"{info.Name}\"";

    /// <summary>What the front end does in the handshake: a zeroed page granted to the back end, and a port for it.</summary>
    private sealed class Driver(XenConsole console) : IXenbusDriver
    {
        private SharedPages? _page;
        private EventChannel? _channel;

        public async ValueTask PublishAsync(CancellationToken cancellationToken)
        {
            XenPlatform platform = console.Platform;
            ushort backend = console.BackendDomain;
            _page = await platform.Grants.ShareAsync(backend, 1, GrantAccess.ReadWrite, cancellationToken);
            _channel = platform.EventChannels.AllocateUnbound(backend);
            console.Attach(ConsoleRing.ForFrontend(_page.Pages, _channel));
            await console.Device.WriteAsync(
                [
                    new("ring-ref", _page.References[0].ToString(CultureInfo.InvariantCulture)),
                    new("port", _channel.Port.ToString(CultureInfo.InvariantCulture)),
                ],
                cancellationToken);
        }

        public ValueTask ConnectAsync(CancellationToken cancellationToken) => default;

        public ValueTask ReleaseAsync()
        {
            console.Detach();
            _channel?.Dispose();
            _page?.Dispose(); // a back end that has not let go keeps the page until it does
            return default;
        }
    }
}
