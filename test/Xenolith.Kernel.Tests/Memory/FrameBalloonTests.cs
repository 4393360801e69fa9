using CsCheck;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Tests.Memory;

/// <summary>
/// Frames that are taken away from the allocator and come back: what is away is never handed out, and every frame is accounted for.
/// </summary>
public sealed unsafe class FrameBalloonTests
{
    private const ulong MiB = 1024 * 1024;
    private const ulong GiB = 1024 * MiB;
    private const ulong Frame = FrameAllocator.FrameSize;
    private const ulong Block = FrameAllocator.BlockSize;

    [Fact]
    public void Untouched_memory_goes_from_its_end_in_whole_blocks_and_is_not_touched_for_it()
    {
        using var ram = new SimulatedRam(64 * GiB);
        Assert.True(ram.Allocator->AddRange(0, 2 * GiB));
        Assert.True(ram.Allocator->AddRange(4 * GiB, 64 * GiB));
        ulong all = ram.Allocator->TotalFrames;
        Assert.True(ram.Allocator->TakeTail(1300, out ulong start, out ulong frames));
        Assert.Equal((64 * GiB - 2 * Block, 1024ul), (start, frames));
        Assert.True(ram.Allocator->TakeTail(ulong.MaxValue >> 12, out start, out frames));
        // The bitmaps of the whole range stay, and what is left of their last block.
        Assert.Equal(64 * GiB - 2 * Block, start + frames * Frame);
        Assert.InRange(start, 4 * GiB + 4 * MiB, 4 * GiB + 8 * MiB);
        Assert.True(ram.Allocator->TakeTail(512, out start, out frames));
        Assert.Equal((2 * GiB - Block, 512ul), (start, frames));
        Assert.Equal(all, ram.Allocator->TotalFrames + ram.Allocator->AbsentFrames);
        Assert.Equal(ram.Allocator->TotalFrames, ram.Allocator->FreeFrames);
        Assert.Empty(ram.Requests);
    }

    [Fact]
    public void The_piece_at_an_odd_end_goes_as_a_whole_or_not_at_all()
    {
        using var ram = new SimulatedRam(16 * MiB);
        Assert.True(ram.Allocator->AddRange(0, 7 * MiB));
        Assert.False(ram.Allocator->TakeTail(255, out _, out _));
        Assert.True(ram.Allocator->TakeTail(300, out ulong start, out ulong frames));
        Assert.Equal((6 * MiB, 256ul), (start, frames));
        Assert.True(ram.Allocator->TakeTail(ulong.MaxValue >> 12, out start, out frames));
        Assert.Equal((2 * MiB, 1024ul), (start, frames));
        Assert.False(ram.Allocator->TakeTail(ulong.MaxValue >> 12, out _, out _)); // the first block has the bitmaps
    }

    [Fact]
    public void What_went_from_the_end_comes_back_lowest_first_and_is_used_again()
    {
        using var ram = new SimulatedRam(64 * MiB);
        Assert.True(ram.Allocator->AddRange(0, 33 * MiB));
        ulong all = ram.Allocator->TotalFrames;
        while (ram.Allocator->TakeTail(ulong.MaxValue >> 12, out _, out _))
        {
        }
        Assert.NotEqual(0ul, ram.Allocator->Allocate(0));
        Assert.Equal(0ul, ram.Allocator->Allocate(9));
        Assert.False(ram.Allocator->FindTail(511, out _, out _));
        Assert.True(ram.Allocator->FindTail(1535, out ulong start, out ulong frames));
        Assert.Equal((2 * MiB, 1024ul), (start, frames));
        ram.Allocator->AddTail(start, 512); // Xen had no more than that
        Assert.Equal(2 * MiB, ram.Allocator->Allocate(9));
        ulong last = 0;
        while (ram.Allocator->FindTail(ulong.MaxValue >> 12, out start, out frames))
        {
            Assert.True(start > last);
            ram.Allocator->AddTail(last = start, frames);
        }
        Assert.Equal(32 * MiB, last); // the odd piece
        Assert.Equal((all, 0ul), (ram.Allocator->TotalFrames, ram.Allocator->AbsentFrames));
    }

