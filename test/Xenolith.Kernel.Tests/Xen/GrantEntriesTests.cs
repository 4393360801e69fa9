using System.Runtime.InteropServices;
using CsCheck;
using Xenolith.Abi;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Tests.Xen;

public sealed unsafe class GrantEntriesTests : IDisposable
{
    private const uint Count = 512;
    private const ushort Own = 5, Peer = 7;
    private const ulong Page = 0x10_0000_3000, Frame = 0x4321;

    private readonly GrantEntryV1* table = (GrantEntryV1*)NativeMemory.AllocZeroed(Count, (nuint)sizeof(GrantEntryV1));
    private readonly GrantedPage* granted = (GrantedPage*)NativeMemory.AllocZeroed(Count, (nuint)sizeof(GrantedPage));
    private readonly GrantEntries entries;

    public GrantEntriesTests() => entries = new GrantEntries(table, granted) { Count = Count };

    public void Dispose()
    {
        NativeMemory.Free(table);
        NativeMemory.Free(granted);
    }

    [Fact]
    public void What_the_kernel_knows_of_an_entry_has_the_size_that_its_pages_are_counted_with() => Assert.Equal(16, sizeof(GrantedPage));

    [Theory]
    [InlineData(false, GrantEntryFlag.PermitAccess)]
    [InlineData(true, GrantEntryFlag.PermitAccess | GrantEntryFlag.Readonly)]
    public void A_grant_names_the_domain_the_frame_and_what_is_allowed(bool readOnly, int flags)
    {
        Assert.Equal(0, entries.Grant(9, Peer, Page, Frame, readOnly));
        Assert.Equal((flags, Peer, (uint)Frame), (table[9].Flags, table[9].Domid, table[9].Frame));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(Count)]
    [InlineData(uint.MaxValue)]
    public void A_reference_of_the_toolstack_and_one_beyond_the_table_are_refused(uint reference)
    {
        Assert.Equal(-Errno.Invalid, entries.Grant(reference, Peer, Page, Frame, false));
        Assert.Equal(-Errno.Invalid, entries.End(reference, out _));
    }

    [Fact]
    public void A_reference_grants_one_page_at_a_time_and_can_be_used_again()
    {
        Assert.Equal(0, entries.Grant(8, Peer, Page, Frame, false));
        Assert.Equal(-Errno.Busy, entries.Grant(8, Peer, Page + 4096, Frame, true));
        Assert.Equal(0, entries.End(8, out ulong address));
        Assert.Equal(Page, address);
        Assert.Equal(0, table[8].Flags);
        Assert.Equal(-Errno.NoDevice, entries.End(8, out _));
        Assert.Equal(0, entries.Grant(8, Peer, Page + 4096, Frame, true));
    }

    [Fact]
    public void What_was_granted_is_forgotten_page_by_page_whatever_has_become_of_the_table()
    {
        Assert.Equal(0, entries.Grant(8, Own, Page, Frame, false));
        Assert.Equal(GrantStatus.Okay, entries.MapOwn(8, Own, false, out _));
        Assert.Equal(0, entries.Grant(Count - 1, Peer, Page + 4096, Frame + 1, false));
        table[8] = table[Count - 1] = default; // another Xen's
        uint reference = 0;
        Assert.Equal(Page, entries.Forget(ref reference));
        Assert.Equal(Page + 4096, entries.Forget(ref reference));
        Assert.Equal(0u, entries.Forget(ref reference));
        Assert.Equal(0, entries.Grant(8, Peer, Page, Frame, false));
        Assert.Equal(0, entries.End(8, out _)); // no mapping of before keeps it busy
    }

    [Fact]
    public void An_entry_that_somebody_else_has_filled_is_neither_used_nor_ended()
    {
        table[20].Flags = GrantEntryFlag.PermitAccess;
        Assert.Equal(-Errno.Busy, entries.Grant(20, Peer, Page, Frame, false));
        Assert.Equal(-Errno.NoDevice, entries.End(20, out _));
        Assert.Equal(GrantEntryFlag.PermitAccess, table[20].Flags);
    }

    [Theory]
    [InlineData(GrantEntryFlag.Reading)]
    [InlineData(GrantEntryFlag.Writing)]
    [InlineData(GrantEntryFlag.Reading | GrantEntryFlag.Writing)]
    public void A_grant_does_not_end_while_Xen_says_that_the_page_is_mapped(int flags)
    {
        Assert.Equal(0, entries.Grant(8, Peer, Page, Frame, false));
        table[8].Flags |= (ushort)flags;
        Assert.Equal(-Errno.Busy, entries.End(8, out _));
        Assert.Equal(GrantEntryFlag.PermitAccess | flags, table[8].Flags);
        table[8].Flags &= (ushort)~flags;
        Assert.Equal(0, entries.End(8, out _));
    }

