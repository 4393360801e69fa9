using System.Runtime.CompilerServices;
using Xenolith.EventChannels;
using Xenolith.Grants;

namespace Xenolith.Contract;

/// <summary>What grants do on every platform.</summary>
public static class GrantContract
{
    internal static IEnumerable<ContractCase> All =>
    [
        Case(Both_sides_of_a_shared_page_see_what_either_writes),
        Case(Shared_pages_are_zero_whatever_was_in_them_before__MSA01),
        Case(A_busy_grant_is_reported_and_can_be_ended_later__MSA02),
        Case(Disposing_of_busy_pages_reclaims_them_when_the_peer_lets_go__MSA02),
        Case(Several_pages_are_mapped_contiguously_in_the_given_order),
        Case(Mapping_is_all_or_nothing),
        Case(A_page_granted_for_reading_is_not_mapped_for_writing),
        Case(A_read_only_mapping_refuses_writers),
        Case(A_reference_that_grants_nothing_cannot_be_mapped),
        Case(Unmapping_notifies_and_clears_the_byte_that_was_asked_for),
        Case(Pieces_are_copied_both_ways_and_each_has_its_result),
        Case(A_reference_is_used_again_and_again),
        Case(Nothing_is_left_behind),
    ];

    private static ContractCase Case(Func<ContractWorld, Task> run, [CallerArgumentExpression(nameof(run))] string name = "") => new(name, run);

    private static ForeignGrant[] Grants(ushort domain, ReadOnlySpan<uint> references)
    {
        ForeignGrant[] grants = new ForeignGrant[references.Length];
        for (int i = 0; i < grants.Length; i++)
            grants[i] = new ForeignGrant(domain, references[i]);
        return grants;
    }

    private static async Task Both_sides_of_a_shared_page_see_what_either_writes(ContractWorld world)
    {
        await using SharedPages shared = await world.There.Grants.ShareAsync(world.HereId, 1, GrantAccess.ReadWrite);
        using ForeignMapping mapping = world.Here.Grants.Map(Grants(world.ThereId, shared.References), GrantAccess.ReadWrite);
        shared.Pages.GetSpan()[7] = 42;
        Check.Equal((byte)42, mapping.GetReadOnlySpan()[7]);
        mapping.GetSpan()[4095] = 43;
        Check.Equal((byte)43, shared.Pages.GetSpan()[4095]);
    }

    private static async Task Shared_pages_are_zero_whatever_was_in_them_before__MSA01(ContractWorld world)
    {
        for (int count = 1; count <= 3; count++)
        {
            for (int round = 0; round < 3; round++)
            {
                await using SharedPages shared = await world.Here.Grants.ShareAsync(world.ThereId, count, GrantAccess.ReadWrite);
                Check.True(shared.Pages.GetReadOnlySpan().IndexOfAnyExcept((byte)0) < 0);
                Check.Equal(0, (int)(shared.Pages.Address % SharedMemory.PageSize));
                shared.Pages.GetSpan().Fill(0xA5);
            }
        }
    }

    private static async Task A_busy_grant_is_reported_and_can_be_ended_later__MSA02(ContractWorld world)
    {
        SharedPages shared = await world.There.Grants.ShareAsync(world.HereId, 2, GrantAccess.ReadWrite);
        ForeignMapping mapping = world.Here.Grants.Map(new ForeignGrant(world.ThereId, shared.References[1]), GrantAccess.ReadWrite);
        Check.Equal(EndGrantResult.Busy, shared.TryUnshare());
        shared.Pages.GetPage(1)[0] = 9; // still there, still shared
        Check.Equal((byte)9, mapping.GetSpan()[0]);
        mapping.Unmap();
        Check.Equal(EndGrantResult.Ended, shared.TryUnshare());
        Check.Throws<ObjectDisposedException>(() => shared.Pages.GetSpan());
    }

