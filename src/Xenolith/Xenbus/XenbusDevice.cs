using System.Globalization;
using Xenolith.Xenstore;

namespace Xenolith.Xenbus;

/// <summary>
/// One end of a device as it stands in xenstore: its own nodes, the other end's, and the states of both, over which <see cref="XenbusHandshake"/>
/// runs.
/// </summary>
/// <remarks>
/// <code>
/// device/TYPE/ID                    front end: backend, backend-id, state, and what the type adds
/// backend/TYPE/FRONT-DOMAIN/ID      back end: frontend, frontend-id, state, and what the type adds
/// </code>
/// <para>Both below the home of their domain; made by the toolstack. Source: Xen, docs/misc/xenstore-paths.pandoc, and libxl.</para>
/// <para>What the other end wrote may be anything: a state that is no state counts as <see cref="XenbusState.Unknown"/>, and a number is
/// checked.</para>
/// </remarks>
public sealed class XenbusDevice : IXenbusStates
{
    private const string StateNode = "state";

    private readonly XenstoreClient _store;
    private readonly XenPlatform? _platform; // null: whoever found the device has not said
    private readonly Generation? _generation;
    private readonly string _link; // the node that names the other end

    private XenbusDevice(
        XenstoreClient store, XenPlatform? platform, Generation? generation, string path, string link, string otherPath, ushort otherDomain)
    {
        _store = store;
        _platform = platform;
        _generation = generation;
        _link = XenstorePath.Combine(path, link);
        Path = path;
        OtherPath = otherPath;
        OtherDomain = otherDomain;
    }

    /// <summary>This end's node, relative to the domain's home.</summary>
    public string Path { get; }

    /// <summary>The other end's node, absolute.</summary>
    public string OtherPath { get; }

    /// <summary>The domain of the other end.</summary>
    public ushort OtherDomain { get; }

    /// <summary>This end's node of a front end.</summary>
    /// <param name="type">The kind of device: <c>console</c>, <c>vif</c>, <c>vbd</c>.</param>
    /// <param name="id">Its number.</param>
    public static string FrontendPath(string type, int id) => string.Create(CultureInfo.InvariantCulture, $"device/{type}/{id}");

    /// <summary>This end's node of a back end.</summary>
    /// <param name="type">The kind of device: <c>console</c>, <c>vif</c>, <c>vbd</c>.</param>
    /// <param name="frontendDomain">The domain of the front end.</param>
    /// <param name="id">Its number there.</param>
    public static string BackendPath(string type, int frontendDomain, int id) =>
        string.Create(CultureInfo.InvariantCulture, $"backend/{type}/{frontendDomain}/{id}");

    /// <summary>Finds a device for which this domain has the front end.</summary>
    /// <inheritdoc cref="FindAsync"/>
    public static Task<XenbusDevice?> FindFrontendAsync(XenstoreClient store, string type, int id, CancellationToken cancellationToken = default) =>
        FindAsync(store, FrontendPath(type, id), "backend", cancellationToken);

    /// <summary>
    /// Finds a device for which this domain has the front end, for the present generation: after a resume its writes throw
    /// <see cref="StaleHandleException"/>, so that nothing of before gets into the nodes of the domain's new home.
    /// </summary>
    /// <param name="platform">The domain.</param>
    /// <param name="type">The kind of device.</param>
    /// <param name="id">Its number.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/> if there is none.</returns>
    /// <exception cref="XenbusException">Its nodes make no sense.</exception>
    /// <exception cref="StaleHandleException">The domain was resumed meanwhile.</exception>
    public static Task<XenbusDevice?> FindFrontendAsync(XenPlatform platform, string type, int id, CancellationToken cancellationToken = default) =>
        FindInGenerationAsync(platform, FrontendPath(type, id), "backend", cancellationToken);

    /// <summary>Finds a device for which this domain has the back end.</summary>
    /// <inheritdoc cref="FindAsync"/>
    public static Task<XenbusDevice?> FindBackendAsync(
        XenstoreClient store, string type, int frontendDomain, int id, CancellationToken cancellationToken = default) =>
        FindAsync(store, BackendPath(type, frontendDomain, id), "frontend", cancellationToken);

    /// <summary>Finds a device for which this domain has the back end, for the present generation.</summary>
    /// <param name="platform">The domain.</param>
    /// <param name="type">The kind of device.</param>
    /// <param name="frontendDomain">The domain of the front end.</param>
    /// <param name="id">Its number there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="FindFrontendAsync(XenPlatform, string, int, CancellationToken)" path="/returns|/exception"/>
    public static Task<XenbusDevice?> FindBackendAsync(
        XenPlatform platform, string type, int frontendDomain, int id, CancellationToken cancellationToken = default) =>
        FindInGenerationAsync(platform, BackendPath(type, frontendDomain, id), "frontend", cancellationToken);

    /// <summary>Reads a node of this end.</summary>
    /// <returns><see langword="null"/> if there is none.</returns>
    public Task<string?> ReadAsync(string name, CancellationToken cancellationToken = default) =>
        _store.ReadAsync(XenstorePath.Combine(Path, name), cancellationToken);

