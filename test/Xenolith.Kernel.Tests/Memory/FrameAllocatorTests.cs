using CsCheck;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Tests.Memory;

public sealed unsafe class FrameAllocatorTests
{
    private const ulong KiB = 1024;
    private const ulong MiB = 1024 * KiB;
    private const ulong GiB = 1024 * MiB;
    private const ulong Frame = FrameAllocator.FrameSize;
    private const ulong Block = FrameAllocator.BlockSize;

    [Fact]
    public void Memory_is_introduced_one_block_at_a_time_lowest_address_first()
    {
        using var ram = new SimulatedRam(64 * GiB);
        Assert.True(ram.Allocator->AddRange(4 * GiB, 64 * GiB));
        Assert.True(ram.Allocator->AddRange(MiB, 3 * GiB));
        Assert.Empty(ram.Requests);

        ulong first = ram.Allocator->Allocate(0);
        Assert.Equal([(MiB, 2 * MiB)], ram.Requests);
        Assert.InRange(first, MiB, 2 * MiB);
        Assert.Equal(2 * MiB, ram.Allocator->Allocate(9));
        Assert.Equal(4 * MiB, ram.Allocator->Allocate(9));
        Assert.Equal(3, ram.Requests.Count);
    }

    [Fact]
    public void Physical_address_zero_is_never_handed_out()
    {
        using var ram = new SimulatedRam(2 * MiB);
        Assert.True(ram.Allocator->AddRange(0, 2 * MiB));
        // One frame is the null page and one holds the bitmaps.
        Assert.Equal(510ul, ram.Allocator->TotalFrames);
        Assert.Equal(510, AllocateAll(ram, 0).Count);
        Assert.All(ram.Requests, r => Assert.NotEqual(0ul, r.Start));
    }

    [Theory]
    [InlineData(MiB)]
    [InlineData(16 * MiB)]
    [InlineData(300 * MiB)]
    public void Every_frame_counted_can_be_allocated_once(ulong size)
    {
        using var ram = new SimulatedRam(size);
        Assert.True(ram.Allocator->AddRange(0, size));
        ulong total = ram.Allocator->TotalFrames;
        List<ulong> frames = AllocateAll(ram, 0);
        Assert.Equal(total, (ulong)frames.Count);
        Assert.Equal(frames.Count, frames.Distinct().Count());
        Assert.Equal(0ul, ram.Allocator->FreeFrames);
        Assert.InRange(total, size / Frame * 99 / 100 - 2, size / Frame);

        foreach (ulong frame in frames)
            ram.Allocator->Free(frame, 0);
        Assert.Equal(total, ram.Allocator->FreeFrames);
        Assert.Equal(total, ram.Allocator->TotalFrames);
        Assert.Equal((int)(size / Block) - (size % Block == 0 ? 1 : 0), AllocateAll(ram, 9).Count);
    }

    [Fact]
    public void All_of_64_GiB_around_a_hole_can_be_had_in_large_blocks()
    {
        using var ram = new SimulatedRam(66 * GiB);
        Assert.True(ram.Allocator->AddRange(0, 2 * GiB));
        Assert.True(ram.Allocator->AddRange(4 * GiB, 66 * GiB));
        ulong total = ram.Allocator->TotalFrames;
        // 62 GiB have 5.8125 MiB of bitmaps at their start: two whole blocks and most of the next.
        List<ulong> blocks = AllocateAll(ram, 9);
        Assert.Equal((int)(2 * GiB / Block) - 1 + (int)(62 * GiB / Block) - 3, blocks.Count);
        Assert.Equal(ram.Allocator->FreeFrames, total - (ulong)blocks.Count * 512);
        foreach (ulong block in blocks)
            ram.Allocator->Free(block, 9);
        Assert.Equal(total, ram.Allocator->FreeFrames);
    }

    [Fact]
    public void The_bitmaps_of_a_range_are_made_accessible_only_as_far_as_they_are_used()
    {
        using var ram = new SimulatedRam(64 * GiB);
        Assert.True(ram.Allocator->AddRange(0, 64 * GiB));
        for (int i = 0; i < 100; i++)
            Assert.NotEqual(0ul, ram.Allocator->Allocate(9));
        // 6 MiB of bitmaps: their first block, the block after the third, and the hundred allocated.
        Assert.InRange(ram.Requests.Count, 100, 103);
    }