    [Fact]
    public void A_grant_that_has_ended_was_not_mapped_at_that_moment_whatever_Xen_did_before()
    {
        bool stop = false;
        Thread xen = new(() =>
        {
            ref int word = ref *(int*)(table + 8);
            while (!Volatile.Read(ref stop))
            {
                int seen = Volatile.Read(ref word);
                if ((seen & GrantEntryFlag.PermitAccess) == 0)
                    continue;
                if (Interlocked.CompareExchange(ref word, seen | GrantEntryFlag.Reading, seen) == seen)
                {
                    Thread.SpinWait(20);
                    Interlocked.And(ref word, ~(int)GrantEntryFlag.Reading);
                }
                Thread.SpinWait(20);
            }
        });
        xen.Start();
        int ended = 0;
        for (int i = 0; i < 20_000; i++)
        {
            if (entries.Grant(8, Peer, Page, Frame, false) != 0)
                continue;
            while (entries.End(8, out _) != 0)
            {
            }
            // Nobody can map it from here on, so no flag appears.
            for (int look = 0; look < 3; look++)
                Assert.Equal(0, table[8].Flags);
            ended++;
        }
        Volatile.Write(ref stop, true);
        xen.Join();
        Assert.Equal(20_000, ended);
    }

    [Fact]
    public void A_domain_maps_its_own_grants_by_the_rules_for_others()
    {
        Assert.Equal(GrantStatus.BadReference, entries.MapOwn(Count, Own, true, out _));
        Assert.Equal(GrantStatus.GeneralError, entries.MapOwn(8, Own, true, out _));
        Assert.Equal(0, entries.Grant(8, Own, Page, Frame, true));
        Assert.Equal(0, entries.Grant(9, Peer, Page, Frame, false));
        Assert.Equal(GrantStatus.GeneralError, entries.MapOwn(8, Own, false, out _));
        Assert.Equal(GrantStatus.GeneralError, entries.MapOwn(9, Own, true, out _));
        Assert.Equal(GrantStatus.Okay, entries.MapOwn(8, Own, true, out ulong address));
        Assert.Equal(Page, address);
        Assert.Equal(GrantStatus.Okay, entries.MapOwn(8, Own, true, out _));
        Assert.Equal(-Errno.Busy, entries.End(8, out _));
        entries.UnmapOwn(8);
        Assert.Equal(-Errno.Busy, entries.End(8, out _));
        entries.UnmapOwn(8);
        Assert.Equal(0, entries.End(8, out _));
    }

    [Fact]
    public void Any_series_of_calls_keeps_table_and_knowledge_alike()
    {
        Gen.Select(Gen.UInt[6, 14], Gen.Int[0, 2], Gen.UShort[1, 3], Gen.Bool).Array[0, 60].Sample(steps =>
        {
            new Span<byte>(table, (int)Count * sizeof(GrantEntryV1)).Clear();
            new Span<byte>(granted, (int)Count * sizeof(GrantedPage)).Clear();
            Dictionary<uint, (ushort Domain, bool ReadOnly)> model = [];
            foreach ((uint reference, int step, ushort domain, bool readOnly) in steps)
            {
                if (step == 0)
                {
                    bool expected = reference >= GrantReserved.Entries && model.TryAdd(reference, (domain, readOnly));
                    Assert.Equal(expected, entries.Grant(reference, domain, Page + reference * 4096, reference, readOnly) == 0);
                }
                else if (step == 1)
                {
                    Assert.Equal(model.Remove(reference), entries.End(reference, out ulong address) == 0);
                    Assert.True(address == 0 || address == Page + reference * 4096);
                }
                for (uint i = 0; i < 16; i++)
                {
                    int flags = !model.TryGetValue(i, out var grant) ? 0 : GrantEntryFlag.PermitAccess | (grant.ReadOnly ? GrantEntryFlag.Readonly : 0);
                    Assert.Equal(flags, table[i].Flags);
                    Assert.True(flags == 0 || table[i].Domid == grant.Domain && table[i].Frame == i);
                }
            }
        }, threads: 1); // one table
    }
}