    /// <summary>Reads a node of the other end.</summary>
    /// <returns><see langword="null"/> if there is none, or none that this domain may read: xenstored does not tell the difference.</returns>
    public async Task<string?> ReadOtherAsync(string name, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _store.ReadAsync(XenstorePath.Combine(OtherPath, name), cancellationToken);
        }
        catch (XenstoreAccessDeniedException)
        {
            return null;
        }
    }

    /// <summary>Reads a number that the other end must have written, such as a grant reference or a port.</summary>
    /// <exception cref="XenbusException">There is none, or it is no decimal number below 2^32.</exception>
    public async Task<uint> ReadOtherNumberAsync(string name, CancellationToken cancellationToken = default)
    {
        string? text = await ReadOtherAsync(name, cancellationToken);
        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            ? number
            : throw new XenbusException(text is null
                ? $"Domain {OtherDomain} has not written {OtherPath}/{name}."
                : $"Domain {OtherDomain} has written a {OtherPath}/{name} that is no number.");
    }

    /// <summary>Writes nodes of this end, all at once.</summary>
    /// <exception cref="XenbusException">The device was removed.</exception>
    /// <exception cref="StaleHandleException">The domain was resumed since the device was found for its generation.</exception>
    public async Task WriteAsync(IReadOnlyList<KeyValuePair<string, string>> nodes, CancellationToken cancellationToken = default)
    {
        if (!await TryWriteAsync(nodes, cancellationToken))
            throw new XenbusException($"The device {Path} was removed.");
    }

    /// <summary>Writes this end's state. Does nothing if the device was removed or replaced by another, so that no node of it comes back.</summary>
    /// <exception cref="StaleHandleException">The domain was resumed since the device was found for its generation.</exception>
    public async ValueTask WriteAsync(XenbusState state, CancellationToken cancellationToken) =>
        _ = await TryWriteAsync([new(StateNode, ((int)state).ToString(CultureInfo.InvariantCulture))], cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<XenbusState> WaitForOtherThanAsync(XenbusState known, CancellationToken cancellationToken)
    {
        XenbusState state = known;
        await _store.WaitAsync(async reader => (state = await ReadStateAsync(reader, OtherPath, cancellationToken)) != known, cancellationToken);
        return state;
    }

    /// <summary>Waits until the device is removed, or another is in its place.</summary>
    internal Task WaitForRemovalAsync(CancellationToken cancellationToken) => _store.WaitAsync(
        async reader =>
        {
            try
            {
                return await reader.ReadAsync(_link, cancellationToken) != OtherPath;
            }
            catch (XenstoreAccessDeniedException)
            {
                return true; // gone
            }
        },
        cancellationToken);

    /// <summary>The state that a node's value means.</summary>
    internal static XenbusState ParseState(string? value) =>
        uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number <= (uint)XenbusState.Reconfigured
            ? (XenbusState)number
            : XenbusState.Unknown;

    /// <summary>Finds a device of the present generation by this end's node.</summary>
    internal static async Task<XenbusDevice?> FindInGenerationAsync(
        XenPlatform platform, string path, string other, CancellationToken cancellationToken)
    {
        Generation generation = platform.Generation; // before the first read
        XenbusDevice? device = await FindAsync(platform.Xenstore, path, other, cancellationToken, platform, generation);
        return generation == platform.Generation ? device : throw new StaleHandleException($"The device {path}");
    }

    /// <summary>The state of an end as somebody who waits reads it; unknown where there is none that may be read.</summary>
    internal static async Task<XenbusState> ReadStateAsync(XenstoreReader reader, string path, CancellationToken cancellationToken)
    {
        try
        {
            return ParseState(await reader.ReadAsync(XenstorePath.Combine(path, StateNode), cancellationToken));
        }
        catch (XenstoreAccessDeniedException)
        {
            return XenbusState.Unknown; // what lies below a node that is gone is reported so
        }
    }

    /// <summary>Finds a device.</summary>
    /// <param name="store">The domain's client.</param>
    /// <param name="path">This end's node.</param>
    /// <param name="other">Which node names the other end's; with <c>-id</c> behind it, that end's domain.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="platform">The domain, for a device of one generation.</param>
    /// <param name="generation">The generation.</param>
    /// <returns><see langword="null"/> if there is none.</returns>
    /// <exception cref="XenbusException">Its nodes make no sense.</exception>
    private static async Task<XenbusDevice?> FindAsync(
        XenstoreClient store, string path, string other, CancellationToken cancellationToken, XenPlatform? platform = null, Generation? generation = null)
    {
        if (!await store.ExistsAsync(path, cancellationToken))
            return null;
        string? otherPath = await store.ReadAsync(XenstorePath.Combine(path, other), cancellationToken);
        string? otherDomain = await store.ReadAsync(XenstorePath.Combine(path, $"{other}-id"), cancellationToken);
        string? wrong = null;
        if (!XenstorePath.IsValid(otherPath) || otherPath is not ['/', ..])
            wrong = $"{path}/{other} does not name the other end of the device.";
        if (!ushort.TryParse(otherDomain, NumberStyles.None, CultureInfo.InvariantCulture, out ushort domain))
            wrong ??= $"{path}/{other}-id does not name the domain of the other end.";
        if (wrong is null)
            return new XenbusDevice(store, platform, generation, path, other, otherPath!, domain);
        return await store.ExistsAsync(path, cancellationToken) ? throw new XenbusException(wrong) : null; // removed between two reads
    }

    private Task<bool> TryWriteAsync(IReadOnlyList<KeyValuePair<string, string>> nodes, CancellationToken cancellationToken) =>
        _store.RunTransactionAsync(
            async transaction =>
            {
                // A transaction is of one connection, and a connection of one generation: looked at after the beginning, it stays true.
                if (_platform?.Generation != _generation)
                    throw new StaleHandleException($"The device {Path}");
                if (await transaction.ReadAsync(_link, cancellationToken) != OtherPath)
                    return false;
                foreach ((string name, string value) in nodes)
                    await transaction.WriteAsync(XenstorePath.Combine(Path, name), value, cancellationToken);
                return true;
            },
            cancellationToken: cancellationToken);
}
