using CsCheck;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Memory;
using Entry = Xenolith.Kernel.Tests.Memory.RegionTreeModel.Entry;

namespace Xenolith.Kernel.Tests.Memory;

public sealed unsafe class RegionTreeTests
{
    private const ulong Page = RegionTreeModel.Page;
    private const ulong Base = RegionTreeModel.Base;
    private const int Pages = 96;

    private static readonly Entry Reserved = new(RegionProtection.None, RegionKind.Anonymous, RegionFlags.None, 0);
    private static readonly Entry Writable = Reserved with { Protection = RegionProtection.Read | RegionProtection.Write };

    private enum Operation
    {
        Insert,
        Remove,
        Replace,
        Protect,
    }

    [Fact]
    public void Touching_regions_become_one_only_if_all_their_attributes_are_equal()
    {
        Entry[] others =
        [
            Writable with { Protection = RegionProtection.Read },
            Writable with { Kind = RegionKind.Image },
            Writable with { Flags = RegionFlags.Charged },
            Writable with { Tag = 1 },
        ];
        foreach (Entry other in others)
        {
            using var pages = new PageSource(1);
            RegionTree tree = Create();
            Insert(ref tree, 0, 4, Writable);
            Insert(ref tree, 8, 12, Writable);
            Insert(ref tree, 12, 14, other);
            Insert(ref tree, 4, 8, Writable);
            Assert.Equal([(0, 12, Writable), (12, 14, other)], Regions(ref tree));
        }
    }

    [Fact]
    public void A_taken_range_cannot_be_taken_again()
    {
        using var pages = new PageSource(1);
        RegionTree tree = Create();
        Insert(ref tree, 10, 20, Writable);
        foreach ((int start, int end) in new[] { (10, 20), (9, 11), (19, 21), (12, 13), (0, 90) })
            Assert.Equal(RegionResult.Overlap, tree.Insert(At(start), At(end), Reserved.Attributes));
        Assert.Equal([(10, 20, Writable)], Regions(ref tree));
    }

    [Fact]
    public void Protecting_a_range_with_a_hole_changes_nothing()
    {
        using var pages = new PageSource(1);
        RegionTree tree = Create();
        Insert(ref tree, 10, 20, Writable);
        Insert(ref tree, 21, 30, Writable);
        foreach ((int start, int end) in new[] { (9, 12), (15, 25), (25, 31), (20, 21), (0, 90) })
            Assert.Equal(RegionResult.NotCovered, tree.SetProtection(At(start), At(end), RegionProtection.None));
        Assert.Equal([(10, 20, Writable), (21, 30, Writable)], Regions(ref tree));
    }

    [Fact]
    public void Committing_a_reservation_step_by_step_takes_no_further_node()
    {
        using var pages = new PageSource(1);
        RegionTree tree = Create();
        Insert(ref tree, 0, 90, Reserved);
        Protect(ref tree, 0, 1, Writable.Protection);
        int available = Capacity - tree.Count;
        for (int i = 0; i < available; i++)
            Insert(ref tree, 200 + i * 2, 201 + i * 2, Reserved);
        for (int i = 1; i < 89; i++)
            Protect(ref tree, i, i + 1, Writable.Protection);
        for (int i = 88; i > 40; i--)
            Protect(ref tree, i, i + 1, Reserved.Protection);
        Assert.Equal([(0, 41, Writable), (41, 90, Reserved)], Regions(ref tree).Take(2));
        CheckInvariants(ref tree);
    }

    [Fact]
    public void A_terabyte_is_one_region_and_the_top_of_the_address_space_can_be_reached()
    {
        using var pages = new PageSource(1);
        RegionTree tree = Create();
        Assert.Equal(RegionResult.Done, tree.Insert(1ul << 40, 2ul << 40, Reserved.Attributes));
        Assert.Equal(RegionResult.Done, tree.Insert(0xFFFF_FFFF_FFFF_0000, 0xFFFF_FFFF_FFFF_F000, Reserved.Attributes));
        Assert.Equal(2, tree.Count);
        Assert.True(tree.Find((2ul << 40) - 1) != null);
        Assert.True(tree.Find(2ul << 40) == null);
        Assert.Equal(2ul << 40, tree.FindGap(1ul << 40, Page, 1ul << 40, ulong.MaxValue));
        Assert.Equal(0xFFFF_FFFF_FFFE_0000, tree.FindGap(0x10000, 0x10000, 0xFFFF_FFFF_FFFE_0000, 0xFFFF_FFFF_FFFF_F000));
        Assert.Equal(0ul, tree.FindGap(Page, 1ul << 63, 0xFFFF_FFFF_FFFE_0000, 0xFFFF_FFFF_FFFF_F000));
        CheckInvariants(ref tree);
    }