    [Fact]
    public void Frames_that_no_range_has_room_for_are_refused()
    {
        using var ram = new SimulatedRam(16 * MiB);
        Assert.True(ram.Allocator->AddRange(0, 8 * MiB));
        Assert.True(ram.Allocator->TakeTail(512, out ulong start, out _));
        Assert.Throws<KernelAssertException>(() => ram.Allocator->AddTail(start, 513));
        Assert.Throws<KernelAssertException>(() => ram.Allocator->AddTail(start + Block, 1));
    }

    [Fact]
    public void Free_memory_goes_in_the_largest_blocks_there_are_and_comes_back_by_the_block()
    {
        using var ram = new SimulatedRam(8 * MiB);
        Assert.True(ram.Allocator->AddRange(0, 8 * MiB));
        ulong[] touched = [ram.Allocator->Allocate(9), ram.Allocator->Allocate(9), ram.Allocator->Allocate(9)];
        Array.ForEach(touched, block => ram.Allocator->Free(block, 9));
        ulong one = ram.Allocator->Allocate(0);
        ulong all = ram.Allocator->TotalFrames;
        List<(ulong Address, int Order)> taken = [];
        while (ram.Allocator->TakeFree(100_000, out int order) is var address and not 0)
        {
            taken.Add((address, order));
        }
        Assert.Equal(3, taken.Count(hole => hole.Order == 9));
        Assert.Equal(taken.OrderByDescending(hole => hole.Order), taken);
        Assert.Equal((1ul, 0ul, all - 1, all - 1), (ram.Allocator->TotalFrames, ram.Allocator->FreeFrames, ram.Allocator->AbsentFrames, ram.Allocator->Holes));

        HashSet<ulong> found = [];
        ulong* frames = stackalloc ulong[512];
        while (ram.Allocator->FindHoles(frames, 512) is var count and not 0)
        {
            Assert.Single(new Span<ulong>(frames, count).ToArray().DistinctBy(frame => frame / Block));
            if (count == 512)
            {
                Assert.Equal(0ul, frames[0] % Block);
                ram.Allocator->FillHole(frames[0], 9);
            }
            for (int i = 0; i < count; i++)
            {
                Assert.True(found.Add(frames[i]));
                if (count != 512)
                    ram.Allocator->FillHole(frames[i], 0);
            }
        }
        Assert.Equal(all - 1, (ulong)found.Count);
        Assert.DoesNotContain(one, found);
        Assert.Equal((all, all - 1, 0ul), (ram.Allocator->TotalFrames, ram.Allocator->FreeFrames, ram.Allocator->Holes));
        ram.Allocator->Free(one, 0);
        Assert.Equal(0, ram.Allocator->FindHoles(frames, 512));
        Assert.NotEqual(0ul, ram.Allocator->Allocate(9));
    }

    [Fact]
    public void A_block_no_larger_than_wanted_is_taken()
    {
        using var ram = new SimulatedRam(8 * MiB);
        Assert.True(ram.Allocator->AddRange(0, 8 * MiB));
        Assert.Equal(0ul, ram.Allocator->TakeFree(100, out int order) % (Frame << 6));
        Assert.Equal(6, order);
        Assert.NotEqual(0ul, ram.Allocator->TakeFree(1, out order));
        Assert.Equal((0, 65ul), (order, ram.Allocator->Holes));
    }

    [Fact]
    public void A_frame_that_is_there_cannot_come_back_once_more()
    {
        using var ram = new SimulatedRam(8 * MiB);
        Assert.True(ram.Allocator->AddRange(0, 8 * MiB));
        ulong hole = ram.Allocator->TakeFree(64, out int order);
        ram.Allocator->FillHole(hole + Frame, 0);
        Assert.Throws<KernelAssertException>(() => ram.Allocator->FillHole(hole + Frame, 0));
        Assert.Throws<KernelAssertException>(() => ram.Allocator->FillHole(hole, order));
        Assert.Throws<KernelAssertException>(() => ram.Allocator->FillHole(64 * MiB, 0));
    }

