namespace Xenolith.Contract;

/// <summary>
/// Where a contract is checked: two domains that share one host. They may be one and the same, since Xen lets a domain connect to itself and map its
/// own grants.
/// </summary>
/// <param name="Here">The platform under test.</param>
/// <param name="HereId">Its domain, as the other one names it.</param>
/// <param name="There">The peer's platform.</param>
/// <param name="ThereId">Its domain.</param>
public sealed record ContractWorld(XenPlatform Here, ushort HereId, XenPlatform There, ushort ThereId);

/// <summary>One thing that a platform must do.</summary>
/// <param name="Name">A sentence, its words joined by underscores.</param>
/// <param name="Run">Does it, and throws if the platform does not.</param>
public sealed record ContractCase(string Name, Func<ContractWorld, Task> Run)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Every case. A list and no reflection, so that it survives trimming.</summary>
public static class PlatformContract
{
    /// <summary>Cases that leave the world as they found it.</summary>
    public static IReadOnlyList<ContractCase> All { get; } =
    [
        .. EventChannelContract.All,
        .. GrantContract.All,
        .. XenstoreContract.All.Select(contract => new ContractCase(
            contract.Name, async world => await contract.RunAsync(await XenstoreWorld.CreateAsync(world.Here.Xenstore)))),
    ];
}
