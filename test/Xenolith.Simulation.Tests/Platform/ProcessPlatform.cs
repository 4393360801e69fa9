using Xenolith.Grants;
using Xenolith.Tests.EventChannels;

namespace Xenolith.Tests.Platform;

/// <summary>A platform whose program is a process, as in a Linux domain.</summary>
internal sealed class ProcessPlatform(GrantOperations? grants = null) : XenPlatform(new NoEvents(), grants ?? new NoGrants(), new NoFigures(), TimeProvider.System)
{
    public override bool IsWholeDomain => false;
}
