using System.Net.Sockets;
using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Linux;

namespace Xenolith.Tests.Linux;

/// <summary>
/// What the library makes of Linux's devices when they refuse, answer nonsense, or their domain is resumed. Without Xen: the devices are the test's.
/// </summary>
public sealed class LinuxDeviceTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_device_that_is_not_there_is_named_with_what_to_do()
    {
        using LinuxDevice device = new("nonesuch");
        string message = Assert.Throws<PlatformNotSupportedException>(() => device.Handle).Message;
        Assert.Contains("/dev/xen/nonesuch is not there", message);
        Assert.Contains("modprobe xen-nonesuch", message);
    }

    [Fact]
    public void A_device_that_is_not_for_this_user_is_named_with_what_to_do()
    {
        using LinuxDevice device = new("../.."); // a folder, which nobody may write to
        string message = Assert.Throws<PlatformNotSupportedException>(() => device.Handle).Message;
        Assert.Contains("is not for this user. Run the program as root, or let its user read and write the device.", message);
    }

    [Fact]
    public void A_device_that_cannot_be_opened_for_another_reason_is_named_with_it()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using Socket nobody = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        nobody.Bind(new UnixDomainSocketEndPoint(path)); // no device or address
        using LinuxDevice device = new($"../..{path}");
        string message = Assert.Throws<PlatformNotSupportedException>(() => device.Handle).Message;
        File.Delete(path);
        Assert.Contains(" cannot be opened: ", message);
        Assert.DoesNotContain("root", message);
        Assert.DoesNotContain("modprobe", message);
    }

    [Fact]
    public unsafe void A_device_that_was_closed_is_not_opened_again()
    {
        FakeDevice device = new("gntdev", pages: 1);
        _ = device.Handle;
        device.Dispose();
        Assert.Equal(XenError.NoDevice, device.Control(LinuxGntdevIoctl.MapGrantRef, null));
        Assert.Throws<ObjectDisposedException>(() => device.Handle);
        Assert.Equal(1, device.Opened);
    }

    [Fact]
    public async Task A_platform_that_was_disposed_of_refuses_without_opening_anything()
    {
        FakeLinux linux = FakeLinux.Create();
        EventChannel channel = linux.EventChannels.AllocateUnbound(5);
        ForeignMapping mapping = linux.Grants.Map(new ForeignGrant(5, 8), GrantAccess.ReadWrite);
        await linux.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => channel.Notify());
        Assert.Throws<XenException>(() => linux.Grants.Map(new ForeignGrant(5, 8), GrantAccess.ReadWrite));
        mapping.Unmap(); // needs no device
        Assert.Equal(1, linux.MappingDevice.Opened);
    }

    [Fact]
    public async Task A_port_that_fires_wakes_its_waiters_and_may_fire_again()
    {
        await using FakeLinux linux = FakeLinux.Create();
        using EventChannel channel = linux.EventChannels.AllocateUnbound(5);
        for (int i = 0; i < 3; i++)
        {
            EventCount seen = channel.Count;
            linux.EventDevice.Fire(channel.Port);
            Assert.Equal(channel.Port, linux.EventDevice.ReceivePort());
            Assert.True(await channel.WaitAsync(seen).AsTask().WaitAsync(s_patience) > seen);
        }
    }

    [Fact]
    public async Task Numbers_that_are_no_ports_of_the_process_harm_nothing()
    {
        await using FakeLinux linux = FakeLinux.Create();
        using EventChannel channel = linux.EventChannels.AllocateUnbound(5), other = linux.EventChannels.AllocateUnbound(5);
        linux.EventDevice.Fire(uint.MaxValue, 0, 9_999, 0x8000_0000, channel.Port);
        await channel.WaitAsync(EventCount.None).AsTask().WaitAsync(s_patience);
        Assert.Equal(EventCount.None, other.Count);
    }

    [Fact]
    public async Task A_masked_port_is_not_let_go_on_before_it_is_unmasked()
    {
        await using FakeLinux linux = FakeLinux.Create();
        using EventChannel masked = linux.EventChannels.AllocateUnbound(5), open = linux.EventChannels.AllocateUnbound(5);
        masked.Mask();
        linux.EventDevice.Fire(masked.Port, open.Port);
        Assert.Equal(open.Port, linux.EventDevice.ReceivePort());
        await open.WaitAsync(EventCount.None).AsTask().WaitAsync(s_patience);
        Assert.Equal(EventCount.None, masked.Count);
        masked.Unmask();
        Assert.Equal(masked.Port, linux.EventDevice.ReceivePort());
        await masked.WaitAsync(EventCount.None).AsTask().WaitAsync(s_patience);
    }

    [Fact]
    public async Task A_refusal_is_an_exception_with_the_reason()
    {
        await using FakeLinux linux = FakeLinux.Create();
        linux.EventDevice.Answer = (_, _, _) => (XenError.NoSpace, 0);
        Assert.Equal(XenError.NoSpace, Assert.Throws<XenException>(() => linux.EventChannels.AllocateUnbound(5)).Error);
        linux.GrantingDevice.Answer = (_, _, _) => (XenError.NotPermitted, 0);
        XenException refused = await Assert.ThrowsAsync<XenException>(async () => await linux.Grants.ShareAsync(5, 1, GrantAccess.ReadWrite));
        Assert.Equal(XenError.NotPermitted, refused.Error);
        linux.MappingDevice.Answer = (_, _, _) => (XenError.Invalid, 0);
        Assert.Throws<XenException>(() => linux.Grants.Map(new ForeignGrant(5, 8), GrantAccess.ReadWrite));
        GrantStatistics left = linux.Grants.GetStatistics();
        Assert.Equal((0, 0, 0), (left.Granted, left.Reserved, left.MappedPages));
    }

    [Fact]
    public async Task A_page_that_is_granted_is_the_devices_and_memory_again_afterwards_with_its_contents()
    {
        await using FakeLinux linux = FakeLinux.Create();
        using IoPages pages = linux.Grants.AllocatePages(1);
        using GrantReferences references = await linux.Grants.ReserveAsync(1);
        pages.GetSpan()[7] = 77;
        references.Grant(0, 5, pages, 0, GrantAccess.ReadWrite);
        Assert.Equal((100u, 77, 1), (references[0], pages.GetSpan()[7], linux.Allocated));
        pages.GetSpan()[8] = 88;
        Span<byte> device = new byte[9];
        RandomAccess.Read(linux.GrantingDevice.Handle, device, 0);
        Assert.Equal((77, 88), (device[7], device[8]));
        Assert.Equal(EndGrantResult.Ended, references.TryEnd(0));
        Assert.Equal((77, 88, 0), (pages.GetSpan()[7], pages.GetSpan()[8], linux.Allocated));
    }

    [Fact]
    public async Task A_page_that_the_device_has_made_and_that_cannot_be_mapped_is_given_back()
    {
        await using FakeLinux linux = FakeLinux.Create();
        linux.WrongBy = 1; // no place of a page
        XenException refused = await Assert.ThrowsAsync<XenException>(async () => await linux.Grants.ShareAsync(5, 1, GrantAccess.ReadWrite));
        Assert.Equal((XenError.Invalid, 0), (refused.Error, linux.Allocated));
    }

    [Fact]
    public async Task A_page_that_cannot_take_the_place_of_another_leaves_that_with_its_contents()
    {
        await using FakeLinux linux = FakeLinux.Create(new FakeDevice("gntalloc", pages: 16) { RefusesWriters = true });
        using IoPages pages = linux.Grants.AllocatePages(1);
        using GrantReferences references = await linux.Grants.ReserveAsync(1);
        pages.GetSpan()[7] = 77;
        XenException refused = Assert.Throws<XenException>(() => references.Grant(0, 5, pages, 0, GrantAccess.ReadWrite));
        Assert.Equal((XenError.NotPermitted, 77, 0), (refused.Error, pages.GetSpan()[7], linux.Allocated));
        pages.GetSpan()[7] = 78;
    }

    [Fact]
    public async Task A_grant_that_the_device_does_not_take_back_has_ended_all_the_same()
    {
        await using FakeLinux linux = FakeLinux.Create();
        SharedPages shared = await linux.Grants.ShareAsync(5, 1, GrantAccess.ReadWrite);
        linux.GrantingDevice.Answer = (_, _, _) => (XenError.Invalid, 0);
        Assert.Equal(EndGrantResult.Ended, shared.TryUnshare()); // the page is memory of the process again
        Assert.Equal((0, 0), (linux.Grants.GetStatistics().Granted, linux.Grants.GetStatistics().Reclaiming));
    }

    [Fact]
    public async Task After_a_resume_handles_of_before_say_so_and_new_ones_work()
    {
        await using FakeLinux linux = FakeLinux.Create();
        EventChannel channel = linux.EventChannels.AllocateUnbound(5);
        Task<EventCount> waiting = channel.WaitAsync(channel.Count).AsTask();
        using SharedPages shared = await linux.Grants.ShareAsync(5, 1, GrantAccess.ReadWrite);
        using ForeignMapping mapping = linux.Grants.Map(new ForeignGrant(5, 8), GrantAccess.ReadWrite);
        shared.Pages.GetSpan()[7] = 77;
        mapping.GetSpan()[7] = 99;

        linux.Resume();
        await Assert.ThrowsAsync<StaleHandleException>(() => waiting.WaitAsync(s_patience));
        Assert.Throws<StaleHandleException>(() => channel.Notify());
        Assert.Throws<StaleHandleException>(() => mapping.GetSpan()[7]);
        Assert.Equal(77, shared.Pages.GetSpan()[7]); // memory, and no more
        shared.Dispose();
        ((IDisposable)mapping).Dispose();
        Assert.Equal((0, 0), (linux.Mapped, linux.Allocated)); // the new devices are asked nothing about the old ones'
        GrantStatistics left = linux.Grants.GetStatistics();
        Assert.Equal((0, 0, 0, 0, 0L), (left.Granted, left.Reserved, left.MappedPages, left.Pages, left.FailedUnmaps));

        using EventChannel another = linux.EventChannels.AllocateUnbound(5);
        await using SharedPages again = await linux.Grants.ShareAsync(5, 1, GrantAccess.ReadWrite);
        linux.EventDevice.Fire(another.Port);
        await another.WaitAsync(EventCount.None).AsTask().WaitAsync(s_patience);
        Assert.Equal(EventCount.None, channel.Count);
    }
}