    [Fact]
    public void Ranges_of_any_alignment_are_cut_to_whole_frames()
    {
        using var ram = new SimulatedRam(16 * MiB);
        Assert.True(ram.Allocator->AddRange(5 * MiB + 1, 5 * MiB + 3 * Frame + 4095));
        Assert.Equal(1ul, ram.Allocator->TotalFrames);
        Assert.Equal(5 * MiB + 2 * Frame, ram.Allocator->Allocate(0));
        Assert.Equal(0ul, ram.Allocator->Allocate(0));
    }

    [Fact]
    public void Ranges_too_small_to_be_of_use_are_dropped()
    {
        using var ram = new SimulatedRam(16 * MiB);
        Assert.True(ram.Allocator->AddRange(MiB, MiB));
        Assert.True(ram.Allocator->AddRange(MiB + 1, MiB + 4096));
        Assert.True(ram.Allocator->AddRange(2 * MiB, 2 * MiB + Frame));
        Assert.True(ram.Allocator->AddRange(ulong.MaxValue - 100, ulong.MaxValue));
        Assert.Equal(0ul, ram.Allocator->TotalFrames);
        Assert.Equal(0ul, ram.Allocator->Allocate(0));
        Assert.Empty(ram.Requests);
    }

    [Fact]
    public void Overlapping_ranges_and_one_range_too_many_are_refused()
    {
        using var ram = new SimulatedRam(128 * MiB);
        Assert.True(ram.Allocator->AddRange(8 * MiB, 10 * MiB));
        ulong total = ram.Allocator->TotalFrames;
        Assert.False(ram.Allocator->AddRange(8 * MiB, 10 * MiB));
        Assert.False(ram.Allocator->AddRange(7 * MiB, 8 * MiB + Frame));
        Assert.False(ram.Allocator->AddRange(9 * MiB, 9 * MiB + 4 * Frame));
        Assert.False(ram.Allocator->AddRange(10 * MiB - Frame, 11 * MiB));
        Assert.False(ram.Allocator->AddRange(0, 128 * MiB));
        Assert.Equal(total, ram.Allocator->TotalFrames);
        for (ulong i = 1; i < FrameAllocator.MaxRanges; i++)
            Assert.True(ram.Allocator->AddRange((10 + i) * MiB, (10 + i) * MiB + 64 * KiB));
        Assert.False(ram.Allocator->AddRange(100 * MiB, 101 * MiB));
        Assert.Equal(ram.Allocator->TotalFrames, (ulong)AllocateAll(ram, 0).Count);
    }

    [Fact]
    public void A_range_added_late_below_others_is_used_too()
    {
        using var ram = new SimulatedRam(16 * MiB);
        Assert.True(ram.Allocator->AddRange(8 * MiB, 12 * MiB));
        AllocateAll(ram, 0);
        Assert.True(ram.Allocator->AddRange(4 * MiB, 6 * MiB));
        Assert.Equal(4 * MiB + 4096, AllocateAll(ram, 0).Min());
        Assert.Equal(0ul, ram.Allocator->FreeFrames);
    }

    [Fact]
    public void A_large_block_can_be_freed_in_parts()
    {
        using var ram = new SimulatedRam(8 * MiB);
        Assert.True(ram.Allocator->AddRange(MiB, 8 * MiB));
        ulong block = ram.Allocator->Allocate(9);
        ulong free = ram.Allocator->FreeFrames;
        ram.Allocator->Free(block + 256 * Frame, 8);
        for (ulong i = 0; i < 256; i++)
            ram.Allocator->Free(block + (i * 97 % 256) * Frame, 0);
        Assert.Equal(free + 512, ram.Allocator->FreeFrames);
        Assert.Equal(block, ram.Allocator->Allocate(9));
    }

    [Fact]
    public void Refused_access_means_no_memory_for_now()
    {
        using var ram = new SimulatedRam(8 * MiB);
        Assert.True(ram.Allocator->AddRange(MiB, 8 * MiB));
        ulong total = ram.Allocator->TotalFrames;
        ram.Refuse = true;
        Assert.Equal(0ul, ram.Allocator->Allocate(0));
        Assert.Equal(total, ram.Allocator->FreeFrames);
        ram.Refuse = false;
        Assert.Equal(total, (ulong)AllocateAll(ram, 0).Count);
    }

