using Xenolith.Abi;
using Xenolith.Lifecycle;
using Xenolith.Memory;
using Xenolith.Simulation;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Memory;

/// <summary>The domain's memory follows the toolstack's target, as far as the program and Xen let it.</summary>
public sealed class MemoryBalloonTests : IDisposable
{
    private const long MiB = 1 << 20, Kibi = 1024;
    private const string Home = "/local/domain/1";

    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _zero, _domain;

    public MemoryBalloonTests()
    {
        _zero = _hypervisor.CreateDomain();
        _domain = _hypervisor.CreateDomain();
        _domain.Figures.Memory = new MemoryInfo
        {
            Total = 256 * (ulong)MiB,
            Free = 200 * (ulong)MiB,
            Image = 4 * (ulong)MiB,
            Program = 50 * (ulong)MiB,
            Kernel = 2 * (ulong)MiB,
            Committed = 60 * (ulong)MiB,
            CommitLimit = 240 * (ulong)MiB,
        };
    }

    private XenstoreClient Toolstack => _zero.Platform.Xenstore;

    private DomainMemory Memory => _domain.Platform.Memory;

    private SimulatedFigures Figures => _domain.Figures;

    private long Total => (long)Figures.Memory.Total;

    public void Dispose() => _hypervisor.Dispose();

    [Fact]
    public void The_memory_follows_the_target_down_and_up() => Follow(256, async balloon =>
    {
        await balloon.WaitAsync(IsReached);
        Assert.Equal(256 * MiB, Total);
        foreach (long target in new[] { 128, 96, 256, 100 })
        {
            BalloonStatus status = await SetAsync(balloon, target);
            Assert.Equal(new BalloonStatus(BalloonState.Reached, target * MiB, target * MiB, 256 * MiB), status);
            Assert.Equal(target * MiB, Total);
        }
    });

    [Fact]
    public void What_the_target_was_before_anybody_followed_counts_too() => Follow(128, async balloon =>
    {
        await balloon.WaitAsync(IsReached);
        Assert.Equal(128 * MiB, Total);
    });

    [Fact]
    public void The_collector_is_told_each_new_size_and_nothing_while_it_stays_as_it_is() => Follow(256, async balloon =>
    {
        await balloon.WaitAsync(IsReached);
        Assert.Null(Figures.HeapLimit);
        await SetAsync(balloon, 128);
        Assert.Equal((long)Figures.Memory.CommitLimit, Figures.HeapLimit);
        await SetAsync(balloon, 192);
        Assert.Equal((long)Figures.Memory.CommitLimit, Figures.HeapLimit);
    });

    [Fact]
    public void The_collector_may_use_memory_as_soon_as_it_comes() => Follow(256, async balloon =>
    {
        await SetAsync(balloon, 128);
        _domain.Faults.Fail(SimulatedOperation.TakeMemory, XenError.NoMemory, after: 2);
        await WriteTargetAsync(256);
        await balloon.WaitAsync(now => now.State == BalloonState.Refused);
        Assert.Equal(256 * MiB, Figures.HeapLimit);
        await balloon.WaitAsync(IsReached);
        Assert.Equal((long)Figures.Memory.CommitLimit, Figures.HeapLimit);
    });

    [Fact]
    public void The_collectors_limit_goes_back_down_when_memory_never_came() => Follow(256, async balloon =>
    {
        await SetAsync(balloon, 128);
        _domain.Faults.FailByChance(SimulatedOperation.TakeMemory, XenError.NoMemory, 1);
        await WriteTargetAsync(256);
        await balloon.WaitAsync(now => now.State == BalloonState.Refused);
        await SetAsync(balloon, 128);
        Assert.Equal((long)Figures.Memory.CommitLimit, Figures.HeapLimit);
    });

    [Fact]
    public void The_collector_keeps_its_limit_if_the_program_wants_that() => Follow(
        256,
        async balloon =>
        {
            await SetAsync(balloon, 128);
            Assert.Null(Figures.HeapLimit);
        },
        new BalloonOptions { LimitHeap = false });

    [Fact]
    public void Memory_is_collected_only_when_what_is_free_does_not_suffice() => Follow(256, async balloon =>
    {
        Figures.Trimmable = 30 * (ulong)MiB;
        await SetAsync(balloon, 128);
        Assert.Equal(0, Figures.Trims);
        await SetAsync(balloon, 64);
        Assert.Equal(1, Figures.Trims);
    });

