using System.Globalization;
using Xenolith;
using Xenolith.Xenstore;

namespace EventPing;

/// <summary>How two domains that know nothing of each other meet: through xenstore, which all of them can reach.</summary>
internal static class Rendezvous
{
    private const string PeerPath = "data/peer", Folder = "data/event-ping", Port = "port";

    /// <summary>Waits until somebody has written the other domain's number.</summary>
    internal static async Task<ushort> WaitForPeerAsync(XenPlatform platform)
    {
        ushort peer = 0;
        await platform.Xenstore.WaitForValueAsync(PeerPath, value => ushort.TryParse(value, CultureInfo.InvariantCulture, out peer));
        return peer;
    }

    /// <summary>Tells the other domain, and no third one, where to connect.</summary>
    internal static async Task PublishPortAsync(XenPlatform platform, ushort peer, uint port)
    {
        XenstoreClient store = platform.Xenstore;
        await store.MakeDirectoryAsync(Folder);
        // A node takes over the permissions of the one above it, so the port can be read from its first moment.
        XenstorePermissions? own = await store.GetPermissionsAsync(Folder);
        await store.SetPermissionsAsync(Folder, new XenstorePermissions(own!.Owner, XenstoreAccess.None, new XenstorePermission(peer, XenstoreAccess.Read)));
        await store.WriteAsync($"{Folder}/{Port}", port.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until the other domain has published its port.</summary>
    internal static async Task<uint> WaitForPortAsync(XenPlatform platform, ushort peer)
    {
        uint port = 0;
        // What another domain wrote is not trusted: a value that is no number is waited past.
        await platform.Xenstore.WaitForValueAsync($"/local/domain/{peer}/{Folder}/{Port}", value => uint.TryParse(value, CultureInfo.InvariantCulture, out port));
        return port;
    }
}
