using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Tests.Memory;

public sealed unsafe class NodePoolTests
{
    [Fact]
    public void Nodes_do_not_overlap_and_fill_the_page()
    {
        using var pages = new PageSource(2);
        NodePool pool = default;
        pool.Initialize(80, PageSource.Take);
        List<nint> nodes = [];
        for (void* node = pool.Take(); node != null; node = pool.Take())
        {
            new Span<byte>(node, 80).Fill(0xEE);
            nodes.Add((nint)node);
        }

        Assert.Equal(2 * (4096 / 80), nodes.Count);
        Assert.All(nodes.Order().Zip(nodes.Order().Skip(1)), pair => Assert.True(pair.Second - pair.First >= 80));
    }

    [Fact]
    public void A_reservation_counts_nodes_of_the_old_page_and_of_the_new()
    {
        using var pages = new PageSource(2);
        NodePool pool = default;
        pool.Initialize(1024, PageSource.Take);
        for (int i = 0; i < 3; i++)
            Assert.True(pool.Take() != null);
        Assert.True(pool.Reserve(5));
        Assert.Equal(2, pages.Taken);
        Assert.False(pool.Reserve(6));
        for (int i = 0; i < 5; i++)
            Assert.True(pool.Take() != null);
        Assert.True(pool.Take() == null);
    }

    [Fact]
    public void A_returned_node_is_used_again_before_a_new_page()
    {
        using var pages = new PageSource(1);
        NodePool pool = default;
        pool.Initialize(2048, PageSource.Take);
        void* first = pool.Take();
        void* second = pool.Take();
        Assert.True(pool.Take() == null);
        pool.Return(first);
        Assert.True(pool.Take() == first);
        pool.Return(second);
        Assert.True(pool.Take() == second);
    }
}