    [Fact]
    public void A_double_free_is_detected_however_far_the_block_has_coalesced()
    {
        using var ram = new SimulatedRam(16 * MiB);
        Assert.True(ram.Allocator->AddRange(0, 16 * MiB));
        ulong block = ram.Allocator->Allocate(9);
        ulong small = block + 17 * Frame;
        ram.Allocator->Free(small, 0);
        AssertRejected(ram, small, 0);
        AssertRejected(ram, block + 16 * Frame, 1);
        AssertRejected(ram, block + 16 * Frame, 4);
        AssertRejected(ram, block, 7);
        AssertRejected(ram, block, 9);
        for (ulong i = 0; i < 512; i++)
        {
            if (i != 17)
                ram.Allocator->Free(block + i * Frame, 0);
        }

        AssertRejected(ram, small, 0);
        AssertRejected(ram, block + 256 * Frame, 8);
        AssertRejected(ram, block, 9);
    }

    [Fact]
    public void Freeing_what_was_never_allocated_is_detected()
    {
        using var ram = new SimulatedRam(32 * MiB);
        Assert.True(ram.Allocator->AddRange(MiB, 16 * MiB + 8 * Frame));
        ulong block = ram.Allocator->Allocate(9);
        AssertRejected(ram, 0, 0);
        AssertRejected(ram, MiB, 0); // the allocator's own bitmaps
        AssertRejected(ram, MiB + Frame, 0); // introduced and still free
        AssertRejected(ram, 8 * MiB, 0); // not introduced yet
        AssertRejected(ram, 24 * MiB, 0); // no RAM
        AssertRejected(ram, 0xFFFF_FFFF_FFFF_F000, 0);
        AssertRejected(ram, block + 1, 0);
        AssertRejected(ram, block + Frame, 1);
        AllocateAll(ram, 0);
        AssertRejected(ram, 16 * MiB, 4); // reaches beyond the range's end
        AssertRejected(ram, block, 10);
        AssertRejected(ram, block, -1);
        ram.Allocator->Free(16 * MiB, 3);
    }

    [Fact]
    public void Frames_that_wait_to_be_handed_out_are_free_and_can_still_become_part_of_a_large_block()
    {
        using var ram = new SimulatedRam(4 * MiB);
        Assert.True(ram.Allocator->AddRange(2 * MiB - 4 * Frame, 4 * MiB));
        List<ulong> frames = [];
        while (frames.LastOrDefault() < 2 * MiB)
            frames.Add(ram.Allocator->Allocate(0));
        Assert.Equal([2 * MiB], frames.Where(f => f >= 2 * MiB));
        AssertRejected(ram, 2 * MiB + Frame, 0);
        AssertRejected(ram, 2 * MiB + 256 * Frame, 8);
        AssertRejected(ram, 2 * MiB, 9);
        Assert.Equal(511ul, ram.Allocator->FreeFrames);
        Assert.Equal(0ul, ram.Allocator->Allocate(9));
        Assert.Equal(2 * MiB + 256 * Frame, ram.Allocator->Allocate(8));
        ram.Allocator->Free(2 * MiB + 256 * Frame, 8);
        ram.Allocator->Free(2 * MiB, 0);
        Assert.Equal(2 * MiB, ram.Allocator->Allocate(9));
    }

