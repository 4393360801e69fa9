// Nodes of one size, cut from pages as they are needed. Pages are not given back: a freed node is used again.
namespace Xenolith.Kernel.Memory;

/// <summary>Not thread-safe. A node's first word is the pool's while it is free; a node has no defined content when it is taken.</summary>
internal unsafe struct NodePool
{
    private const int PageSize = 4096;

    private delegate*<void*> takePage;
    private int nodeSize;
    private void* free;
    // The part of the newest page that has not been cut yet.
    private byte* uncut;
    private int uncutNodes;

    /// <summary>Nodes that can be taken without a new page.</summary>
    internal int Available { get; private set; }

    /// <param name="size">Bytes of a node: a multiple of 8, at most a page.</param>
    /// <param name="page">Gives 4 KiB of memory, aligned to 8 bytes at least, or null.</param>
    internal void Initialize(int size, delegate*<void*> page)
    {
        nodeSize = size;
        takePage = page;
    }

    /// <summary>Sees to it that as many calls of <see cref="Take"/> will succeed; false if there is no memory for them.</summary>
    internal bool Reserve(int count)
    {
        while (Available < count)
        {
            // What is left of the last page is kept as free nodes.
            while (uncutNodes > 0)
                Push(Cut());
            uncut = (byte*)takePage();
            if (uncut == null)
                return false;
            uncutNodes = PageSize / nodeSize;
            Available += uncutNodes;
        }

        return true;
    }

    /// <summary>A node, or null if there is no memory.</summary>
    internal void* Take()
    {
        if (!Reserve(1))
            return null;
        Available--;
        if (free == null)
            return Cut();
        void* node = free;
        free = *(void**)node;
        return node;
    }

    /// <summary>Gives a node back.</summary>
    internal void Return(void* node)
    {
        Push(node);
        Available++;
    }

    private void* Cut()
    {
        void* node = uncut;
        uncut += nodeSize;
        uncutNodes--;
        return node;
    }

    private void Push(void* node)
    {
        *(void**)node = free;
        free = node;
    }
}
