// The AVL tree beneath the region tree: linking, unlinking and rotating nodes while each keeps what it knows of its subtree.
namespace Xenolith.Kernel.Memory;

internal unsafe partial struct RegionTree
{
    /// <summary>Puts a node between two neighbours in address order, of which either may be null.</summary>
    private void Link(Region* node, Region* previous, Region* next)
    {
        node->Left = null;
        node->Right = null;
        // Of two neighbours one is the other's ancestor, and the lower one has its side free.
        if (previous != null && previous->Right == null)
        {
            node->Parent = previous;
            previous->Right = node;
        }
        else
        {
            node->Parent = next;
            if (next != null)
                next->Left = node;
            else
                root = node;
        }

        Count++;
        node->Update();
        Refresh(node->Parent);
    }

    /// <summary>Takes a region out. Returns the node that then holds the region after it, or null.</summary>
    private Region* Unlink(Region* node)
    {
        Region* following;
        Region* victim = node;
        if (node->Left != null && node->Right != null)
        {
            // The successor's region moves here, and its node, which has no left child, goes instead.
            victim = Leftmost(node->Right);
            node->Start = victim->Start;
            node->End = victim->End;
            node->Attributes = victim->Attributes;
            following = node;
        }
        else
        {
            following = Next(node);
        }

        Region* child = victim->Left != null ? victim->Left : victim->Right;
        Region* parent = victim->Parent;
        Replace(parent, victim, child);
        if (lastFound == victim)
            lastFound = null;
        pool.Return(victim);
        Count--;
        Refresh(parent);
        if (victim != node)
            Refresh(node);
        return following;
    }

    /// <summary>Restores balance and subtree data from a node upwards, as far as anything changes.</summary>
    private void Refresh(Region* node)
    {
        while (node != null)
        {
            bool changed = node->Update();
            int lean = Height(node->Left) - Height(node->Right);
            if (lean > 1)
            {
                if (Height(node->Left->Left) < Height(node->Left->Right))
                    RotateLeft(node->Left);
                node = RotateRight(node);
                changed = true;
            }
            else if (lean < -1)
            {
                if (Height(node->Right->Right) < Height(node->Right->Left))
                    RotateRight(node->Right);
                node = RotateLeft(node);
                changed = true;
            }

            if (!changed)
                return;
            node = node->Parent;
        }
    }

    private Region* RotateLeft(Region* node)
    {
        Region* top = node->Right;
        Replace(node->Parent, node, top);
        node->Right = top->Left;
        if (node->Right != null)
            node->Right->Parent = node;
        top->Left = node;
        node->Parent = top;
        node->Update();
        top->Update();
        return top;
    }

    private Region* RotateRight(Region* node)
    {
        Region* top = node->Left;
        Replace(node->Parent, node, top);
        node->Left = top->Right;
        if (node->Left != null)
            node->Left->Parent = node;
        top->Right = node;
        node->Parent = top;
        node->Update();
        top->Update();
        return top;
    }

    /// <summary>Puts another node, or none, in a child's place.</summary>
    private void Replace(Region* parent, Region* child, Region* with)
    {
        if (parent == null)
            root = with;
        else if (parent->Left == child)
            parent->Left = with;
        else
            parent->Right = with;
        if (with != null)
            with->Parent = parent;
    }

    private static int Height(Region* node) => node == null ? 0 : node->Height;

    private static Region* Leftmost(Region* node)
    {
        while (node->Left != null)
            node = node->Left;
        return node;
    }

    private static Region* Rightmost(Region* node)
    {
        while (node->Right != null)
            node = node->Right;
        return node;
    }
}
