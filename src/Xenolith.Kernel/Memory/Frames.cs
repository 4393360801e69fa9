// Physical memory: the kernel's one frame allocator, the direct map that makes frames reachable, and the account of what is promised.
using System.Runtime.CompilerServices;
using Xenolith.Abi;
using Xenolith.Kernel.Boot;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;

namespace Xenolith.Kernel.Memory;

internal static unsafe class Frames
{
    private static FrameAllocator allocator;
    private static bool wideStores;
    // A frame kept ready for the direct map's own tables: the allocator cannot be asked while it takes in a block.
    private static ulong spareTable;

    internal static ulong Total => allocator.TotalFrames;
    internal static ulong FreeCount => allocator.FreeFrames;

    /// <summary>Bytes of RAM that are there: what the memory map names, less what has been given back.</summary>
    internal static ulong Ram => StartInfo.Ram - (allocator.AbsentFrames << 12);

    /// <summary>For <see cref="Balloon"/>, which takes frames away from it and brings them back.</summary>
    internal static FrameAllocator* Allocator => (FrameAllocator*)Unsafe.AsPointer(ref allocator);

    /// <summary>Frames handed out for a use.</summary>
    internal static ulong Used(FrameUse use) => allocator.Used(use);

    /// <summary>Free blocks of each order, from a frame to 2 MiB.</summary>
    internal static void CountFreeBlocks(ulong* counts) => allocator.CountFreeBlocks(counts);

    /// <summary>Takes the RAM of the memory map, but for page zero and the image. Nothing is touched yet, whatever its size.</summary>
    internal static void Initialize(HvmMemmapTableEntry* map, int count)
    {
        wideStores = Features.HasAvx;
        // The first tables of the direct map are part of the image, so that the first block needs no frame.
        KernelAssert.That((Asm.ImageStart & Layout.LargePageSize - 1) == 0, "the image is not linked at a multiple of 2 MiB");
        Asm.RootTable[Layout.DirectMap >> 39 & 511] = (ulong)Asm.DirectMapLevel3 | PageTables.Present | PageTables.Writable;
        Asm.DirectMapLevel3[0] = (ulong)Asm.DirectMapLevel2 | PageTables.Present | PageTables.Writable;
        allocator.Initialize(Layout.DirectMap, &MakeReachable);
        for (int i = 0; i < count; i++)
        {
            if (map[i].Type != HvmMemmapType.Ram)
                continue;
            ulong start = map[i].Addr < Layout.PageSize ? Layout.PageSize : map[i].Addr;
            AddOutsideImage(start, map[i].Addr + map[i].Size);
        }
    }

    internal static ulong Allocate(int order, FrameUse use = FrameUse.Kernel)
    {
        ulong frame = allocator.Allocate(order, use);
        KeepSpareTable();
        return frame;
    }

    /// <summary>To be called after the allocator has been asked directly.</summary>
    internal static void KeepSpareTable()
    {
        if (spareTable == 0)
            spareTable = allocator.Allocate(0, FrameUse.PageTables);
    }

    /// <summary>A frame of zeroes, or 0 when there is none.</summary>
    internal static ulong AllocateZeroed(FrameUse use = FrameUse.Kernel)
    {
        ulong frame = Allocate(0, use);
        if (frame != 0)
            Zero(frame);
        return frame;
    }

    /// <summary>Gives back what was allocated for the same use.</summary>
    internal static void Free(ulong frame, int order, FrameUse use = FrameUse.Kernel) => allocator.Free(frame, order, use);

    internal static void Zero(ulong frame)
    {
        if (wideStores)
            Asm.ZeroPageWide((void*)(Layout.DirectMap + frame));
        else
            Asm.ZeroPage((void*)(Layout.DirectMap + frame));
    }

    /// <summary>
    /// Maps the 2 MiB blocks of [start, end) into the direct map. The image's own pages are left out: an alias of its text
    /// or read-only data must not be writable. Called by the allocator before it first touches a block.
    /// </summary>
    private static bool MakeReachable(ulong start, ulong end)
    {
        for (ulong block = start & ~(Layout.LargePageSize - 1); block < end; block += Layout.LargePageSize)
        {
            ulong* level3 = Asm.DirectMapLevel3 + (block >> 30 & 511);
            ulong* level2;
            if (block >> 30 == 0)
                level2 = Asm.DirectMapLevel2;
            else if (block >> 39 != 0)
                return false; // 512 GiB: one level-3 table
            else if (*level3 != 0)
                level2 = (ulong*)(Layout.DirectMap + (*level3 & PageTables.AddressMask));
            else if (spareTable == 0)
                return false;
            else
            {
                Zero(spareTable);
                level2 = (ulong*)(Layout.DirectMap + spareTable);
                *level3 = spareTable | PageTables.Present | PageTables.Writable;
                spareTable = 0;
            }
            ulong* entry = level2 + (block >> 21 & 511);
            if (*entry != 0)
                continue;
            ulong imageEnd = Asm.DataEnd;
            if (block < imageEnd && block + Layout.LargePageSize > imageEnd)
            {
                ulong* level1 = Asm.DirectMapLevel1;
                for (ulong page = imageEnd; page < block + Layout.LargePageSize; page += Layout.PageSize)
                    level1[page >> 12 & 511] = page | PageTables.Present | PageTables.Writable | PageTables.NoExecute;
                *entry = (ulong)level1 | PageTables.Present | PageTables.Writable;
            }
            else
                *entry = block | PageTables.Present | PageTables.Writable | PageTables.Large | PageTables.NoExecute;
        }
        return true;
    }

    private static void AddOutsideImage(ulong start, ulong end)
    {
        ulong imageStart = Asm.ImageStart, imageEnd = Asm.DataEnd;
        if (start < imageStart && end > imageStart)
        {
            allocator.AddRange(start, imageStart);
            start = imageStart;
        }
        if (start < imageEnd)
            start = imageEnd;
        if (start < end)
            allocator.AddRange(start, end);
    }
}
