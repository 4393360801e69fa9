using Microsoft.Win32.SafeHandles;
using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;

namespace Xenolith.Tests.Linux;

/// <summary>
/// A process whose domain is resumed. Linux leaves ports of before on the list of its device, and ends a thread that closes one: that must never
/// happen.
/// </summary>
public sealed class LinuxResumeTests
{
    private const int LinuxHas = 7; // ports of its own, from 0

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(LinuxHas)] // the same numbers are free again
    [InlineData(LinuxHas + 1)] // the lowest is Linux's own now
    [InlineData(LinuxHas - 4)] // lower ones are free too
    public async Task No_port_of_before_is_closed_after_a_resume(int afterwards)
    {
        FakeLinux linux = FakeLinux.Create();
        for (int i = 1; i <= 3; i++)
        {
            EventChannel old = linux.EventChannels.AllocateUnbound(5), interrupt = linux.EventChannels.BindIpi();
            linux.Resume(afterwards);
            old.Dispose();
            interrupt.Dispose();
            Assert.Equal((0, i + 1), (linux.Ports.Count, linux.EventDevice.Opened)); // nothing is left, and it is the same opening as before
            using EventChannel next = linux.EventChannels.AllocateUnbound(5);
            linux.EventDevice.Fire(next.Port);
            await next.WaitAsync(EventCount.None).AsTask().WaitAsync(s_patience);
        }
        await CloseAsync(linux);
    }

    [Fact]
    public async Task Where_the_numbers_of_before_are_all_in_use_the_device_is_opened_anew_and_never_closed()
    {
        FakeLinux linux = FakeLinux.Create();
        using EventChannel old = linux.EventChannels.AllocateUnbound(5);
        SafeFileHandle first = linux.EventDevice.Handle;
        linux.Resume(kernelsPorts: 20);
        await RequireNewChannelAsync(linux);
        await CloseAsync(linux);
        Assert.False(first.IsClosed);
    }

    [Fact]
    public async Task What_could_not_be_closed_is_closed_as_soon_as_it_can_be()
    {
        FakeLinux linux = FakeLinux.Create();
        using EventChannel old = linux.EventChannels.AllocateUnbound(5);
        SafeFileHandle first = linux.EventDevice.Handle;
        linux.Resume(kernelsPorts: 20);
        Assert.NotEqual(first, linux.EventDevice.Handle);
        Assert.False(first.IsClosed);
        linux.Resume();
        linux.EventDevice.WaitUntilClosed(first);
        await RequireNewChannelAsync(linux);
        await CloseAsync(linux);
    }

    [Fact]
    public async Task What_could_not_be_closed_is_closed_at_the_end_when_the_process_itself_has_the_number()
    {
        FakeLinux linux = FakeLinux.Create();
        using EventChannel old = linux.EventChannels.AllocateUnbound(5);
        SafeFileHandle first = linux.EventDevice.Handle;
        linux.Resume(kernelsPorts: 20);
        linux.Ports.GiveBack(LinuxHas);
        using EventChannel next = linux.EventChannels.AllocateUnbound(5);
        Assert.Equal(old.Port, next.Port);
        Assert.False(first.IsClosed);
        linux.EndProcess();
        linux.EventDevice.WaitUntilClosed(first);
        await CloseAsync(linux);
    }

    [Fact]
    public async Task Where_Linux_does_not_empty_its_list_the_device_is_opened_anew_and_never_closed()
    {
        FakeLinux linux = FakeLinux.Create();
        linux.Ports.EmptiesList = false;
        using EventChannel old = linux.EventChannels.AllocateUnbound(5);
        linux.Resume();
        await RequireNewChannelAsync(linux);
        await CloseAsync(linux);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Other_processes_may_take_the_numbers_meanwhile(int count)
    {
        FakeLinux linux = FakeLinux.Create();
        EventChannel[] old = [.. Enumerable.Range(0, 5).Select(_ => linux.EventChannels.AllocateUnbound(5))];
        old[1].Dispose(); // so that one of the numbers between is none of before
        linux.Ports.Thieves = count;
        linux.Resume();
        Assert.Equal(0, linux.Ports.Thieves);
        await RequireNewChannelAsync(linux);
        await CloseAsync(linux);
    }

    [Fact]
    public async Task A_resume_that_there_was_not_closes_no_port_of_others()
    {
        FakeLinux linux = FakeLinux.Create();
        using EventChannel old = linux.EventChannels.AllocateUnbound(5);
        linux.LearnOfResume(); // somebody wrote to the node
        Assert.Throws<StaleHandleException>(() => old.Notify());
        await RequireNewChannelAsync(linux);
        Assert.Equal((0, 1), (linux.Ports.Bugs, linux.Ports.Count)); // the old one is Linux's until the process ends
    }

    [Fact]
    public async Task A_port_that_is_closed_before_the_process_has_learned_of_the_resume_is_left_alone()
    {
        FakeLinux linux = FakeLinux.Create();
        EventChannel first = linux.EventChannels.AllocateUnbound(5), second = linux.EventChannels.BindIpi();
        linux.ResumeUnnoticed();
        first.Dispose();
        second.Dispose();
        Assert.Throws<StaleHandleException>(() => linux.EventChannels.AllocateUnbound(5)); // nothing is made beside them either
        linux.LearnOfResume();
        await RequireNewChannelAsync(linux);
        await CloseAsync(linux);
    }

    [Fact]
    public async Task A_domain_that_has_the_same_number_as_before_is_noticed_by_the_ports_that_it_is_given()
    {
        FakeLinux linux = FakeLinux.Create();
        EventChannel first = linux.EventChannels.AllocateUnbound(5), second = linux.EventChannels.AllocateUnbound(5);
        linux.ResumeUnnoticed(sameNumber: true);
        for (int i = 0; i < 3; i++)
            Assert.Throws<StaleHandleException>(() => linux.EventChannels.AllocateUnbound(5));
        Assert.Equal(0, linux.Ports.Count);
        linux.LearnOfResume();
        await RequireNewChannelAsync(linux);
        await CloseAsync(linux);
        Assert.Equal((false, false), (first.IsValid, second.IsValid));
    }

    [Fact]
    public async Task Without_descriptors_for_another_opening_the_generation_begins_all_the_same()
    {
        FakeLinux linux = FakeLinux.Create();
        using EventChannel old = linux.EventChannels.AllocateUnbound(5);
        linux.EventDevice.OpeningFails = new PlatformNotSupportedException("Too many open files");
        Task<EventCount> waiting = old.WaitAsync(old.Count).AsTask();
        linux.Resume();
        await Assert.ThrowsAsync<StaleHandleException>(() => waiting.WaitAsync(s_patience));
        Assert.Equal(1, linux.Generation.Number);
    }

    [Fact]
    public async Task A_process_without_ports_opens_nothing_at_a_resume()
    {
        FakeLinux linux = FakeLinux.Create();
        linux.EventChannels.AllocateUnbound(5).Dispose();
        linux.Resume();
        Assert.Equal(1, linux.EventDevice.Opened);
        await RequireNewChannelAsync(linux);
    }

    [Fact]
    public async Task A_mapping_of_the_process_s_own_pages_is_zeroes_after_a_resume_and_its_end_is_told_to_nobody()
    {
        await using FakeLinux linux = FakeLinux.Create(isTranslated: true);
        using EventChannel channel = linux.EventChannels.AllocateUnbound(5);
        await using SharedPages shared = await linux.Grants.ShareAsync(DomainId.Self, 1, GrantAccess.ReadWrite);
        using ForeignMapping mapping = linux.Grants.Map(new ForeignGrant(DomainId.Self, shared.References[0]), GrantAccess.ReadWrite);
        mapping.SetUnmapNotification(0, channel);
        shared.Pages.GetSpan()[0] = shared.Pages.GetSpan()[1] = 77;
        Assert.Equal(77, ReadAt(mapping.Address));
        nint address = mapping.Address;

        linux.Resume();
        Assert.Equal((0, 77), (ReadAt(address), shared.Pages.GetSpan()[1]));
        using EventChannel next = linux.EventChannels.AllocateUnbound(5);
        Assert.Equal(channel.Port, next.Port);
        int notified = 0;
        linux.EventDevice.Answer = (_, request, _) => (XenError.None, request == LinuxEvtchnIoctl.Notify ? ++notified : 0);
        mapping.Unmap();
        Assert.Equal((0, 77, 0), (notified, shared.Pages.GetSpan()[0], linux.Grants.GetStatistics().MappedPages));
    }

    [Fact]
    public async Task Resumes_in_the_middle_of_everything_make_handles_stale_and_nothing_else()
    {
        FakeLinux linux = FakeLinux.Create();
        using CancellationTokenSource enough = new();
        const int resumes = 200;
        Task[] users = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() => UseAsync(linux, enough.Token)))];
        for (int i = 0; i < resumes; i++)
        {
            linux.Resume(LinuxHas + (i % 3));
            await Task.Yield();
        }
        enough.Cancel();
        await Task.WhenAll(users).WaitAsync(s_patience);
        GrantStatistics left = linux.Grants.GetStatistics();
        Assert.Equal((0, 0, 0, 0L, 0), (left.Granted, left.Reserved, left.MappedPages, left.FailedUnmaps, linux.EventChannels.OpenCount));
        Assert.Equal(0, linux.Mapped);
        await CloseAsync(linux);
    }

    private static async Task UseAsync(FakeLinux linux, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            try
            {
                using EventChannel channel = linux.EventChannels.AllocateUnbound(5);
                channel.Mask();
                channel.Notify();
                using ForeignMapping mapping = linux.Grants.Map(new ForeignGrant(5, 8), GrantAccess.ReadWrite);
                mapping.GetSpan()[7] = 1;
                channel.Unmask();
            }
            catch (StaleHandleException)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Ends the platform, and with it what it has open. Linux must have had no reason to end a thread.</summary>
    private static async Task CloseAsync(FakeLinux linux)
    {
        SafeFileHandle open = linux.EventDevice.Handle;
        await linux.DisposeAsync();
        linux.EventDevice.WaitUntilClosed(open);
        Assert.Equal(0, linux.Ports.Bugs);
    }

    private static async Task RequireNewChannelAsync(FakeLinux linux)
    {
        using EventChannel channel = linux.EventChannels.AllocateUnbound(5);
        Assert.Equal(NotifyResult.Sent, channel.Notify());
        linux.EventDevice.Fire(channel.Port);
        await channel.WaitAsync(EventCount.None).AsTask().WaitAsync(s_patience);
    }

    /// <summary>As one does who had the memory pinned.</summary>
    private static unsafe byte ReadAt(nint address) => *(byte*)address;
}