    private static async Task Disposing_of_busy_pages_reclaims_them_when_the_peer_lets_go__MSA02(ContractWorld world)
    {
        GrantTable table = world.There.Grants;
        SharedPages shared = await table.ShareAsync(world.HereId, 1, GrantAccess.ReadWrite);
        ForeignMapping mapping = world.Here.Grants.Map(new ForeignGrant(world.ThereId, shared.References[0]), GrantAccess.ReadWrite);
        nint address = shared.Pages.Address;
        int before = table.GetStatistics().Reclaiming;
        shared.Dispose();
        Check.Equal(before + 1, table.GetStatistics().Reclaiming);
        for (int i = 0; i < 20; i++)
        {
            using IoPages fresh = table.AllocatePages(1);
            Check.True(fresh.Address != address); // the peer could read it
        }
        mapping.Unmap();
        for (int i = 0; i < 500 && table.GetStatistics().Reclaiming > before; i++)
            await Task.Delay(TimeSpan.FromMilliseconds(10), world.There.TimeProvider);
        Check.Equal(before, table.GetStatistics().Reclaiming);
    }

    private static async Task Several_pages_are_mapped_contiguously_in_the_given_order(ContractWorld world)
    {
        await using SharedPages first = await world.There.Grants.ShareAsync(world.HereId, 2, GrantAccess.ReadWrite);
        await using SharedPages second = await world.There.Grants.ShareAsync(world.HereId, 2, GrantAccess.ReadWrite);
        ForeignGrant[] grants = [.. Grants(world.ThereId, first.References), .. Grants(world.ThereId, second.References)];
        Array.Reverse(grants);
        for (int i = 0; i < 2; i++)
        {
            first.Pages.GetPage(i).Fill((byte)(1 + i));
            second.Pages.GetPage(i).Fill((byte)(3 + i));
        }
        using ForeignMapping mapping = world.Here.Grants.Map(grants, GrantAccess.ReadOnly);
        for (int i = 0; i < 4; i++)
            Check.True(mapping.GetReadOnlySpan().Slice(i * SharedMemory.PageSize, SharedMemory.PageSize).IndexOfAnyExcept((byte)(4 - i)) < 0);
    }

    private static async Task Mapping_is_all_or_nothing(ContractWorld world)
    {
        SharedPages shared = await world.There.Grants.ShareAsync(world.HereId, 3, GrantAccess.ReadWrite);
        ForeignGrant[] grants = [.. Grants(world.ThereId, shared.References), new ForeignGrant(world.ThereId, 0x00ff_fff0)];
        int mapped = world.Here.Grants.GetStatistics().MappedPages;
        Check.Throws<XenException>(() => world.Here.Grants.Map(grants, GrantAccess.ReadWrite));
        Check.Equal(mapped, world.Here.Grants.GetStatistics().MappedPages);
        Check.Equal(EndGrantResult.Ended, shared.TryUnshare()); // so none of them is mapped
    }

    private static async Task A_page_granted_for_reading_is_not_mapped_for_writing(ContractWorld world)
    {
        await using SharedPages shared = await world.There.Grants.ShareAsync(world.HereId, 1, GrantAccess.ReadOnly);
        ForeignGrant grant = new(world.ThereId, shared.References[0]);
        Check.Throws<XenException>(() => world.Here.Grants.Map(grant, GrantAccess.ReadWrite));
        world.Here.Grants.Map(grant, GrantAccess.ReadOnly).Unmap();
    }

    private static async Task A_read_only_mapping_refuses_writers(ContractWorld world)
    {
        await using SharedPages shared = await world.There.Grants.ShareAsync(world.HereId, 1, GrantAccess.ReadWrite);
        using ForeignMapping mapping = world.Here.Grants.Map(new ForeignGrant(world.ThereId, shared.References[0]), GrantAccess.ReadOnly);
        Check.True(!mapping.CanWrite);
        Check.Throws<InvalidOperationException>(() => mapping.GetSpan());
    }

    private static async Task A_reference_that_grants_nothing_cannot_be_mapped(ContractWorld world)
    {
        using GrantReferences references = await world.There.Grants.ReserveAsync(1);
        uint reference = references[0];
        Check.Throws<XenException>(() => world.Here.Grants.Map(new ForeignGrant(world.ThereId, reference), GrantAccess.ReadOnly));
        Check.Equal(EndGrantResult.Ended, references.TryEnd(0));
    }

