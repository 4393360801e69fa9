namespace Xenolith.Xenbus;

/// <summary>Keeps the front end of a device attached, through resumes and migrations of the domain, and when the back end begins anew.</summary>
/// <remarks><inheritdoc cref="XenbusAttachment" path="/remarks"/></remarks>
/// <example>
/// <code>
/// XenbusFrontend frontend = new(platform, "vif", 0, device => new Connection(device, packets));
/// Task running = frontend.RunAsync(CancellationToken.None);
/// ...
/// frontend.Close();
/// await running;
/// </code>
/// </example>
/// <param name="platform">The domain.</param>
/// <param name="type">The kind of device: <c>vif</c>, <c>vbd</c>.</param>
/// <param name="id">Its number.</param>
/// <param name="createDriver">Makes the driver of each connection.</param>
public sealed class XenbusFrontend(XenPlatform platform, string type, int id, Func<XenbusDevice, IXenbusDriver> createDriver)
    : XenbusAttachment(platform, XenbusDevice.FrontendPath(type, id), createDriver)
{
    private protected override Task<XenbusDevice?> FindAsync(CancellationToken cancellationToken) =>
        XenbusDevice.FindFrontendAsync(Platform, type, id, cancellationToken);

    private protected override bool CanBegin(bool isNew, XenbusState theirs, bool isOnline) => theirs switch
    {
        XenbusState.Closed => isOnline, // begins anew when we do
        XenbusState.Initialising => true,
        // InitWait may be from before it has seen that we let go: then it says so by closing, and our grants of before are looked at no more.
        XenbusState.Unknown or XenbusState.Closing => false,
        _ => isNew,
    };

    private protected override string BackendPathOf(XenbusDevice device) => device.OtherPath;

    private protected override XenbusHandshake CreateHandshake(XenbusDevice device, IXenbusDriver driver) => XenbusHandshake.ForFrontend(device, driver);
}