    [Fact]
    public void Writing_to_memory_after_freeing_it_is_detected_at_the_next_use_of_its_list()
    {
        using var ram = new SimulatedRam(4 * MiB);
        Assert.True(ram.Allocator->AddRange(MiB, 4 * MiB));
        List<ulong> frames = AllocateAll(ram, 0);
        ulong[] apart = [.. frames.Where(f => f % (2 * Frame) == 0).Take(3)];
        foreach (ulong frame in apart)
            ram.Allocator->Free(frame, 0);
        ram.Scribble(apart[1]);
        KernelAssertException error = Assert.Throws<KernelAssertException>(() =>
        {
            for (int i = 0; i < 3; i++)
                ram.Allocator->Allocate(0);
        });
        Assert.Contains("overwritten", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_use_never_overlaps_counts_exactly_and_gives_everything_back()
    {
        Gen<(ulong Start, ulong Length)> range = Gen.Select(Gen.ULong[0, 20 * MiB], Gen.ULong[0, 6 * MiB]);
        Gen<(int Order, int Pick, bool Free)> operation = Gen.Select(Gen.Int[0, 9], Gen.Int[0, int.MaxValue], Gen.Bool);
        Gen.Select(range.Array[1, 5], operation.Array[0, 300]).Sample((ranges, operations) =>
        {
            using var ram = new SimulatedRam(32 * MiB);
            FrameAllocator* allocator = ram.Allocator;
            List<(ulong Start, ulong End)> added = [];
            foreach ((ulong start, ulong length) in ranges)
            {
                bool overlaps = added.Any(a => start < a.End && a.Start < start + length);
                if (!overlaps)
                {
                    Assert.True(allocator->AddRange(start, start + length));
                    added.Add((start, start + length));
                }
            }

            ulong total = allocator->TotalFrames;
            ulong free = total;
            bool[] owned = new bool[32 * MiB / Frame];
            List<(ulong Address, int Order)> held = [];
            foreach ((int order, int pick, bool wantsFree) in operations)
            {
                if (wantsFree && held.Count > 0)
                {
                    (ulong address, int heldOrder) = held[pick % held.Count];
                    held.RemoveAt(pick % held.Count);
                    // Sometimes in two halves.
                    if (heldOrder > 0 && (pick & 4) != 0)
                    {
                        allocator->Free(address + (Frame << (heldOrder - 1)), heldOrder - 1);
                        allocator->Free(address, heldOrder - 1);
                    }
                    else
                    {
                        allocator->Free(address, heldOrder);
                    }

                    Mark(owned, address, heldOrder, false);
                    free += 1ul << heldOrder;
                }
                else if (allocator->Allocate(order) is ulong address and not 0)
                {
                    Assert.Equal(0ul, address % (Frame << order));
                    Assert.Contains(added, a => a.Start <= address && address + (Frame << order) <= a.End);
                    ram.Fill(address, order);
                    Mark(owned, address, order, true);
                    held.Add((address, order));
                    free -= 1ul << order;
                }

                Assert.Equal(free, allocator->FreeFrames);
                Assert.Equal(total, allocator->TotalFrames);
            }

            foreach ((ulong address, int order) in held)
                allocator->Free(address, order);
            Assert.Equal(total, allocator->FreeFrames);

            // The fewest aligned blocks that the ranges can be cut into are there: nothing stayed split.
            int[] expected = new int[10];
            foreach ((ulong start, ulong end) in added)
            {
                if (!FrameRange.Create(start, end, out FrameRange usable))
                    continue;
                for (ulong at = usable.First; at < usable.End;)
                {
                    int order = 9;
                    while (at % (Frame << order) != 0 || at + (Frame << order) > usable.End)
                        order--;
                    expected[order]++;
                    at += Frame << order;
                }
            }

            int[] found = new int[10];
            for (int order = 9; order >= 0; order--)
                found[order] = AllocateAll(ram, order).Count;
            Assert.Equal(expected, found);
            Assert.Equal(0ul, allocator->FreeFrames);
        }, iter: 300);
    }

    private static void Mark(bool[] owned, ulong address, int order, bool value)
    {
        for (ulong frame = address / Frame; frame < address / Frame + (1ul << order); frame++)
        {
            Assert.NotEqual(value, owned[frame]);
            owned[frame] = value;
        }
    }

    private static void AssertRejected(SimulatedRam ram, ulong address, int order)
    {
        ulong free = ram.Allocator->FreeFrames;
        Assert.Throws<KernelAssertException>(() => ram.Allocator->Free(address, order));
        Assert.Equal(free, ram.Allocator->FreeFrames);
    }

    private static List<ulong> AllocateAll(SimulatedRam ram, int order)
    {
        List<ulong> blocks = [];
        for (ulong address = ram.Allocator->Allocate(order); address != 0; address = ram.Allocator->Allocate(order))
            blocks.Add(address);
        return blocks;
    }
}
