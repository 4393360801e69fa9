using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Lifecycle;
using Xenolith.Simulation;
using Xenolith.Tests.EventChannels;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Platform;

/// <summary>
/// The middle of a resume, where threads can be stopped and others go on: between what Xen does, what the platform knows, and what handles were told.
/// </summary>
public sealed class ResumeMomentTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _domain;
    private readonly ResumedGrants _grants = new();
    private readonly ResumedPlatform _platform;

    public ResumeMomentTests()
    {
        _domain = _hypervisor.CreateDomain();
        _platform = new ResumedPlatform(_grants);
    }

    public void Dispose() => _hypervisor.Dispose();

    [Fact]
    public void A_channel_is_stale_from_the_beginning_of_the_next_generation()
    {
        EventChannel channel = _platform.EventChannels.AllocateUnbound(0);
        Assert.Equal(NotifyResult.Sent, channel.Notify());
        bool wasValid = true;
        Exception? error = null;
        _grants.InTheMiddle = () =>
        {
            wasValid = channel.IsValid;
            error = Record.Exception(() => channel.Notify());
        };
        _platform.Resume();
        Assert.False(wasValid);
        Assert.IsType<StaleHandleException>(error);
    }

    [Fact]
    public void Nothing_of_before_gets_into_the_new_ring_to_xenstored()
    {
        using IoPages page = _domain.Platform.Grants.AllocatePages(1);
        XenstoreRing ring = new(page, _platform.EventChannels.AllocateUnbound(0));
        Assert.Equal(10, ring.Write(new byte[10]));
        int written = -1, read = -1;
        byte[] now = [];
        _grants.InTheMiddle = () =>
        {
            page.GetSpan().Clear(); // the toolstack's new page in the place of the old one
            (written, read) = (ring.Write([1, 2, 3]), ring.Read(new byte[3]));
            now = page.GetSpan().ToArray();
        };
        _platform.Resume();
        Assert.Equal((0, 0), (written, read));
        Assert.True(now.All(value => value == 0));
    }

    [Fact]
    public async Task A_channel_that_Xen_has_ended_is_stale_and_not_without_a_peer()
    {
        EventChannel channel = _platform.EventChannels.AllocateUnbound(0);
        Exception? error = null;
        Thread other = new(() => error = Record.Exception(() => channel.Notify()));
        _platform.WhileStopped = events =>
        {
            events.Answer = XenError.Invalid;
            other.Start();
            Assert.False(other.Join(TimeSpan.FromMilliseconds(100))); // waits to know
        };
        Assert.Equal(SuspendOutcome.Resumed, await _platform.Lifecycle.SuspendAsync());
        other.Join();
        Assert.IsType<StaleHandleException>(error);
    }

    [Fact]
    public void A_mapping_is_stale_as_soon_as_Xen_has_ended_it()
    {
        using ForeignMapping mapping = _platform.Grants.Map(new ForeignGrant(0, 8), GrantAccess.ReadWrite);
        Assert.Equal(SharedMemory.PageSize, mapping.GetSpan().Length);
        _grants.Resumes++; // and the thread that has suspended the domain has not been given the CPU yet
        Assert.Throws<StaleHandleException>(() => mapping.GetSpan().Length);
        Assert.Equal(0, _platform.Generation.Number);
    }

    private sealed class ResumedPlatform : XenPlatform
    {
        private readonly OnePort _events;

        internal ResumedPlatform(ResumedGrants grants)
            : this(new OnePort(), grants)
        {
        }

        private ResumedPlatform(OnePort events, ResumedGrants grants)
            : base(events, grants, new NoFigures(), TimeProvider.System) => _events = events;

        /// <summary>What happens between the moment at which the domain is resumed and the end of the call that suspended it.</summary>
        internal Action<OnePort>? WhileStopped { get; set; }

        internal void Resume() => BeginNextGeneration();

        protected override SuspendOutcome StopDomain()
        {
            WhileStopped?.Invoke(_events);
            return SuspendOutcome.Resumed;
        }
    }

    private sealed class OnePort : NoEvents
    {
        public override XenError AllocateUnbound(ushort remoteDomain, out uint port)
        {
            port = 5;
            return XenError.None;
        }

        internal XenError Answer { get; set; }

        public override XenError Notify(uint port) => Answer;
    }

    private sealed class ResumedGrants : NoGrants
    {
        internal long Resumes { get; set; }

        internal Action? InTheMiddle { get; set; }

        public override long ResumeCount => Resumes;

        public override GrantTableSize GetSize()
        {
            InTheMiddle?.Invoke(); // the platform asks when the generation is the next one, and before it tells anybody
            return base.GetSize();
        }

        public override XenError Map(Span<GrantMapRequest> requests, bool readOnly, out nint address)
        {
            address = SharedMemory.PageSize; // never looked at
            return XenError.None;
        }

        public override XenError Unmap(nint address, int count) => XenError.None;
    }
}