    [Fact]
    public void A_target_below_what_is_in_use_gives_what_can_be_given_and_says_what_is_left() => Follow(256, async balloon =>
    {
        await WriteTargetAsync(16);
        BalloonStatus status = await balloon.WaitAsync(now => now.State == BalloonState.InUse);
        // 60 MiB are promised, 4 are kept available; 16 more are the kernel's and the reserve.
        Assert.Equal((16 * MiB, 80 * MiB, 64 * MiB, 0), (status.Target, status.Current, status.Excess, status.Shortfall));
        Assert.Equal(4 * MiB, Memory.GetQuickStatistics().Available);
        Assert.Contains("65536 KiB more than asked for are in use", status.ToString());
    });

    [Fact]
    public void What_becomes_free_later_is_given_back_then() => Follow(256, async balloon =>
    {
        await WriteTargetAsync(64);
        await balloon.WaitAsync(now => now.State == BalloonState.InUse);
        Change((ref MemoryInfo memory) => memory.Committed -= 30 * (ulong)MiB);
        await balloon.WaitAsync(IsReached);
        Assert.Equal(64 * MiB, Total);
        Assert.Equal(1, Figures.Trims);
    });

    [Fact]
    public void Tries_become_rarer_and_a_trim_of_the_program_brings_the_next_at_once() => Follow(256, async balloon =>
    {
        await WriteTargetAsync(64);
        await balloon.WaitAsync(now => now.State == BalloonState.InUse);
        await Task.Delay(TimeSpan.FromSeconds(50), _hypervisor.Time);
        Figures.Trimmable = 30 * (ulong)MiB;
        Change((ref MemoryInfo memory) => memory.Program += 30 * (ulong)MiB);
        long before = _hypervisor.Time.GetTimestamp();
        await Memory.TrimAsync();
        await balloon.WaitAsync(IsReached);
        Assert.InRange(_hypervisor.Time.GetElapsedTime(before), TimeSpan.Zero, TimeSpan.FromMilliseconds(10));
    });

    [Fact]
    public void A_collection_for_the_same_target_comes_again_only_after_a_minute() => Follow(256, async balloon =>
    {
        await WriteTargetAsync(16);
        await balloon.WaitAsync(now => now.State == BalloonState.InUse);
        await Task.Delay(TimeSpan.FromSeconds(55), _hypervisor.Time);
        Assert.Equal(1, Figures.Trims);
        await Task.Delay(TimeSpan.FromSeconds(40), _hypervisor.Time);
        Assert.Equal(2, Figures.Trims);
    });

    [Fact]
    public void A_program_that_does_not_want_collections_has_none() => Follow(
        256,
        async balloon =>
        {
            await WriteTargetAsync(16);
            await balloon.WaitAsync(now => now.State == BalloonState.InUse);
            Assert.Equal(0, Figures.Trims);
        },
        new BalloonOptions { Trim = false });

    [Fact]
    public void Memory_that_Xen_does_not_have_is_asked_for_again() => Follow(256, async balloon =>
    {
        await SetAsync(balloon, 128);
        _domain.Faults.Fail(SimulatedOperation.TakeMemory, XenError.NoMemory, times: 3, after: 2);
        await WriteTargetAsync(256);
        BalloonStatus status = await balloon.WaitAsync(now => now.State == BalloonState.Refused);
        Assert.Equal((256 * MiB, 136 * MiB, 120 * MiB, 0), (status.Target, status.Current, status.Shortfall, status.Excess));
        long before = _hypervisor.Time.GetTimestamp();
        await balloon.WaitAsync(IsReached);
        Assert.Equal(256 * MiB, Total);
        // After 1, 2 and 4 seconds.
        Assert.InRange(_hypervisor.Time.GetElapsedTime(before), TimeSpan.FromSeconds(6.9), TimeSpan.FromSeconds(7.1));
    });

    [Fact]
    public void A_new_target_ends_the_wait_for_the_old_one() => Follow(256, async balloon =>
    {
        await SetAsync(balloon, 128);
        _domain.Faults.FailByChance(SimulatedOperation.TakeMemory, XenError.NoMemory, 1);
        await WriteTargetAsync(256);
        await balloon.WaitAsync(now => now.State == BalloonState.Refused);
        Assert.Equal(100 * MiB, (await SetAsync(balloon, 100)).Current);
    });