    [Fact]
    public void A_range_that_is_empty_or_not_of_whole_pages_is_a_bug()
    {
        using var pages = new PageSource(1);
        RegionTree tree = Create();
        Assert.Throws<KernelAssertException>(() => tree.Insert(At(1), At(1), Reserved.Attributes));
        Assert.Throws<KernelAssertException>(() => tree.Remove(At(1), At(2) + 1));
        Assert.Throws<KernelAssertException>(() => tree.SetProtection(At(1) + 1, At(2), RegionProtection.None));
        Assert.Throws<KernelAssertException>(() => tree.FindGap(0, Page, Base, At(90)));
        Assert.Throws<KernelAssertException>(() => tree.FindGap(Page, 3 * Page, Base, At(90)));
    }

    [Fact]
    public void Random_operations_do_what_a_page_array_does_and_fail_without_a_trace()
    {
        Gen<Entry> entry = Gen.Select(
            Gen.OneOf(RegionProtection.None, RegionProtection.Read, RegionProtection.Read | RegionProtection.Write),
            Gen.OneOf(RegionKind.Anonymous, RegionKind.Image),
            Gen.OneOf(RegionFlags.None, RegionFlags.Charged),
            Gen.ULong[0, 1],
            (protection, kind, flags, tag) => new Entry(protection, kind, flags, tag));
        Gen<(Operation, int, int, Entry)> operation =
            Gen.Select(Gen.Enum<Operation>(), Gen.Int[0, Pages - 1], Gen.Int[1, 24], entry);
        // Regions far away take nodes until few are left, so that the pool runs dry at any point of the sequence.
        Gen.Select(Gen.Int[0, Capacity], operation.Array[1, 120], Gen.Bool).Sample((elsewhere, operations, limited) =>
        {
            using var pages = new PageSource(limited ? 1 : 100);
            RegionTree tree = Create();
            var model = new RegionTreeModel(Pages);
            for (int i = 0; limited && i < elsewhere; i++)
                Insert(ref tree, 1000 + i * 2, 1001 + i * 2, Reserved);
            elsewhere = tree.Count;

            foreach ((Operation kind, int start, int length, Entry value) in operations)
            {
                int end = Math.Min(start + length, Pages);
                int available = limited ? Capacity - tree.Count : int.MaxValue;
                List<(ulong, ulong, Entry)> before = model.Regions();
                RegionResult expected = RegionResult.Done;
                RegionResult result;
                switch (kind)
                {
                    case Operation.Insert:
                        if (model.IsFree(start, end))
                            model.Set(start, end, value);
                        else
                            expected = RegionResult.Overlap;
                        result = tree.Insert(At(start), At(end), value.Attributes);
                        break;
                    case Operation.Remove:
                        model.Set(start, end, null);
                        result = tree.Remove(At(start), At(end));
                        break;
                    case Operation.Replace:
                        model.Set(start, end, value);
                        result = tree.Replace(At(start), At(end), value.Attributes);
                        break;
                    default:
                        RegionFlags clear = RegionFlags.Charged & ~value.Flags;
                        if (model.IsTaken(start, end))
                            model.Protect(start, end, value.Protection, value.Flags, clear);
                        else
                            expected = RegionResult.NotCovered;
                        result = tree.SetProtection(At(start), At(end), value.Protection, value.Flags, clear);
                        break;
                }

                if (result == RegionResult.NoMemory)
                {
                    // A node more than there was must have been needed, or two set aside for a change that splits or replaces.
                    int needed = kind is Operation.Insert or Operation.Remove ? 1 : 2;
                    Assert.True(available < needed);
                    Assert.Equal(before, Near(ref tree));
                    Restore(model, before);
                }
                else
                {
                    Assert.Equal(expected, result);
                    Assert.True(kind == Operation.Replace || model.Regions().Count - before.Count <= available);
                    Assert.Equal(model.Regions(), Near(ref tree));
                }

                Assert.Equal(elsewhere + model.Regions().Count, tree.Count);
                CheckInvariants(ref tree);
            }

            Assert.Equal(RegionResult.Done, tree.Remove(Base, At(1_000_000)));
            Assert.Equal(0, tree.Count);
            Assert.True(tree.First == null);
            if (!limited)
                return;
            // No node was lost.
            for (int i = 0; i < Capacity; i++)
                Insert(ref tree, i * 2, i * 2 + 1, Reserved);
        }, iter: 1500);
    }

