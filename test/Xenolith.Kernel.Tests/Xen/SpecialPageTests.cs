using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Tests.Xen;

public sealed class SpecialPageTests
{
    [Theory]
    [InlineData(0xFEFFFul, 2ul, true)]
    [InlineData(1ul, 1ul, true)]
    [InlineData(0xFF_FFFFul, 1023ul, true)]
    [InlineData(0ul, 0ul, false)]
    [InlineData(0ul, 2ul, false)]
    [InlineData(0xFEFFFul, 0ul, false)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, false)]
    [InlineData(0xFEFFFul, ulong.MaxValue, false)]
    [InlineData(0xFEFFFul, 1024ul, false)]
    [InlineData(0xFEFFFul, 1ul << 32 | 2, false)]
    [InlineData(1ul << 24, 2ul, false)]
    public void A_ring_is_there_if_its_page_and_its_port_can_be(ulong frame, ulong port, bool expected) =>
        Assert.Equal(expected, SpecialPage.IsThere(frame, port));
}
