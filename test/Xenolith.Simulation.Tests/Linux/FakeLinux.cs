using Xenolith.Abi;
using Xenolith.Linux;
using Xenolith.Tests.EventChannels;

namespace Xenolith.Tests.Linux;

/// <summary>The platform of a process in a Linux domain over devices whose answers a test gives.</summary>
internal sealed unsafe class FakeLinux : XenPlatform
{
    private readonly LinuxEventChannels _events;
    private readonly LinuxGrants _grants;
    private uint _lastPort = 6;
    private uint _lastGrant;

    private FakeLinux(FakeDevice evtchn, FakeDevice gntalloc, FakeDevice gntdev, LinuxEventChannels events, LinuxGrants grants)
        : base(events, grants, new NoFigures(), TimeProvider.System)
    {
        (EventDevice, GrantingDevice, MappingDevice, _events, _grants) = (evtchn, gntalloc, gntdev, events, grants);
        evtchn.Answer = (request, _) => (XenError.None, request is LinuxEvtchnIoctl.Notify or LinuxEvtchnIoctl.Unbind ? 0 : (int)++_lastPort);
        gntalloc.Answer = AllocateGrant;
        gntdev.Answer = MapGrant;
    }

    public override bool IsWholeDomain => false;

    internal FakeDevice EventDevice { get; }

    internal FakeDevice GrantingDevice { get; }

    internal FakeDevice MappingDevice { get; }

    /// <summary>Pages that the granting device has made and not taken back.</summary>
    internal int Allocated { get; private set; }

    /// <summary>Mappings that the mapping device knows.</summary>
    internal int Mapped { get; private set; }

    /// <summary>Where the granting device says that a page is, beside where it is.</summary>
    internal ulong WrongBy { get; set; }

    internal static FakeLinux Create()
    {
        FakeDevice evtchn = new("evtchn"), gntalloc = new("gntalloc", pages: 16), gntdev = new("gntdev", pages: 16);
        LinuxEventChannels events = new(evtchn);
        return new FakeLinux(evtchn, gntalloc, gntdev, events, new LinuxGrants(new LinuxIdentity(), events, gntalloc, gntdev));
    }

    internal void Resume()
    {
        Mapped = Allocated = 0;
        BeginNextGeneration();
    }

    private protected override void RenewPlace()
    {
        _events.Renew();
        _grants.Renew();
    }

    private (XenError, int) AllocateGrant(uint request, nint argument)
    {
        if (request != LinuxGntallocIoctl.AllocGref)
        {
            Allocated--;
            return (XenError.None, 0);
        }
        IoctlGntallocAllocGref* made = (IoctlGntallocAllocGref*)argument;
        Allocated++;
        made->Index = (_lastGrant * 4096UL) + WrongBy;
        made->GrefIds = 100 + _lastGrant++;
        return (XenError.None, 0);
    }

    private (XenError, int) MapGrant(uint request, nint argument)
    {
        if (request == LinuxGntdevIoctl.MapGrantRef)
        {
            Mapped++;
            ((IoctlGntdevMapGrantRef*)argument)->Index = 4096;
        }
        else if (request == LinuxGntdevIoctl.UnmapGrantRef)
        {
            Mapped--;
        }
        return (XenError.None, 0);
    }
}