    [Fact]
    public void A_new_target_is_heeded_on_the_way_to_the_old_one() => _hypervisor.Run(async () =>
    {
        const ulong much = 64ul << 30; // some thousand steps
        Change((ref MemoryInfo memory) => (memory.Total, memory.Free, memory.CommitLimit) = (much, much - (56 * (ulong)MiB), much - (16 * (ulong)MiB)));
        await WriteTargetAsync(64 << 10);
        await using MemoryBalloon balloon = await Memory.FollowTargetAsync();
        await balloon.WaitAsync(IsReached);
        List<BalloonState> told = [];
        balloon.Changed += status => told.Add(status.State);
        await WriteTargetAsync(16);
        await balloon.WaitAsync(now => now.State == BalloonState.Changing);
        await SetAsync(balloon, 60 << 10);
        Assert.Equal([BalloonState.Changing, BalloonState.Reached], told);
        Assert.Equal(0, Figures.Trims);
    });

    [Theory]
    [InlineData("")]
    [InlineData("lots")]
    [InlineData("-1")]
    [InlineData("+70000")]
    [InlineData(" 70000")]
    [InlineData("0")]
    [InlineData("1023")]
    [InlineData("99999999999999999999999")]
    [InlineData("9223372036854775807")]
    [InlineData("70000\n")]
    public void A_target_that_is_no_size_is_named_and_changes_nothing(string target) => Follow(256, async balloon =>
    {
        await SetAsync(balloon, 128);
        await Toolstack.WriteAsync($"{Home}/memory/target", target);
        BalloonStatus status = await balloon.WaitAsync(now => now.State == BalloonState.NoTarget);
        Assert.Contains("no number of KiB", status.Error);
        Assert.DoesNotContain('\n', status.Error!);
        Assert.Equal((128 * MiB, 128 * MiB), (status.Current, Total));
        await SetAsync(balloon, 96);
    });

    [Fact]
    public void A_target_that_is_removed_changes_nothing() => Follow(256, async balloon =>
    {
        await SetAsync(balloon, 128);
        await Toolstack.RemoveAsync($"{Home}/memory/target");
        Assert.Contains("has written no memory/target", (await balloon.WaitAsync(now => now.State == BalloonState.NoTarget)).Error);
        Assert.Equal(128 * MiB, Total);
    });

    [Fact]
    public void A_target_that_cannot_be_read_is_told_and_followed_when_it_can() => Follow(256, async balloon =>
    {
        await SetAsync(balloon, 128);
        await Toolstack.SetPermissionsAsync($"{Home}/memory/static-max", new(0, XenstoreAccess.None));
        await WriteTargetAsync(96);
        Assert.Contains("memory/static-max", (await balloon.WaitAsync(now => now.State == BalloonState.NoTarget)).Error);
        Assert.Equal(128 * MiB, Total);
        await Toolstack.SetPermissionsAsync($"{Home}/memory/static-max", new(0, XenstoreAccess.None, new XenstorePermission(1, XenstoreAccess.Read)));
        await SetAsync(balloon, 100);
    });

    [Theory]
    [InlineData("262144", "262144", 256)] // all that there is
    [InlineData("131072", "262144", 128)]
    [InlineData("270336", "262144", 256)] // more than there is
    [InlineData("131072", "266240", 124)] // the toolstack counts 4 MiB beside the RAM
    [InlineData("131072", "524288", 128)] // the maximum was raised since
    [InlineData("131072", "131072", 128)] // or lowered
    [InlineData("131072", "nonsense", 128)]
    [InlineData("131072", null, 128)]
    [InlineData("1024", "262144", 1)]
    public void The_RAM_that_is_meant_is_as_far_below_its_maximum_as_the_target_is_below_the_toolstacks(string target, string? maximum, long expected) =>
        Follow(256, async balloon =>
        {
            await balloon.WaitAsync(IsReached);
            if (maximum is null)
                await Toolstack.RemoveAsync($"{Home}/memory/static-max");
            else
                await Toolstack.WriteAsync($"{Home}/memory/static-max", maximum);
            await Toolstack.WriteAsync($"{Home}/memory/target", target);
            await Task.Delay(TimeSpan.FromMilliseconds(1), _hypervisor.Time);
            Assert.Equal(expected * MiB, balloon.Status.Target);
        });

    [Fact]
    public void After_a_resume_the_target_is_looked_at_again() => Follow(256, async balloon =>
    {
        await SetAsync(balloon, 128);
        _domain.Suspension = new SimulatedSuspension(SuspendOutcome.Resumed, NewId: 7);
        await _domain.Platform.Lifecycle.SuspendAsync();
        await Toolstack.WriteAsync("/local/domain/7/memory/static-max", $"{256 * Kibi}");
        await Toolstack.WriteAsync("/local/domain/7/memory/target", $"{96 * Kibi}");
        await balloon.WaitAsync(now => IsReached(now) && now.Target == 96 * MiB);
        Assert.Equal(96 * MiB, Total);
    });

