// Deadlines, earliest first: a leftist heap whose links lie in the nodes, so that nothing is allocated and no insertion can fail.
//
// Every node's deadline is at or after its parent's. Rank is the length of the shortest way down to a missing child; the left child's is
// never less than the right one's, so the way down to the right is at most log2(n + 1) nodes, and that is the only way that is walked.
using Xenolith.Kernel.Diagnostics;

namespace Xenolith.Kernel.Time;

/// <summary>A deadline and what waits for it. Zeroed at first; must not move while it is in a heap.</summary>
internal unsafe struct TimerNode
{
    /// <summary>System time in nanoseconds; not to be changed while in a heap.</summary>
    internal ulong Deadline;

    /// <summary>The owner's.</summary>
    internal void* Owner;

    internal TimerNode* Left;
    internal TimerNode* Right;
    internal TimerNode* Parent;
    internal int Rank;

    internal readonly bool IsInHeap => Rank != 0;
}

/// <summary>Starts zeroed. Not thread-safe. Among equal deadlines the order is undefined. Each operation takes O(log n).</summary>
internal unsafe struct DeadlineHeap
{
    private TimerNode* root;

    /// <summary>The node with the earliest deadline, or null.</summary>
    internal readonly TimerNode* Min => root;

    /// <summary>Adds a node that is in no heap.</summary>
    internal void Insert(TimerNode* node)
    {
        KernelAssert.That(!node->IsInHeap, "deadline heap: the node is in a heap already");
        node->Left = null;
        node->Right = null;
        node->Rank = 1;
        root = Merge(root, node);
        root->Parent = null;
    }

    /// <summary>Takes a node out; one that is in no heap stays so.</summary>
    internal void Remove(TimerNode* node)
    {
        if (!node->IsInHeap)
            return;
        TimerNode* parent = node->Parent;
        TimerNode* rest = Merge(node->Left, node->Right);
        if (rest != null)
            rest->Parent = parent;
        node->Rank = 0;
        if (parent == null)
        {
            root = rest;
            return;
        }

        if (parent->Left == node)
            parent->Left = rest;
        else
            parent->Right = rest;
        // Upwards until a rank stays as it was. The ranks that change grow by one with each step, before or after the change, and none
        // exceeds log2(n + 1).
        for (; parent != null; parent = parent->Parent)
        {
            int rank = parent->Rank;
            Order(parent);
            if (parent->Rank == rank)
                break;
        }
    }

    /// <summary>Joins two heaps along their right-hand ways. The result's parent is not set.</summary>
    private static TimerNode* Merge(TimerNode* first, TimerNode* second)
    {
        if (first == null)
            return second;
        if (second == null)
            return first;
        if (second->Deadline < first->Deadline)
        {
            TimerNode* later = first;
            first = second;
            second = later;
        }

        first->Right = Merge(first->Right, second);
        first->Right->Parent = first;
        Order(first);
        return first;
    }

    /// <summary>Puts the child with the higher rank to the left and computes the node's rank.</summary>
    private static void Order(TimerNode* node)
    {
        if (Rank(node->Left) < Rank(node->Right))
        {
            TimerNode* left = node->Left;
            node->Left = node->Right;
            node->Right = left;
        }

        node->Rank = Rank(node->Right) + 1;
    }

    private static int Rank(TimerNode* node) => node == null ? 0 : node->Rank;
}