    [Fact]
    public void Whatever_goes_and_comes_every_frame_is_free_used_or_away_and_none_is_two_of_these()
    {
        Gen<(int Kind, int Order, ulong Count, int Pick)> operation =
            Gen.Select(Gen.Int[0, 6], Gen.Int[0, 9], Gen.ULong[1, 1500], Gen.Int[0, int.MaxValue]);
        operation.Array[0, 200].Sample(operations =>
        {
            using var ram = new SimulatedRam(40 * MiB);
            FrameAllocator* allocator = ram.Allocator;
            Assert.True(allocator->AddRange(0, 5 * MiB + 3 * Frame));
            Assert.True(allocator->AddRange(7 * MiB, 40 * MiB));
            ulong all = allocator->TotalFrames;
            ulong* frames = stackalloc ulong[512];
            ulong* blocks = stackalloc ulong[FrameAllocator.MaxOrder + 1];
            HashSet<ulong> away = [];
            List<(ulong Address, int Order)> held = [];
            foreach ((int kind, int order, ulong count, int pick) in operations)
            {
                switch (kind)
                {
                    case 0 or 1 when allocator->Allocate(order) is ulong address and not 0:
                        ram.Fill(address, order);
                        Assert.All(Frames(address, 1ul << order), frame => Assert.DoesNotContain(frame, away));
                        held.Add((address, order));
                        break;
                    case 2 when held.Count > 0:
                        (ulong freed, int heldOrder) = held[pick % held.Count];
                        held.RemoveAt(pick % held.Count);
                        allocator->Free(freed, heldOrder);
                        break;
                    case 3 when allocator->TakeTail(count, out ulong start, out ulong taken):
                        Assert.InRange(taken, 1ul, count);
                        Assert.All(Frames(start, taken), frame => Assert.True(away.Add(frame)));
                        break;
                    case 4 when allocator->TakeFree(count, out int takenOrder) is ulong hole and not 0:
                        Assert.InRange(1ul << takenOrder, 1ul, count);
                        ram.Fill(hole, takenOrder); // it is somebody else's now
                        Assert.All(Frames(hole, 1ul << takenOrder), frame => Assert.True(away.Add(frame)));
                        break;
                    case 5 when allocator->FindTail(count, out ulong tail, out ulong found):
                        Assert.InRange(found, 1ul, count);
                        allocator->AddTail(tail, found);
                        Assert.All(Frames(tail, found), frame => Assert.True(away.Remove(frame)));
                        break;
                    case 6:
                        int holes = allocator->FindHoles(frames, (int)Math.Min(count, 512));
                        Assert.Equal(holes == 0, allocator->Holes == 0);
                        for (int i = 0; i < holes; i++)
                        {
                            Assert.True(away.Remove(frames[i]));
                            allocator->FillHole(frames[i], 0);
                        }
                        break;
                }

                Assert.Equal((ulong)away.Count, allocator->AbsentFrames);
                Assert.Equal(all, allocator->TotalFrames + allocator->AbsentFrames);
                Assert.Equal(allocator->TotalFrames, allocator->FreeFrames + allocator->Used(FrameUse.Kernel));
                allocator->CountFreeBlocks(blocks);
                Assert.Equal(allocator->FreeFrames, Enumerable.Range(0, FrameAllocator.MaxOrder + 1).Aggregate(0ul, (sum, i) => sum + (blocks[i] << i)));
            }
        }, iter: 200);
    }

    private static IEnumerable<ulong> Frames(ulong start, ulong count)
    {
        for (ulong i = 0; i < count; i++)
            yield return start + i * Frame;
    }
}
