using Xenolith.Abi;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Tests.Memory;

public sealed unsafe class ForeignFramesTests
{
    private const ulong MiB = 1 << 20, GiB = 1 << 30;

    [Fact]
    public void They_begin_at_4_GiB_where_the_memory_map_ends_below()
    {
        HvmMemmapTableEntry[] map = [Entry(0, 32 * MiB, HvmMemmapType.Ram), Entry(0xFC00_0000, MiB, HvmMemmapType.Acpi)];
        Assert.Equal(4 * GiB >> 12, First(map));
        Assert.Equal(4 * GiB >> 12, First([]));
    }

    [Fact]
    public void They_begin_above_all_that_the_memory_map_names_in_whatever_order()
    {
        HvmMemmapTableEntry[] map =
            [Entry(8 * GiB, 4096, HvmMemmapType.Reserved), Entry(4 * GiB, 2 * GiB, HvmMemmapType.Ram), Entry(0, GiB, HvmMemmapType.Ram)];
        Assert.Equal(8 * GiB + 2 * MiB >> 12, First(map)); // at the next large page
    }

    [Theory]
    [InlineData(40, 1 << 20, 1 << 20)]
    [InlineData(33, 1 << 20, 1 << 20)]
    [InlineData(33, 1 << 24, 1 << 20)] // from 4 GiB to 8 GiB
    [InlineData(32, 1 << 24, 0)]
    public void There_are_no_more_than_the_CPU_can_address(int bits, ulong wanted, ulong count) =>
        Assert.Equal(count, ForeignFrames.Count(4 * GiB >> 12, bits, wanted));

    private static HvmMemmapTableEntry Entry(ulong address, ulong size, uint type) => new() { Addr = address, Size = size, Type = type };

    private static ulong First(HvmMemmapTableEntry[] map)
    {
        fixed (HvmMemmapTableEntry* first = map)
            return ForeignFrames.First(first, map.Length);
    }
}