    [Fact]
    public void Who_stops_following_keeps_the_memory_and_may_follow_again() => _hypervisor.Run(async () =>
    {
        await WriteTargetAsync(128);
        MemoryBalloon first = await Memory.FollowTargetAsync();
        await first.WaitAsync(IsReached);
        Assert.Same(first, Memory.Balloon);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Memory.FollowTargetAsync());
        Task<BalloonStatus> wait = first.WaitAsync(_ => false);
        await first.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait);
        Assert.Null(Memory.Balloon);
        Assert.Equal(0, _hypervisor.Xenstored.WatchCount);
        await WriteTargetAsync(96);
        await Task.Delay(TimeSpan.FromMinutes(1), _hypervisor.Time);
        Assert.Equal(128 * MiB, Total);
        await using MemoryBalloon second = await Memory.FollowTargetAsync();
        await second.WaitAsync(IsReached);
        Assert.Equal(96 * MiB, Total);
    });

    [Fact]
    public void Each_change_is_told_once() => Follow(256, async balloon =>
    {
        await balloon.WaitAsync(IsReached);
        List<BalloonState> told = [];
        balloon.Changed += status => told.Add(status.State);
        await SetAsync(balloon, 128);
        await WriteTargetAsync(128);
        await Task.Delay(TimeSpan.FromMinutes(1), _hypervisor.Time);
        Assert.Equal([BalloonState.Changing, BalloonState.Reached], told);
    });

    [Fact]
    public void A_handler_that_runs_out_of_memory_does_not_end_it() => Follow(256, async balloon =>
    {
        await balloon.WaitAsync(IsReached);
        bool full = true;
        balloon.Changed += _ =>
        {
            if (full)
                throw new OutOfMemoryException();
        };
        await WriteTargetAsync(64);
        await Task.Delay(TimeSpan.FromMinutes(1), _hypervisor.Time);
        Assert.Equal(64, balloon.Status.Target / MiB);
        full = false;
        await SetAsync(balloon, 128);
    });

    [Fact]
    public void A_handler_that_fails_ends_it_and_everybody_learns_why() => _hypervisor.Run(async () =>
    {
        await WriteTargetAsync(256);
        MemoryBalloon balloon = await Memory.FollowTargetAsync();
        await balloon.WaitAsync(IsReached);
        balloon.Changed += _ => throw new FormatException("no such column");
        await WriteTargetAsync(128);
        await Assert.ThrowsAsync<FormatException>(() => balloon.WaitAsync(_ => false));
        Assert.Equal(BalloonState.NoTarget, balloon.Status.State);
        Assert.Equal("the target is not followed any more: no such column", balloon.Status.Error);
        await balloon.DisposeAsync();
        Assert.Null(Memory.Balloon);
        Assert.Equal(0, _hypervisor.Xenstored.WatchCount);
    });

    [Theory]
    [InlineData(-1, 1, 2)]
    [InlineData(0, 0, 2)]
    [InlineData(0, 2, 1)]
    public void Options_that_make_no_sense_are_refused(long keep, int first, int longest) => _hypervisor.Run(async () =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Memory.FollowTargetAsync(new BalloonOptions
        {
            KeepAvailable = keep,
            FirstRetry = TimeSpan.FromSeconds(first),
            LongestRetry = TimeSpan.FromSeconds(longest),
        })));

    private delegate void MemoryChange(ref MemoryInfo memory);

    private static bool IsReached(BalloonStatus status) => status.State == BalloonState.Reached;

    private void Change(MemoryChange change)
    {
        MemoryInfo memory = Figures.Memory;
        change(ref memory);
        Figures.Memory = memory;
    }

    private void Follow(long target, Func<MemoryBalloon, Task> test, BalloonOptions? options = null) => _hypervisor.Run(async () =>
    {
        await Toolstack.WriteAsync($"{Home}/memory/static-max", $"{256 * Kibi}");
        await WriteTargetAsync(target);
        await using MemoryBalloon balloon = await Memory.FollowTargetAsync(options);
        await test(balloon);
    });

    private Task WriteTargetAsync(long mebibytes) => Toolstack.WriteAsync($"{Home}/memory/target", $"{mebibytes * Kibi}");

    private async Task<BalloonStatus> SetAsync(MemoryBalloon balloon, long mebibytes)
    {
        await WriteTargetAsync(mebibytes);
        return await balloon.WaitAsync(status => IsReached(status) && status.Target == mebibytes * MiB);
    }
}
