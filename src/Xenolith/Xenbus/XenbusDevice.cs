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

    private XenbusDevice(XenstoreClient store, string path, string otherPath, ushort otherDomain)
    {
        _store = store;
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

    /// <summary>Finds a device for which this domain has the back end.</summary>
    /// <inheritdoc cref="FindAsync"/>
    public static Task<XenbusDevice?> FindBackendAsync(
        XenstoreClient store, string type, int frontendDomain, int id, CancellationToken cancellationToken = default) =>
        FindAsync(store, BackendPath(type, frontendDomain, id), "frontend", cancellationToken);

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
    public async Task WriteAsync(IReadOnlyList<KeyValuePair<string, string>> nodes, CancellationToken cancellationToken = default)
    {
        if (!await TryWriteAsync(nodes, cancellationToken))
            throw new XenbusException($"The device {Path} was removed.");
    }

    /// <summary>Writes this end's state. Does nothing if the device was removed, so that no node of it comes back.</summary>
    public async ValueTask WriteAsync(XenbusState state, CancellationToken cancellationToken) =>
        _ = await TryWriteAsync([new(StateNode, ((int)state).ToString(CultureInfo.InvariantCulture))], cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<XenbusState> WaitForOtherThanAsync(XenbusState known, CancellationToken cancellationToken)
    {
        XenbusState state = known;
        await _store.WaitAsync(async reader => (state = await ReadOtherStateAsync(reader, cancellationToken)) != known, cancellationToken);
        return state;
    }

    /// <summary>The state that a node's value means.</summary>
    internal static XenbusState ParseState(string? value) =>
        uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number <= (uint)XenbusState.Reconfigured
            ? (XenbusState)number
            : XenbusState.Unknown;

    /// <summary>Finds a device.</summary>
    /// <param name="store">The domain's client.</param>
    /// <param name="path">This end's node.</param>
    /// <param name="other">Which node names the other end's; with <c>-id</c> behind it, that end's domain.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/> if there is none.</returns>
    /// <exception cref="XenbusException">Its nodes make no sense.</exception>
    private static async Task<XenbusDevice?> FindAsync(XenstoreClient store, string path, string other, CancellationToken cancellationToken)
    {
        if (!await store.ExistsAsync(path, cancellationToken))
            return null;
        string? otherPath = await store.ReadAsync(XenstorePath.Combine(path, other), cancellationToken);
        string? otherDomain = await store.ReadAsync(XenstorePath.Combine(path, $"{other}-id"), cancellationToken);
        if (!XenstorePath.IsValid(otherPath) || otherPath is not ['/', ..])
            throw new XenbusException($"{path}/{other} does not name the other end of the device.");
        if (!ushort.TryParse(otherDomain, NumberStyles.None, CultureInfo.InvariantCulture, out ushort domain))
            throw new XenbusException($"{path}/{other}-id does not name the domain of the other end.");
        return new XenbusDevice(store, path, otherPath, domain);
    }

    private Task<bool> TryWriteAsync(IReadOnlyList<KeyValuePair<string, string>> nodes, CancellationToken cancellationToken) =>
        _store.RunTransactionAsync(
            async transaction =>
            {
                if (!await transaction.ExistsAsync(Path, cancellationToken))
                    return false;
                foreach ((string name, string value) in nodes)
                    await transaction.WriteAsync(XenstorePath.Combine(Path, name), value, cancellationToken);
                return true;
            },
            cancellationToken: cancellationToken);

    private async Task<XenbusState> ReadOtherStateAsync(XenstoreReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return ParseState(await reader.ReadAsync(XenstorePath.Combine(OtherPath, StateNode), cancellationToken));
        }
        catch (XenstoreAccessDeniedException)
        {
            return XenbusState.Unknown; // what lies below a node that is gone is reported so
        }
    }
}
