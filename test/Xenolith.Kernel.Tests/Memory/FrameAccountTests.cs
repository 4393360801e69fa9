using CsCheck;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Tests.Memory;

/// <summary>Where the frames are, by use and by block: every frame is in exactly one place.</summary>
public sealed unsafe class FrameAccountTests
{
    private const ulong MiB = 1024 * 1024;
    private const ulong Frame = FrameAllocator.FrameSize;
    private static readonly FrameUse[] Uses = [.. Enum.GetValues<FrameUse>().Where(use => use != FrameUse.Count)];

    [Fact]
    public void Every_frame_is_free_or_has_one_use_whatever_was_allocated_and_freed()
    {
        Gen<(int Order, FrameUse Use, int Pick, bool Free)> operation =
            Gen.Select(Gen.Frequency((5, Gen.Const(0)), (1, Gen.Int[1, 9])), Gen.Int[0, Uses.Length - 1].Select(i => Uses[i]), Gen.Int[0, int.MaxValue], Gen.Bool);
        operation.Array[0, 400].Sample(operations =>
        {
            using var ram = new SimulatedRam(16 * MiB);
            FrameAllocator* allocator = ram.Allocator;
            Assert.True(allocator->AddRange(0, 5 * MiB + 3 * Frame));
            Assert.True(allocator->AddRange(7 * MiB, 16 * MiB));
            List<(ulong Address, int Order, FrameUse Use)> held = [];
            foreach ((int order, FrameUse use, int pick, bool wantsFree) in operations)
            {
                if (wantsFree && held.Count > 0)
                {
                    (ulong address, int heldOrder, FrameUse heldUse) = held[pick % held.Count];
                    held.RemoveAt(pick % held.Count);
                    allocator->Free(address, heldOrder, heldUse);
                }
                else if (allocator->Allocate(order, use) is ulong address and not 0)
                {
                    held.Add((address, order, use));
                }

                ulong used = 0;
                foreach (FrameUse each in Uses)
                {
                    Assert.Equal(held.Where(h => h.Use == each).Aggregate(0ul, (sum, h) => sum + (1ul << h.Order)), allocator->Used(each));
                    used += allocator->Used(each);
                }

                Assert.Equal(allocator->TotalFrames, allocator->FreeFrames + used);
                Assert.Equal(allocator->FreeFrames, Frames(FreeBlocks(allocator)));
            }

            int promised = (int)FreeBlocks(allocator)[^1];
            for (int i = 0; i < promised; i++)
                Assert.NotEqual(0ul, allocator->Allocate(9, FrameUse.Program));
        }, iter: 200);
    }

    [Fact]
    public void Memory_that_was_never_touched_is_counted_in_the_largest_blocks_that_it_has()
    {
        using var ram = new SimulatedRam(64 * MiB);
        // From 1 MiB: two frames for the bitmaps, then blocks of 8 KiB to 512 KiB up to 2 MiB; 31 large blocks.
        Assert.True(ram.Allocator->AddRange(MiB, 64 * MiB));
        Assert.Equal([0, 1, 1, 1, 1, 1, 1, 1, 0, 31], FreeBlocks(ram.Allocator));
        Assert.Empty(ram.Requests);
        // Handing out from a block takes it apart only as far as it is used.
        Assert.NotEqual(0ul, ram.Allocator->Allocate(0));
        Assert.Equal([1, 0, 1, 1, 1, 1, 1, 1, 0, 31], FreeBlocks(ram.Allocator));
        Assert.NotEqual(0ul, ram.Allocator->Allocate(0));
        Assert.Equal([0, 0, 1, 1, 1, 1, 1, 1, 0, 31], FreeBlocks(ram.Allocator));
    }

    [Fact]
    public void Memory_freed_for_a_use_that_does_not_have_it_is_a_broken_invariant()
    {
        using var ram = new SimulatedRam(4 * MiB);
        Assert.True(ram.Allocator->AddRange(0, 4 * MiB));
        ulong frame = ram.Allocator->Allocate(0, FrameUse.PageTables);
        KernelAssertException error = Assert.Throws<KernelAssertException>(() => ram.Allocator->Free(frame, 0, FrameUse.Threads));
        Assert.Contains("use", error.Message, StringComparison.Ordinal);
        ram.Allocator->Free(frame, 0, FrameUse.PageTables);
        Assert.Equal(0ul, ram.Allocator->Used(FrameUse.PageTables));
    }

    private static ulong[] FreeBlocks(FrameAllocator* allocator)
    {
        ulong[] counts = new ulong[FrameAllocator.MaxOrder + 1];
        fixed (ulong* first = counts)
            allocator->CountFreeBlocks(first);
        return counts;
    }

    private static ulong Frames(ulong[] blocks) => blocks.Select((count, order) => count << order).Aggregate(0ul, (sum, frames) => sum + frames);
}
