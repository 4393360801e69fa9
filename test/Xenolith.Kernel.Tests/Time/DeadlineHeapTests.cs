using System.Runtime.InteropServices;
using CsCheck;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Tests.Time;

public sealed unsafe class DeadlineHeapTests
{
    [Fact]
    public void Random_use_keeps_the_earliest_deadline_at_the_top()
    {
        const int nodes = 64;
        Gen<(int Node, ulong Deadline)> operation = Gen.Select(Gen.Int[0, nodes - 1], Gen.OneOf(Gen.ULong[0, 20], Gen.ULong));
        operation.Array[1, 400].Sample(operations =>
        {
            TimerNode* all = stackalloc TimerNode[nodes];
            for (int i = 0; i < nodes; i++)
            {
                all[i] = default;
                all[i].Owner = (void*)i;
            }

            DeadlineHeap heap = default;
            Dictionary<int, ulong> model = [];
            foreach ((int node, ulong deadline) in operations)
            {
                // In the heap it is taken out, else it is put in.
                if (model.Remove(node))
                {
                    heap.Remove(all + node);
                }
                else
                {
                    all[node].Deadline = deadline;
                    heap.Insert(all + node);
                    model.Add(node, deadline);
                }

                Assert.Equal(model.ContainsKey(node), all[node].IsInHeap);
                Assert.Equal(model.Count, Check(heap.Min));
                Assert.True(model.Count == 0 || heap.Min->Deadline == model.Values.Min());
            }

            ulong last = 0;
            while (heap.Min != null)
            {
                TimerNode* first = heap.Min;
                Assert.True(first->Deadline >= last);
                last = first->Deadline;
                Assert.True(model.Remove((int)first->Owner));
                heap.Remove(first);
            }

            Assert.Empty(model);
        }, iter: 500);
    }

    [Fact]
    public void Any_order_of_insertion_leaves_a_short_way_down_to_the_right()
    {
        const int nodes = 100_000;
        TimerNode* all = (TimerNode*)NativeMemory.AllocZeroed(nodes, (nuint)sizeof(TimerNode));
        DeadlineHeap heap = default;
        var random = new Random(3);
        for (int i = 0; i < nodes; i++)
        {
            all[i].Deadline = i % 3 == 0 ? (ulong)i : i % 3 == 1 ? ulong.MaxValue - (ulong)i : (ulong)random.NextInt64();
            heap.Insert(all + i);
        }

        int way = 0;
        for (TimerNode* node = heap.Min; node != null; node = node->Right)
            way++;
        Assert.InRange(way, 1, 17);
        for (int i = 0; i < nodes; i += 2)
            heap.Remove(all + i);
        int left = 0;
        ulong last = 0;
        for (TimerNode* first = heap.Min; first != null; first = heap.Min, left++)
        {
            Assert.True(first->Deadline >= last);
            last = first->Deadline;
            heap.Remove(first);
        }

        Assert.Equal(nodes / 2, left);
        NativeMemory.Free(all);
    }

    [Fact]
    public void Removing_what_is_not_in_the_heap_does_nothing()
    {
        DeadlineHeap heap = default;
        TimerNode inside = default;
        TimerNode outside = default;
        heap.Insert(&inside);
        heap.Remove(&outside);
        Assert.True(heap.Min == &inside);
        heap.Remove(&inside);
        heap.Remove(&inside);
        Assert.True(heap.Min == null);
    }

    [Fact]
    public void Inserting_a_node_twice_is_a_bug()
    {
        TimerNode node = default;
        DeadlineHeap heap = default;
        heap.Insert(&node);
        nint address = (nint)(&node);
        Assert.Throws<KernelAssertException>(() => heap.Insert((TimerNode*)address));
    }

    /// <summary>Checks order, ranks and links of a heap; returns the number of its nodes.</summary>
    private static int Check(TimerNode* root)
    {
        if (root == null)
            return 0;
        Assert.True(root->Parent == null);
        int count = 0;
        Stack<nint> pending = new([(nint)root]);
        while (pending.TryPop(out nint address))
        {
            TimerNode* node = (TimerNode*)address;
            count++;
            int left = node->Left == null ? 0 : node->Left->Rank;
            int right = node->Right == null ? 0 : node->Right->Rank;
            Assert.True(left >= right);
            Assert.Equal(right + 1, node->Rank);
            foreach (nint child in new[] { (nint)node->Left, (nint)node->Right })
            {
                if (child == 0)
                    continue;
                Assert.True(((TimerNode*)child)->Parent == node);
                Assert.True(((TimerNode*)child)->Deadline >= node->Deadline);
                pending.Push(child);
            }
        }

        return count;
    }
}
