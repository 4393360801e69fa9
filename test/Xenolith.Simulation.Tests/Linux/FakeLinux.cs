using Microsoft.Win32.SafeHandles;
using Xenolith.Abi;
using Xenolith.Linux;
using Xenolith.Tests.EventChannels;

namespace Xenolith.Tests.Linux;

/// <summary>The platform of a process in a Linux domain over devices whose answers a test gives.</summary>
internal sealed unsafe class FakeLinux : XenPlatform
{
    private const int KernelsPorts = 7;

    private readonly LinuxEventChannels _events;
    private readonly LinuxGrants _grants;
    private readonly Dictionary<SafeFileHandle, HashSet<ulong>> _places = []; // of what each opening has mapped
    private uint _lastGrant;

    private FakeLinux(FakeDevice evtchn, FakeDevice gntalloc, FakeDevice gntdev, LinuxEventChannels events, LinuxGrants grants)
        : base(events, grants, new NoFigures(), TimeProvider.System)
    {
        (EventDevice, GrantingDevice, MappingDevice, _events, _grants) = (evtchn, gntalloc, gntdev, events, grants);
        evtchn.Answer = Ports.Answer;
        gntalloc.Answer = AllocateGrant;
        gntdev.Answer = MapGrant;
    }

    public override bool IsWholeDomain => false;

    internal FakeDevice EventDevice { get; }

    internal FakePorts Ports { get; } = new(KernelsPorts);

    /// <summary>Whether the domain was resumed, as far as Xen tells.</summary>
    internal bool HasAnotherNumber { get; private set; }

    internal FakeDevice GrantingDevice { get; }

    internal FakeDevice MappingDevice { get; }

    /// <summary>Pages that the granting device has made and not taken back.</summary>
    internal int Allocated { get; private set; }

    /// <summary>Mappings that the mapping device knows.</summary>
    internal int Mapped
    {
        get
        {
            lock (_places)
                return _places.Where(opening => !opening.Key.IsClosed).Sum(opening => opening.Value.Count);
        }
    }

    /// <summary>Where the granting device says that a page is, beside where it is.</summary>
    internal ulong WrongBy { get; set; }

    /// <param name="granting">The device that makes pages; one that does what it should unless given.</param>
    /// <param name="isTranslated">Whether Xen translates the domain's addresses.</param>
    internal static FakeLinux Create(FakeDevice? granting = null, bool isTranslated = false)
    {
        FakeDevice evtchn = new("evtchn"), gntalloc = granting ?? new("gntalloc", pages: 16), gntdev = new("gntdev", pages: 16);
        FakeLinux? linux = null;
        LinuxIdentity identity = new(() => isTranslated ? 1u << XenFeature.AutoTranslatedPhysmap : 0);
        LinuxEventChannels events = new(evtchn, () => linux!.HasAnotherNumber);
        return linux = new FakeLinux(evtchn, gntalloc, gntdev, events, new LinuxGrants(identity, events, gntalloc, gntdev));
    }

    /// <summary>The domain is resumed, and the process learns of it.</summary>
    /// <param name="kernelsPorts">How many of the lowest numbers are Linux's own from now on.</param>
    internal void Resume(int kernelsPorts = KernelsPorts)
    {
        ResumeUnnoticed(kernelsPorts);
        LearnOfResume();
    }

    internal void ResumeUnnoticed(int kernelsPorts = KernelsPorts, bool sameNumber = false)
    {
        // Not in between two things that a thread does at once, as good as: a suspended domain has no half of a request.
        lock (EventChannels.SyncRoot)
        {
            HasAnotherNumber = !sameNumber;
            Ports.Resume(kernelsPorts);
        }
    }

    internal void LearnOfResume() => BeginNextGeneration();

    /// <summary>Main returns.</summary>
    internal void EndProcess() => _events.PrepareForExit();

    private protected override void RenewPlace()
    {
        HasAnotherNumber = false;
        Allocated = 0; // the device closes, and what it had is gone
        _events.Renew();
        _grants.Renew();
    }

    private (XenError, int) AllocateGrant(SafeFileHandle open, uint request, nint argument)
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

    private (XenError, int) MapGrant(SafeFileHandle open, uint request, nint argument)
    {
        lock (_places)
        {
            if (!_places.TryGetValue(open, out HashSet<ulong>? places))
                _places.Add(open, places = []);
            if (request == LinuxGntdevIoctl.MapGrantRef)
            {
                ulong place = 0;
                while (!places.Add(place))
                    place += 4096;
                ((IoctlGntdevMapGrantRef*)argument)->Index = place;
            }
            else if (request == LinuxGntdevIoctl.UnmapGrantRef && !places.Remove(((IoctlGntdevUnmapGrantRef*)argument)->Index))
            {
                return (XenError.NoEntry, 0);
            }
            return (XenError.None, 0);
        }
    }
}