    [Fact]
    public void Random_questions_get_the_answers_of_a_page_array()
    {
        Gen<(int Start, int Length)> region = Gen.Select(Gen.Int[0, Pages - 1], Gen.Int[1, 6]);
        Gen<(int, int, int, int, RegionProtection)> question = Gen.Select(
            Gen.Int[0, Pages - 1], Gen.Int[1, 12], Gen.Int[0, 4], Gen.Int[0, Pages + 8], Gen.OneOf(RegionProtection.None, RegionProtection.Read));
        Gen.Select(region.Array[0, 30], question.Array[1, 40]).Sample((regions, questions) =>
        {
            using var pages = new PageSource(100);
            RegionTree tree = Create();
            var model = new RegionTreeModel(Pages);
            foreach ((int start, int length) in regions)
            {
                int end = Math.Min(start + length, Pages);
                Entry value = length % 2 == 0 ? Reserved : Writable;
                Assert.Equal(RegionResult.Done, tree.Replace(At(start), At(end), value.Attributes));
                model.Set(start, end, value);
            }

            List<(ulong Start, ulong End, Entry)> expected = model.Regions();
            foreach ((int start, int length, int alignment, int other, RegionProtection required) in questions)
            {
                ulong address = At(start) + (ulong)length;
                Region* found = tree.Find(address);
                Assert.Equal(model[start] is not null, found != null);
                Assert.True(found == null || (found->Start <= address && address < found->End));
                // Again, from the cache or not.
                Assert.True(tree.Find(address) == found);
                Region* after = tree.FindFirstAtOrAfter(address);
                Assert.Equal(expected.FirstOrDefault(r => r.End > address).Start, after == null ? 0 : after->Start);

                int end = Math.Min(start + length, Pages);
                Assert.Equal(model.IsCovered(start, end, required), tree.IsCovered(At(start), At(end), required));

                ulong low = Math.Min(At(start), At(other));
                ulong high = Math.Max(At(start), At(other));
                Assert.Equal(
                    model.FindGap(length, Page << alignment, low, high),
                    tree.FindGap((ulong)length * Page, Page << alignment, low, high));
            }
        }, iter: 1500);
    }

    [Fact]
    public void The_tree_stays_balanced_with_thousands_of_regions()
    {
        using var pages = new PageSource(1000);
        RegionTree tree = Create();
        for (int i = 0; i < 4096; i++)
            Insert(ref tree, i * 2, i * 2 + 1, Reserved);
        CheckInvariants(ref tree);
        Assert.Equal(At(8191), tree.FindGap(2 * Page, Page, Base, At(10000)));
        for (int i = 0; i < 4096; i += 2)
            Assert.Equal(RegionResult.Done, tree.Remove(At(i * 2), At(i * 2 + 1)));
        Assert.Equal(2048, tree.Count);
        CheckInvariants(ref tree);
        Assert.Equal(Base, tree.FindGap(2 * Page, Page, Base, At(10000)));
    }

    private static int Capacity => 4096 / sizeof(Region);

    private static ulong At(int page) => RegionTreeModel.Address(page);

    private static RegionTree Create()
    {
        RegionTree tree = default;
        tree.Initialize(PageSource.Take);
        return tree;
    }

    private static void Insert(ref RegionTree tree, int start, int end, Entry entry) =>
        Assert.Equal(RegionResult.Done, tree.Insert(At(start), At(end), entry.Attributes));

    private static void Protect(ref RegionTree tree, int start, int end, RegionProtection protection) =>
        Assert.Equal(RegionResult.Done, tree.SetProtection(At(start), At(end), protection));

    private static void Restore(RegionTreeModel model, List<(ulong Start, ulong End, Entry Entry)> regions)
    {
        model.Set(0, Pages, null);
        foreach ((ulong start, ulong end, Entry entry) in regions)
            model.Set((int)((start - Base) / Page), (int)((end - Base) / Page), entry);
    }

    /// <summary>The regions in the part of the address space that the model covers.</summary>
    private static List<(ulong, ulong, Entry)> Near(ref RegionTree tree)
    {
        List<(ulong, ulong, Entry)> regions = [];
        for (Region* region = tree.First; region != null && region->Start < At(Pages); region = RegionTree.Next(region))
            regions.Add((region->Start, region->End, EntryOf(region)));
        return regions;
    }

    private static List<(int, int, Entry)> Regions(ref RegionTree tree)
    {
        List<(int, int, Entry)> regions = [];
        for (Region* region = tree.First; region != null; region = RegionTree.Next(region))
            regions.Add(((int)((region->Start - Base) / Page), (int)((region->End - Base) / Page), EntryOf(region)));
        return regions;
    }

    private static Entry EntryOf(Region* region) =>
        new(region->Attributes.Protection, region->Attributes.Kind, region->Attributes.Flags, region->Attributes.Tag);

    private static void CheckInvariants(ref RegionTree tree)
    {
        int count = 0;
        Region* previous = null;
        for (Region* region = tree.First; region != null; region = RegionTree.Next(region))
        {
            count++;
            Assert.True(region->Start < region->End);
            Assert.True(previous == null || previous->End <= region->Start);
            Assert.False(previous != null && previous->End == region->Start && previous->Attributes.Matches(region->Attributes));
            Assert.True(RegionTree.Previous(region) == previous);
            int left = region->Left == null ? 0 : region->Left->Height;
            int right = region->Right == null ? 0 : region->Right->Height;
            Assert.InRange(left - right, -1, 1);
            Assert.True(region->Left == null || region->Left->Parent == region);
            Assert.True(region->Right == null || region->Right->Parent == region);
            // What each node knows is what its children say, down to the leaves.
            Assert.False(region->Update());
            previous = region;
        }

        Assert.Equal(tree.Count, count);
    }
}