    private static async Task Unmapping_notifies_and_clears_the_byte_that_was_asked_for(ContractWorld world)
    {
        using EventChannel there = world.There.EventChannels.AllocateUnbound(world.HereId);
        using EventChannel here = world.Here.EventChannels.BindInterdomain(world.ThereId, there.Port);
        await using SharedPages shared = await world.There.Grants.ShareAsync(world.HereId, 2, GrantAccess.ReadWrite);
        shared.Pages.GetSpan().Fill(1);
        ForeignMapping mapping = world.Here.Grants.Map(Grants(world.ThereId, shared.References), GrantAccess.ReadWrite);
        mapping.SetUnmapNotification(4100, here);
        EventCount seen = there.Count;
        Check.Equal((byte)1, shared.Pages.GetSpan()[4100]);
        mapping.Unmap();
        await there.WaitAsync(seen);
        Check.Equal(4100, shared.Pages.GetReadOnlySpan().IndexOf((byte)0));
    }

    private static async Task Pieces_are_copied_both_ways_and_each_has_its_result(ContractWorld world)
    {
        await using SharedPages shared = await world.There.Grants.ShareAsync(world.HereId, 1, GrantAccess.ReadWrite);
        await using SharedPages readable = await world.There.Grants.ShareAsync(world.HereId, 1, GrantAccess.ReadOnly);
        using IoPages local = world.Here.Grants.AllocatePages(2);
        readable.Pages.GetSpan().Fill(5);
        local.GetSpan()[..100].Fill(6);
        ForeignGrant writable = new(world.ThereId, shared.References[0]), readOnly = new(world.ThereId, readable.References[0]);
        GrantCopy[] pieces =
        [
            GrantCopy.FromForeign(readOnly, 10, local, 4096, 4086),
            GrantCopy.ToForeign(local, 0, readOnly, 0, 100),
            GrantCopy.ToForeign(local, 0, writable, 3996, 100),
        ];
        Check.Equal(1, world.Here.Grants.Copy(pieces));
        Check.True(pieces[1].Error != XenError.None);
        Check.Equal(XenError.None, pieces[2].Error);
        Check.True(local.GetSpan().Slice(4096, 4086).IndexOfAnyExcept((byte)5) < 0);
        Check.Equal(3996, shared.Pages.GetReadOnlySpan().IndexOf((byte)6));
        Check.Equal((byte)5, readable.Pages.GetSpan()[0]);
    }

    private static async Task A_reference_is_used_again_and_again(ContractWorld world)
    {
        using GrantReferences references = await world.There.Grants.ReserveAsync(1);
        using IoPages pages = world.There.Grants.AllocatePages(4);
        for (int i = 0; i < 100; i++)
        {
            pages.GetPage(i % 4)[0] = (byte)i;
            references.Grant(0, world.HereId, pages, i % 4, GrantAccess.ReadOnly);
            using (ForeignMapping mapping = world.Here.Grants.Map(new ForeignGrant(world.ThereId, references[0]), GrantAccess.ReadOnly))
                Check.Equal((byte)i, mapping.GetReadOnlySpan()[0]);
            Check.Equal(EndGrantResult.Ended, references.TryEnd(0));
        }
    }

    private static async Task Nothing_is_left_behind(ContractWorld world)
    {
        GrantStatistics before = world.There.Grants.GetStatistics();
        await using (SharedPages shared = await world.There.Grants.ShareAsync(world.HereId, 16, GrantAccess.ReadWrite))
            world.Here.Grants.Map(Grants(world.ThereId, shared.References), GrantAccess.ReadWrite).Unmap();
        GrantStatistics after = world.There.Grants.GetStatistics();
        Check.Equal(before.Free, after.Free);
        Check.Equal(before.Pages, after.Pages);
        Check.Equal(before.Granted, after.Granted);
    }
}
