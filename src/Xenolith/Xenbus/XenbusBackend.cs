namespace Xenolith.Xenbus;

/// <summary>Keeps the back end of a device attached to its front end, each time that the front end begins anew.</summary>
/// <remarks><inheritdoc cref="XenbusAttachment" path="/remarks"/>
/// <para>A front end whose domain got another number is another device, which the toolstack makes: its nodes are elsewhere.</para>
/// </remarks>
/// <param name="platform">The domain.</param>
/// <param name="type">The kind of device: <c>vif</c>, <c>vbd</c>.</param>
/// <param name="frontendDomain">The domain of the front end.</param>
/// <param name="id">Its number there.</param>
/// <param name="createDriver">Makes the driver of each connection.</param>
public sealed class XenbusBackend(XenPlatform platform, string type, int frontendDomain, int id, Func<XenbusDevice, IXenbusDriver> createDriver)
    : XenbusAttachment(platform, XenbusDevice.BackendPath(type, frontendDomain, id), createDriver)
{
    private protected override Task<XenbusDevice?> FindAsync(CancellationToken cancellationToken) =>
        XenbusDevice.FindBackendAsync(Platform, type, frontendDomain, id, cancellationToken);

    private protected override bool CanBegin(bool isNew, XenbusState theirs, bool isOnline) => theirs switch
    {
        XenbusState.Initialising => true,
        XenbusState.Unknown or XenbusState.Closing or XenbusState.Closed => false,
        _ => isNew, // a front end that did not wait for us; one of an earlier connection closes first
    };

    private protected override string BackendPathOf(XenbusDevice device) => device.Path;

    private protected override XenbusHandshake CreateHandshake(XenbusDevice device, IXenbusDriver driver) => XenbusHandshake.ForBackend(device, driver);
}
