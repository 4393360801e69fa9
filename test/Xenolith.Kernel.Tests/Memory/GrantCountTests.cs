using CsCheck;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Tests.Memory;

public sealed class GrantCountTests
{
    private const ulong CountBits = 0x7FF0_0000_0000_0000;

    [Fact]
    public void Counting_leaves_the_rest_of_the_table_entry_alone() => Gen.Select(Gen.ULong, Gen.Int[0, 2047]).Sample((random, count) =>
    {
        ulong entry = random & ~CountBits;
        for (int i = 0; i < count; i++)
            Assert.True(GrantCount.TryIncrease(ref entry));
        Assert.Equal((ulong)count, GrantCount.Of(entry));
        Assert.Equal(random & ~CountBits, entry & ~CountBits);
        for (int i = 0; i < count; i++)
            GrantCount.Decrease(ref entry);
        Assert.Equal(random & ~CountBits, entry);
    });

    [Fact]
    public void A_page_in_as_many_entries_as_can_be_counted_takes_no_more()
    {
        ulong entry = ~CountBits | CountBits;
        Assert.False(GrantCount.TryIncrease(ref entry));
        Assert.Equal(ulong.MaxValue, entry);
    }
}
